"""What a signer needs of a store, and the tree over what is read of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from audit_console.core.codec import EVENT_HASH_TAIL
from audit_console.core.event import GENESIS_HASH
from audit_console.core.hashing import leaf_hash
from audit_console.core.json_object import quote
from audit_console.core.merkle import CompactRange
from audit_console.core.notes import Note
from audit_console.core.prunes import PruneRecord
from audit_console.errors import ChainBroken


class SignedLog(Protocol):
    """A chain that is read on from where it was left, and its checkpoints."""

    def latest_prune(self) -> PruneRecord | None:
        """Give the record of the last prune."""
        ...

    def lines(self, first: int) -> Iterator[bytes]:
        """Read the lines of the events from seq `first` on that are stored for good."""
        ...

    def add_checkpoint(self, size: int, note: Note) -> None:
        """Keep a note over the first `size` events; they are on disk before it is."""
        ...


class SignedStore(Protocol):
    """Where a signed log is; it remembers how far it was read."""

    def opened(self) -> AbstractContextManager[SignedLog]:
        """Open the log for as long as the block lasts.

        Raises:
            AuditConsoleError: it cannot be read or written now.
        """
        ...


@dataclass(frozen=True, slots=True)
class KnownTree:
    """The tree over the first events of a chain, and the hash of the last of them."""

    tree: CompactRange
    last_hash: str


NOTHING = KnownTree(CompactRange(), GENESIS_HASH)


def read_on(log: SignedLog, chain: str, known: KnownTree) -> KnownTree:
    """Give the tree over all that a log holds now; `known` stays as it is.

    Every event is held to its number, its link and its hash: what was changed is not signed.

    Raises:
        ChainBroken: an event is not as a writer stores it, or a prune record does not show that
            what it begins anew from is what was known.
    """
    record = log.latest_prune()
    if record is not None and record.pruned_to > known.tree.size:
        _require_goes_on(record, known)
        known = KnownTree(record.tree(), record.last_event_hash)
    tree = CompactRange.of(known.tree.size, known.tree.hashes)
    last_hash = _extend(tree, log.lines(tree.size), quote(chain), known.last_hash)
    return KnownTree(tree, last_hash)


def _require_goes_on(record: PruneRecord, known: KnownTree) -> None:
    """Refuse a record that anybody could have made up: all subtrees that are known stand in it."""
    held = known.tree.hashes
    if list(record.range[: len(held)]) != held:
        raise ChainBroken(
            f"{quote(record.chain)}: the record of a prune of {record.pruned_to:,} events does not "
            f"show the first {known.tree.size:,}, which were signed, so no checkpoint is signed",
            hint="verify the log, and start its writer anew",
        )


def _extend(tree: CompactRange, lines: Iterable[bytes], chain: str, last_hash: str) -> str:
    for line in lines:
        entry = line[:-EVENT_HASH_TAIL]
        event_hash = leaf_hash(entry)
        whole = (
            entry.startswith(f'{{"v":1,"chain":{chain},"seq":{tree.size},'.encode())
            and entry.endswith(f',"previous_hash":"{last_hash}"'.encode())
            and line[-EVENT_HASH_TAIL:] == f',"event_hash":"{event_hash}"}}'.encode()
        )
        if not whole:
            raise ChainBroken(
                f"{chain}: seq {tree.size} does not verify, so no checkpoint is signed",
                hint="verify the log",
            )
        tree.append_subtree(bytes.fromhex(event_hash), 0)
        last_hash = event_hash
    return last_hash
