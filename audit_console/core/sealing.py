"""Events get their place in a chain: number, link and hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from audit_console.core.codec import MAX_ENTRY_BYTES, encode_content, place_entry
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme
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


@dataclass(slots=True, kw_only=True)
class Unsealed:
    """An event that has no place yet.

    `details` is the JSON text that is stored. Without a `timestamp` the event happened
    when it is recorded. `content` is the middle of its entry.
    """

    id: str
    event_type: str
    action: str
    resource_type: str
    resource_id: str
    result: str
    timestamp: str | None = None
    user_id: str | None = None
    result_error: str | None = None
    details: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    content: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.content = encode_content(self)


@dataclass(slots=True)
class Sealed:
    """An event of format v1 with its place in the chain, and its line without the newline."""

    unsealed: Unsealed
    chain: str
    seq: int
    recorded_at: str
    previous_hash: str
    event_hash: str
    line: str

    @property
    def event(self) -> AuditEvent:
        """The event as a reader of its line gets it."""
        unsealed = self.unsealed
        return AuditEvent(
            scheme=Scheme.V1,
            id=unsealed.id,
            timestamp=unsealed.timestamp or self.recorded_at,
            event_type=unsealed.event_type,
            action=unsealed.action,
            resource_type=unsealed.resource_type,
            resource_id=unsealed.resource_id,
            result=unsealed.result,
            user_id=unsealed.user_id,
            result_error=unsealed.result_error,
            details=unsealed.details,
            ip_address=unsealed.ip_address,
            user_agent=unsealed.user_agent,
            request_id=unsealed.request_id,
            previous_hash=self.previous_hash,
            event_hash=self.event_hash,
            chain=self.chain,
            seq=self.seq,
            recorded_at=self.recorded_at,
        )

    @property
    def head(self) -> Head:
        """What the chain ends with once this event is stored."""
        return Head(self.chain, self.seq, self.event_hash, self.recorded_at)


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
        line = f'{entry},"event_hash":"{event_hash}"}}'
        yield Sealed(unsealed, chain, seq, recorded_at, previous_hash, event_hash, line)
        seq, previous_hash = seq + 1, event_hash


def too_large(size: int) -> EventRefused:
    """Say that an entry has so many bytes, which are too many."""
    return EventRefused(
        f"an event of {size:,} bytes is over the limit of {MAX_ENTRY_BYTES:,}",
        hint="keep large data elsewhere, and its name or hash in details",
    )
