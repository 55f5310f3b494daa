"""Small events that tell their number, for logs that tests write."""

from __future__ import annotations

from typing import Any, cast

from audit_console.writer.intake import EventFields

CHAIN = "example.org/test"


def tick(number: int, **more: Any) -> EventFields:
    """Make a small event that tells its number."""
    fields: Any = {
        "event_type": "system_event",
        "action": f"tick {number}",
        "resource_type": "system",
        "resource_id": "clock",
        **more,
    }
    return cast("EventFields", fields)
