"""Reading queries in tests: a fixed anchor, one event, and short cuts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.matching import NO_CONTEXT, EventContext, matches
from audit_console.core.query import parse, query_text
from audit_console.core.timespan import Anchor

NOW = datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC)  # a Monday
END = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
ANCHOR = Anchor(NOW, END)

EVENT = AuditEvent(
    scheme=Scheme.V1,
    chain="audit.example.org/prod",
    seq=7,
    id="5d9dc9f8-0000-4000-8000-000000000007",
    recorded_at="2026-11-22T10:05:00.500000Z",
    timestamp="2026-11-22T10:05:00.500000Z",  # a Sunday
    event_type="secret_access",
    user_id="alice",
    action="Secret accessed",
    resource_type="secret",
    resource_id="db/password",
    result="failure",
    result_error="Rate limit",
    details='{"tokens":1500,"model":"gpt-4o","geo":{"city":"Bern"},"scopes":["read","Write"]}',
    ip_address="203.0.113.9",
    user_agent="python-httpx/0.27",
    request_id="req-1",
    previous_hash="0" * 64,
    event_hash="ab" * 32,
)
NOBODY = replace(
    EVENT,
    user_id=None,
    result_error=None,
    details=None,
    ip_address=None,
    user_agent=None,
    request_id=None,
)


def event(**changes: Any) -> AuditEvent:
    """Change the event."""
    return replace(EVENT, **changes)


def keeps(text: str, known: AuditEvent = EVENT, context: EventContext = NO_CONTEXT) -> bool:
    """Tell whether a query keeps an event."""
    return matches(parse(text, ANCHOR).where, known, context)


def echo(text: str) -> str:
    """Print a query as it was understood."""
    query = parse(text, ANCHOR)
    return query_text(query.where, query.stages)
