"""Events get their place in a chain: number, link and hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

from audit_console.core.codec import MAX_ENTRY_BYTES, decode_line
from audit_console.core.entry import place_entry
from audit_console.core.event import GENESIS_HASH, AuditEvent
from audit_console.core.hashing import leaf_hash
from audit_console.core.json_object import quote
from audit_console.errors import EventRefused


class Head(NamedTuple):
    """The last event of a chain, as far as the next one needs it.

    `recorded_at` is printed as format v1 does, so that texts compare as times do.
    """

    chain: str
    seq: int
    event_hash: str
    recorded_at: str


# Neither class is frozen: to make a frozen instance takes three times as long.


@dataclass(slots=True)
class Unsealed:
    """An event that has no place yet: its id, when it happened, and the middle of its entry.

    Without a `timestamp` it happened when it is recorded. `content` is of `encode_content`.
    """

    id: str
    timestamp: str | None
    content: str


@dataclass(slots=True)
class Sealed:
    """An event of format v1 with its place in the chain.

    `stored` is its line as bytes, without the newline.
    """

    unsealed: Unsealed
    chain: str
    seq: int
    recorded_at: str
    previous_hash: str
    event_hash: str
    stored: bytes

    @property
    def line(self) -> str:
        """Its line without the newline."""
        return self.stored.decode()

    @property
    def event(self) -> AuditEvent:
        """The event as a reader of its line gets it."""
        return cast("AuditEvent", decode_line(self.line))

    @property
    def head(self) -> Head:
        """What the chain ends with once this event is stored."""
        return Head(self.chain, self.seq, self.event_hash, self.recorded_at)

    def placed(self, before: Head) -> Sealed:
        """Give the same event in another place, with the time of the event before it."""
        again = seal([self.unsealed], chain=self.chain, head=before, recorded_at=before.recorded_at)
        return next(again)


def seal(
    events: Iterable[Unsealed], *, chain: str, head: Head | None, recorded_at: str
) -> Iterator[Sealed]:
    """Put events behind the head of a chain.

    Args:
        events: what is to be stored, in their order.
        chain: name of the chain.
        head: its last event; None where it has none yet.
        recorded_at: the clock. The events get the larger of it and the head's.

    Raises:
        EventRefused: an entry is larger than the format allows.
    """
    seq, previous_hash = (head.seq + 1, head.event_hash) if head else (0, GENESIS_HASH)
    recorded_at = max(recorded_at, head.recorded_at) if head else recorded_at
    quoted_chain, quoted_recorded_at = quote(chain), quote(recorded_at)
    for unsealed in events:
        entry = place_entry(
            unsealed.content,
            quoted_chain,
            seq,
            quote(unsealed.id),
            quoted_recorded_at,
            quote(unsealed.timestamp) if unsealed.timestamp else quoted_recorded_at,
            f'"{previous_hash}"',
        )
        covered = entry.encode()
        if len(covered) > MAX_ENTRY_BYTES:
            raise too_large(len(covered))
        event_hash = leaf_hash(covered)
        stored = f'{entry},"event_hash":"{event_hash}"}}'.encode()
        yield Sealed(unsealed, chain, seq, recorded_at, previous_hash, event_hash, stored)
        seq, previous_hash = seq + 1, event_hash


def too_large(size: int) -> EventRefused:
    """Say that an entry has so many bytes, which are too many."""
    return EventRefused(
        f"an event of {size:,} bytes is over the limit of {MAX_ENTRY_BYTES:,}",
        hint="keep large data elsewhere, and its name or hash in details",
    )
