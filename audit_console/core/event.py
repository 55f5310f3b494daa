"""One audit event, as a log says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

GENESIS_HASH = "0" * 64

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:Z|\+00:00)"
)


class Scheme(StrEnum):
    """How an event is hashed."""

    V1 = "v1"
    ORCHESTRATOR = "orchestrator"
    UNHASHED = "unhashed"


UNCOVERED_FIELDS: dict[Scheme, tuple[str, ...]] = {
    Scheme.V1: (),
    Scheme.ORCHESTRATOR: (
        "user_id",
        "details",
        "ip_address",
        "user_agent",
        "request_id",
        "result_error",
    ),
    Scheme.UNHASHED: (
        "id",
        "timestamp",
        "event_type",
        "user_id",
        "action",
        "resource_type",
        "resource_id",
        "result",
        "result_error",
        "details",
        "ip_address",
        "user_agent",
        "request_id",
    ),
}
"""Fields that can be changed without a trace under each scheme."""

RESULTS = ("success", "failure", "partial_success")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One event with every text exactly as stored, enum spellings in snake case.

    `timestamp` and `recorded_at` keep the digits of the line, because the
    orchestrator's hash covers digits that a microsecond clock cannot hold.
    `details` is the verbatim JSON text of an object, or None. `chain`, `seq` and
    `recorded_at` are None outside format v1; hashes are None when absent.
    """

    scheme: Scheme
    id: str
    timestamp: str
    event_type: str
    action: str
    resource_type: str
    resource_id: str
    result: str
    user_id: str | None = None
    result_error: str | None = None
    details: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    previous_hash: str | None = None
    event_hash: str | None = None
    chain: str | None = None
    seq: int | None = None
    recorded_at: str | None = None

    @property
    def occurred_at(self) -> datetime:
        """`timestamp` as UTC, cut to microseconds."""
        return parse_time(self.timestamp)


def parse_time(text: str) -> datetime:
    """Read RFC 3339 in UTC, cutting digits beyond microseconds.

    Raises:
        ValueError: the text is not such a time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time in UTC: {text[:40]!r}")
    whole, fraction = match.groups()
    return datetime.fromisoformat(f"{whole}.{(fraction or '')[:6]:0<6}+00:00")


def format_time(moment: datetime) -> str:
    """Print an aware time as format v1 does: UTC, exactly six fractional digits."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"
