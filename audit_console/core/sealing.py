"""Events get their place in a chain: number, link and hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from audit_console.core.codec import encode_entry
from audit_console.core.event import GENESIS_HASH, AuditEvent
from audit_console.core.hashing import leaf_hash


class Head(NamedTuple):
    """The last event of a chain, as far as the next one needs it.

    `recorded_at` is printed as format v1 does, so that texts compare as times do.
    """

    chain: str
    seq: int
    event_hash: str
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """An event of format v1 with its place in the chain, and its line without the newline."""

    event: AuditEvent
    line: str

    @property
    def head(self) -> Head:
        """What the chain ends with once this event is stored."""
        event = self.event
        return Head(
            event.chain or "", event.seq or 0, event.event_hash or "", event.recorded_at or ""
        )


def seal(
    drafts: Iterable[AuditEvent], *, chain: str, head: Head | None, recorded_at: str
) -> Iterator[Sealed]:
    """Put events behind the head of a chain.

    Args:
        drafts: events of format v1 whose place in the chain, hashes and time of
            recording are not looked at.
        chain: name of the chain.
        head: its last event; None where it has none yet.
        recorded_at: the clock. An event gets the larger of it and the head's.
    """
    for draft in drafts:
        unhashed = replace(
            draft,
            chain=chain,
            seq=head.seq + 1 if head else 0,
            recorded_at=max(recorded_at, head.recorded_at) if head else recorded_at,
            previous_hash=head.event_hash if head else GENESIS_HASH,
        )
        entry = encode_entry(unhashed)
        digest = leaf_hash(entry.encode())
        sealed = Sealed(replace(unhashed, event_hash=digest), f'{entry},"event_hash":"{digest}"}}')
        head = sealed.head
        yield sealed
