"""Events to be stored, and what a store holds of them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import psycopg

from audit_console.core.codec import decode_line
from audit_console.core.entry import encode_content
from audit_console.core.event import GENESIS_HASH, AuditEvent
from audit_console.core.hashing import event_hash
from audit_console.core.sealing import Head, SealedGroup, Unsealed, seal
from audit_console.writer.sink import Seal
from tests.support.chains import CHAIN

RECORDED_AT = "2026-11-23T03:51:42.166415Z"


def unsealed(action: str = "secret read", **others: str | None) -> Unsealed:
    """Make an event with an id of its own; it happened when it is recorded."""
    fields = {"user_id": "alice", "details": '{"by":"job-7"}'} | others
    content = encode_content(
        event_type="secret_access",
        action=action,
        resource_type="secret",
        resource_id="db/password",
        result="success",
        **fields,
    )
    return Unsealed(str(uuid4()), None, content)


def sealer(events: Iterable[Unsealed], chain: str = CHAIN) -> Seal:
    """Give the function that a sink calls with the head."""
    group = list(events)

    def seal_group(head: Head | None) -> SealedGroup:
        return seal(group, chain=chain, head=head, recorded_at=RECORDED_AT)

    return seal_group


def stored_lines(dsn: str, chain: str = CHAIN) -> list[str]:
    """Give the lines of a chain in a database, as the database prints them."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT audit_event_line(e) FROM audit_events e WHERE chain = %s ORDER BY seq", [chain]
        )
        return [line for (line,) in rows]


def whole_chain(lines: Iterable[str]) -> list[AuditEvent]:
    """Read the lines of a chain, and check that each is linked and hashed right."""
    events: list[AuditEvent] = []
    previous_hash: str | None = GENESIS_HASH
    for seq, line in enumerate(lines):
        event = decode_line(line)
        assert isinstance(event, AuditEvent), event
        assert (event.seq, event.previous_hash) == (seq, previous_hash)
        previous_hash = event_hash(event)
        assert event.event_hash == previous_hash
        events.append(event)
    return events
