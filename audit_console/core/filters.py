"""What to keep of a log. `matches` fixes the meaning for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audit_console.core.event import AuditEvent

FilterField = Literal[
    "id",
    "event_type",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "result",
    "result_error",
    "ip_address",
    "user_agent",
    "request_id",
    "chain",
    "seq",
]


@dataclass(frozen=True, slots=True)
class Equals:
    """The field has exactly this value; None means that the field is missing."""

    field: FilterField
    value: str | int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """All of the terms hold. No term keeps everything."""

    terms: tuple[Equals, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


EVERYTHING = Filter()


def matches(where: Filter, event: AuditEvent) -> bool:
    """Tell whether `event` is kept by `where`."""
    return all(getattr(event, term.field) == term.value for term in where.terms)
