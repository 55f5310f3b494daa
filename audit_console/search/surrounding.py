"""The time around an event that holds so many events, or that is so long."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from audit_console.core.around import MAX_SPAN, both_sides
from audit_console.core.filters import Between
from audit_console.core.timespan import TICK, read_duration
from audit_console.errors import UsageError
from audit_console.search.question import Question
from audit_console.sources.protocol import AtEvent, AtRow, Order

EXAMPLES = "20 for twenty events on each side, or 30s, 5m, 2h"
MAX_EVENTS = 10_000

Reach = int | timedelta
"""Events on each side, or time on each side."""


def read_reach(text: str) -> Reach:
    """Read how far to look on each side.

    Raises:
        UsageError: it is neither a number of events nor a length of time.
    """
    text = text.strip().removeprefix("±").removeprefix("+-")
    if re.fullmatch(r"[0-9]{1,5}", text):
        if 0 < int(text) <= MAX_EVENTS:
            return int(text)
        raise UsageError(f"from 1 to {MAX_EVENTS:,} events on each side", hint=EXAMPLES)
    try:
        span = read_duration(text).span
    except ValueError:
        raise UsageError("neither a number nor a length of time", hint=EXAMPLES) from None
    if span is None or span > MAX_SPAN:
        raise UsageError("too long a time", hint=EXAMPLES)
    return span


def span_around(question: Question, event_id: str, moment: datetime, reach: Reach) -> Between:
    """Give the time around an event of the question; with all events at its two ends.

    Args:
        question: among whose events the reach is counted.
        event_id: of the event.
        moment: its time.
        reach: how far to look on each side.

    Raises:
        SourceError: the log cannot be looked at.
    """
    if isinstance(reach, timedelta):
        return both_sides(moment, reach)
    order = Order.OLDEST_FIRST
    rank = question.page(AtEvent(event_id), 1, order=order).first_row
    first = max(0, rank - reach)
    times = question.page(AtRow(first), rank - first + reach + 1, order=order).rows["timestamp"]
    if times.is_empty():
        return Between(moment, moment + TICK)
    return Between(times[0], times[-1] + TICK)
