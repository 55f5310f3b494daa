"""Logs whose beginning retention deleted, with the records of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit_console.core.codec import canonical_details
from audit_console.core.event import AuditEvent, format_time, parse_time
from tests.support.chains import CHAIN, event, linked, v1_lines
from tests.support.retention import planned
from tests.support.trees import grown
from tests.support.trusting import leaves

Record = dict[str, object]

CUTOFF = parse_time("2026-08-25T00:00:00.000000Z")
APPLIED = CUTOFF + timedelta(days=90)
EARLY, LATE = CUTOFF - timedelta(days=1), APPLIED + timedelta(days=1)
OLD = linked(replace(event(seq), recorded_at="2026-04-01T00:00:00.000000Z") for seq in range(40))
ENDS = (12, 20, 32)
"""Where three prunes of one log end."""


def record(
    chain: list[AuditEvent], boundary: int, *, begin: int = 0, before: str | None = None
) -> Record:
    """Make the record of a prune, as it is told in the log."""
    tree = grown(leaves(chain[:boundary]))
    members = {
        "v": 1,
        "chain": CHAIN,
        "pruned_from": begin,
        "pruned_to": boundary,
        "events": boundary - begin,
        "last_event_hash": chain[boundary - 1].event_hash,
        "range": [one.hex() for one in tree.hashes],
        "root": base64.b64encode(tree.root()).decode(),
        "first_recorded_at": chain[begin].recorded_at,
        "last_recorded_at": chain[boundary - 1].recorded_at,
        "cutoff": format_time(CUTOFF),
        "applied_at": format_time(APPLIED),
        "policy_days": 90,
        "actor": "operator",
        "reason": "retention",
        "checkpoint": None,
        "archive": None,
        "previous_prune": None if before is None else hashlib.sha256(before.encode()).hexdigest(),
    }
    return planned(members)


@dataclass(frozen=True)
class Pruned:
    """A chain of 41 events whose last tells that the first `boundary` were deleted."""

    whole: list[AuditEvent]
    records: tuple[str, ...]

    def lines(self, first: int) -> list[bytes]:
        """Give the lines from an event on."""
        return v1_lines(self.whole[first:])


def pruned(
    boundary: int,
    change: Callable[[Record], object] = lambda _: None,
    *,
    told_at: datetime = APPLIED,
) -> Pruned:
    """Make a pruned log whose first 40 events are older than any cut-off here."""
    told = record(OLD, boundary)
    change(told)
    text = canonical_details(planned(told) if told["plan_sha256"] else told)
    last = replace(
        event(40),
        recorded_at=format_time(told_at),
        event_type="system_event",
        action="retention.prune",
        details=text,
    )
    return Pruned([*OLD, *linked([last], OLD[-1].event_hash or "")], (text,))


def records_of(
    ends: Sequence[int],
    change: Callable[[Record], object] = lambda _: None,
    events: list[AuditEvent] = OLD,
) -> list[str]:
    """Make the records of prunes that follow one another; `change` alters the first."""
    texts: list[str] = []
    for begin, end in zip((0, *ends), ends, strict=False):
        told = record(events, end, begin=begin, before=texts[-1] if texts else None)
        if not texts:
            change(told)
        texts.append(canonical_details(planned(told)))
    return texts


RECORDS = records_of(ENDS)
