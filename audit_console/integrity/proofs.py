"""Proof files: one event, and why it is under a checkpoint. Nobody needs the log to check one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from audit_console.columns.merkle import add_leaves
from audit_console.core.anchors import SignedHead
from audit_console.core.checkpoints import SignedCheckpoint, decode_signed_checkpoint
from audit_console.core.codec import EVENT_HASH_TAIL, Malformed, decode_line, encode_line
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.filters import EVERYTHING
from audit_console.core.hashing import as_hashed, leaf_hash
from audit_console.core.merkle import PartedTree
from audit_console.core.proofs import inclusion_parts, root_of_inclusion
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.integrity.trust import Trust
from audit_console.sources.protocol import AtEvent, Order, Source

SCHEMA = "audit-console/proof/1"
MAX_PROOF_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """An event's line, its place in the tree of a checkpoint, and the way to the tree head.

    The leaf is the hash of the line's entry in format v1, and of the whole line in a log
    that was sealed, as `covers` says: `entry` or `line`.
    """

    line: str
    covers: str
    index: int
    hashes: tuple[bytes, ...]
    signed: SignedCheckpoint

    @property
    def leaf(self) -> bytes:
        """The Merkle leaf of the line."""
        covered = self.line.encode()
        if self.covers == "entry":
            covered = covered[:-EVENT_HASH_TAIL]
        return bytes.fromhex(leaf_hash(covered))

    @property
    def holds(self) -> bool:
        """Whether the line is the leaf at its place under the checkpoint's tree head."""
        checkpoint = self.signed.checkpoint
        root = root_of_inclusion(self.leaf, self.index, checkpoint.size, self.hashes)
        return root == checkpoint.root and (self.covers == "line" or self._is_in_place())

    def _is_in_place(self) -> bool:
        """Whether a v1 line says itself which leaf of which chain it is, and its own hash."""
        event = decode_line(self.line)
        return (
            isinstance(event, AuditEvent)
            and event.scheme is Scheme.V1
            and (event.chain, event.seq) == (self.signed.checkpoint.origin, self.index)
            and event.event_hash == self.leaf.hex()
        )


def encode_proof(proof: InclusionProof) -> str:
    """Print a proof as the text of its file."""
    checkpoint = proof.signed.checkpoint
    document = {
        "schema": SCHEMA,
        "chain": checkpoint.origin,
        "line": proof.line,
        "covers": proof.covers,
        "index": proof.index,
        "size": checkpoint.size,
        "hashes": [one.hex() for one in proof.hashes],
        "checkpoint": str(proof.signed.note),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def decode_proof(text: str) -> InclusionProof | Malformed:
    """Read the text of a proof file."""
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            return Malformed(f"not a proof file of schema {SCHEMA}")
        return _proof(values)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return Malformed(f"not a proof: {type(error).__name__}: {error}"[:200])


def _proof(values: dict[str, object]) -> InclusionProof | Malformed:
    line, note, hashes = values["line"], values["checkpoint"], values["hashes"]
    index, covers = values["index"], values["covers"]
    if not isinstance(line, str) or not isinstance(note, str) or not isinstance(hashes, list):
        raise TypeError("line, checkpoint or hashes is of another type")
    if not isinstance(index, int) or isinstance(index, bool) or covers not in {"entry", "line"}:
        raise TypeError("index or covers is of another type")
    line.encode()  # half characters have no bytes to be hashed
    signed = decode_signed_checkpoint(note)
    if isinstance(signed, Malformed):
        return signed
    checkpoint = signed.checkpoint
    if (values["size"], values["chain"]) != (checkpoint.size, checkpoint.origin):
        raise ValueError("size or chain is not that of the checkpoint")
    siblings = tuple(bytes.fromhex(one) for one in hashes)
    return InclusionProof(line, str(covers), index, siblings, signed)


def prove(source: Source, event_id: str, trust: Trust) -> InclusionProof:
    """Prove that an event is under a checkpoint of its log.

    Args:
        source: a log that keeps its events for pages; it is read twice.
        event_id: id of the event; of several, the first.
        trust: by which the best checkpoint is chosen: a trusted one, else the largest.

    Raises:
        UsageError: there is no such event, or no checkpoint covers it.
        AuditConsoleError: the log is not the one that the checkpoint signs.
        SourceError: the log cannot be looked at.
    """
    place = _locate(source, event_id)
    raw = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtEvent(event_id), limit=1)
    line = raw.rows["raw"][0]
    if line is None:
        raise AuditConsoleError("the line of the event is no longer where it was read")
    head = _covering(source, place, trust)
    parts = inclusion_parts(place.index, head.size)
    tree = PartedTree(end for part in parts for end in part)
    _grow(tree, source, place.chain)
    hashes = [tree.head(*part) for part in parts]
    known = tuple(one for one in hashes if one is not None)
    covers = "line" if place.chain is None else "entry"
    signed = SignedCheckpoint(head.checkpoint, head.note)
    proof = InclusionProof(_canonical(line, covers), covers, place.index, known, signed)
    if not proof.holds:
        raise AuditConsoleError(
            f"the first {head.size:,} events of the log are not those that its checkpoint signs",
            hint="audit-console verify says what was done to the log",
        )
    return proof


