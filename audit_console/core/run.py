"""Runs: consecutive events of one chain in which nothing is wrong inside.

A reader may make runs as long or as short as it likes (`run_of` makes one of a
single event), so that the judgement of what is wrong between two events stands
in one place, however the events were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from audit_console.core.event import AuditEvent, Scheme, parse_time
from audit_console.core.findings import Place


class Run(NamedTuple):
    """Consecutive events of one chain, each linked to the one before it.

    `broken` says that they fail their own hashes, which is so of all of them or of none.
    `last_computed` equals `last_hash` unless broken. Outside format v1 `first_seq` and the
    `recorded` times are None, `first_link_known` says that the first link names one of the
    `FORK_WINDOW` events before, and `first_link_taken` that one of them names the same.
    """

    scheme: Scheme
    chain: str
    events: int
    first_seq: int | None
    first_link: str | None
    last_hash: str
    last_computed: str
    broken: bool
    first_recorded: datetime | None
    last_recorded: datetime | None
    first_place: Place
    first_link_known: bool = False
    first_link_taken: bool = False


FORK_WINDOW = 10_000
"""Events among which a link that is not to the last one is looked for."""


def run_of(
    event: AuditEvent,
    computed: str,
    place: Place,
    *,
    link_known: bool = False,
    link_taken: bool = False,
) -> Run:
    """Make the run of a single hashed event."""
    recorded = parse_time(event.recorded_at) if event.recorded_at else None
    stored = event.event_hash or ""
    return Run(
        scheme=event.scheme,
        chain=event.chain or f"({event.scheme})",
        events=1,
        first_seq=event.seq,
        first_link=event.previous_hash,
        last_hash=stored,
        last_computed=computed,
        broken=stored != computed,
        first_recorded=recorded,
        last_recorded=recorded,
        first_place=place,
        first_link_known=link_known,
        first_link_taken=link_taken,
    )


@dataclass(slots=True)
class Tally:
    """Events of one chain by what their check said."""

    events: int = 0
    failed: int = 0
