"""Events get their place in a chain: number, link and hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast, overload

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


# None of these classes is frozen: to make a frozen instance takes three times as long.


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
    """An event of format v1 with its place in the chain, and its line without the newline."""

    chain: str
    seq: int
    recorded_at: str
    previous_hash: str
    event_hash: str
    line: str

    @property
    def event(self) -> AuditEvent:
        """The event as a reader of its line gets it."""
        return cast("AuditEvent", decode_line(self.line))

    @property
    def head(self) -> Head:
        """What the chain ends with once this event is stored."""
        return Head(self.chain, self.seq, self.event_hash, self.recorded_at)


@dataclass(slots=True)
class SealedGroup(Sequence[Sealed]):
    """Events behind each other in a chain; each becomes a `Sealed` when it is asked for.

    `lines` are those to be stored, without newlines. `hashes` begin with that of the event
    before the group. All were recorded at the same time.
    """

    events: Sequence[Unsealed]
    chain: str
    first_seq: int
    recorded_at: str
    hashes: Sequence[str]
    lines: Sequence[bytes]

    def __len__(self) -> int:
        """Give how many events there are."""
        return len(self.lines)

    @overload
    def __getitem__(self, at: int) -> Sealed: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Sealed]: ...

    def __getitem__(self, at: int | slice) -> Sealed | Sequence[Sealed]:
        """Give an event, or some of them, by their places in the group."""
        places = range(len(self))[at]
        if isinstance(places, range):
            return [self._sealed(place) for place in places]
        return self._sealed(places)

    @property
    def head(self) -> Head:
        """What the chain ends with once the group is stored; it holds an event at least."""
        return Head(self.chain, self.first_seq + len(self) - 1, self.hashes[-1], self.recorded_at)

    def _sealed(self, place: int) -> Sealed:
        return Sealed(
            self.chain,
            self.first_seq + place,
            self.recorded_at,
            self.hashes[place],
            self.hashes[place + 1],
            self.lines[place].decode(),
        )


def seal(
    events: Sequence[Unsealed], *, chain: str, head: Head | None, recorded_at: str
) -> SealedGroup:
    """Put events behind the head of a chain.

    Args:
        events: what is to be stored, in their order.
        chain: name of the chain.
        head: its last event; None where it has none yet.
        recorded_at: the clock. The events get the larger of it and the head's.

    Raises:
        EventRefused: an entry is larger than the format allows.
    """
    first_seq, previous_hash = (head.seq + 1, head.event_hash) if head else (0, GENESIS_HASH)
    recorded_at = max(recorded_at, head.recorded_at) if head else recorded_at
    quoted_chain, quoted_recorded_at = quote(chain), quote(recorded_at)
    hashes, lines = [previous_hash], []
    for seq, unsealed in enumerate(events, first_seq):
        entry = place_entry(
            unsealed.content,
            quoted_chain,
            seq,
            quote(unsealed.id),
            quoted_recorded_at,
            quote(unsealed.timestamp) if unsealed.timestamp else quoted_recorded_at,
            f'"{hashes[-1]}"',
        )
        covered = entry.encode()
        if len(covered) > MAX_ENTRY_BYTES:
            raise too_large(len(covered))
        event_hash = leaf_hash(covered)
        hashes.append(event_hash)
        lines.append(f'{entry},"event_hash":"{event_hash}"}}'.encode())
    return SealedGroup(events, chain, first_seq, recorded_at, hashes, lines)


def too_large(size: int) -> EventRefused:
    """Say that an entry has so many bytes, which are too many."""
    return EventRefused(
        f"an event of {size:,} bytes is over the limit of {MAX_ENTRY_BYTES:,}",
        hint="keep large data elsewhere, and its name or hash in details",
    )