@dataclass(frozen=True, slots=True)
class _Place:
    """Which leaf an event is: of a v1 chain, or with None among the lines that are none."""

    chain: str | None
    index: int
    chains: frozenset[str]


def _locate(source: Source, event_id: str) -> _Place:
    lines, found, chains = 0, None, set()
    with closing(source.batches()) as batches:
        for batch in batches:
            events = batch.events
            is_v1 = events["scheme"] == Scheme.V1
            chains.update(events.filter(is_v1)["chain"].cast(pl.String).unique().to_list())
            row = (events["id"] == event_id).arg_max() if found is None else None
            if row is not None and events["id"][row] == event_id:
                before = lines + int((~is_v1).head(row).sum())
                chain = events["chain"][row] if is_v1[row] else None
                found = (chain, events["seq"][row] if is_v1[row] else before)
            lines += int((~is_v1).sum())
    if found is None:
        raise UsageError(f"no event with the id {event_id}", hint="search shows the ids")
    return _Place(*found, frozenset(chains))


def _covering(source: Source, place: _Place, trust: Trust) -> SignedHead:
    heads = trust.vouchers(source.checkpoints()).heads
    own = [
        head
        for name, named in heads.items()
        for head in named
        if head.size > place.index
        and (name == place.chain if place.chain else name not in place.chains)
    ]
    if not own:
        raise UsageError(
            "no checkpoint covers the event",
            hint="make one with: audit-console checkpoint create, or seal",
        )
    return max(own, key=lambda head: (head.trusted, head.by_log, head.size))


def _grow(tree: PartedTree, source: Source, chain: str | None) -> None:
    done = 0
    with closing(source.batches()) as batches:
        for batch in batches:
            if chain is None:
                hashes = batch.events.filter(pl.col("scheme") != Scheme.V1)["line_hash"]
                add_leaves(tree, done, hashes.drop_nulls())
                done += hashes.len()
                continue
            events = batch.events.filter(pl.col("chain") == chain, pl.col("scheme") == Scheme.V1)
            for first, hashes in _stretches(events):
                add_leaves(tree, first, hashes)


def _stretches(events: pl.DataFrame) -> Iterable[tuple[int, pl.Series]]:
    """Cut the events of a chain where their seqs do not follow one another."""
    begins: Sequence[int] = (events["seq"].diff() != 1).fill_null(value=True).arg_true().to_list()
    for begin, end in zip(begins, [*begins[1:], events.height], strict=True):
        yield events["seq"][begin], events["computed_hash"].slice(begin, end - begin)


def _canonical(line: str, covers: str) -> str:
    """Spell a v1 line as the writer does, as whom its hash covers it."""
    event = decode_line(line)
    if covers == "line" or not isinstance(event, AuditEvent):
        return line
    hashed = as_hashed(event)
    if hashed is None:
        raise AuditConsoleError(
            "the line of the event is not as its hash covers it",
            hint="nothing can be proven of it",
        )
    return encode_line(hashed)
