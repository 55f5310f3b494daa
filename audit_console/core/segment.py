"""Stretches of a chain that are judged by their two ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit_console.core.claims import SeqRange
from audit_console.core.findings import Place
from audit_console.core.run import Run


@dataclass(slots=True)
class Segment:
    """Events of one chain whose seqs follow one another, and what its two ends say.

    `unreadable_at_first` and `unreadable_at_last` count the unreadable lines of the whole log
    before its first and its last event.
    """

    first_seq: int
    last_seq: int
    first_link: str | None
    first_broken: bool
    first_recorded: datetime | None
    first_place: Place
    unreadable_at_first: int
    last_hash: str
    last_computed: str
    last_broken: bool
    last_recorded: datetime | None
    unreadable_at_last: int


def segment_of(run: Run, unreadable: int) -> Segment:
    """Make the segment of a run, with so many unreadable lines of the log before it."""
    first_seq = run.first_seq or 0
    return Segment(
        first_seq=first_seq,
        last_seq=first_seq + run.events - 1,
        first_link=run.first_link,
        first_broken=run.broken,
        first_recorded=run.first_recorded,
        first_place=run.first_place,
        unreadable_at_first=unreadable,
        last_hash=run.last_hash,
        last_computed=run.last_computed,
        last_broken=run.broken,
        last_recorded=run.last_recorded,
        unreadable_at_last=unreadable,
    )


def part_of(whole: Segment, span: SeqRange) -> Segment:
    """Take some seqs out of a segment; what only the others tell is unknown."""
    has_first, has_last = span.first == whole.first_seq, span.last == whole.last_seq
    return Segment(
        first_seq=span.first,
        last_seq=span.last,
        first_link=whole.first_link if has_first else None,
        first_broken=whole.first_broken,
        first_recorded=whole.first_recorded if has_first else None,
        first_place=whole.first_place,
        unreadable_at_first=whole.unreadable_at_first,
        last_hash=whole.last_hash if has_last else "",
        last_computed=whole.last_computed if has_last else "",
        last_broken=whole.last_broken,
        last_recorded=whole.last_recorded if has_last else None,
        unreadable_at_last=whole.unreadable_at_last,
    )
