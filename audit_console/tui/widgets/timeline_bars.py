"""How a timeline is drawn: bars of block characters, marks below them, an axis in words.

What failed is told by pattern and mark as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil

from audit_console.core.timespan import Duration
from audit_console.core.wording import count
from audit_console.search.timeline import GROUPS, Bar, Counts, Histogram
from audit_console.tui.painting import Line, Span
from audit_console.tui.wording import moment, number

LEVELS = 8
_PARTIAL_BLOCKS = " ▁▂▃▄▅▆▇"
_GAP = Span("·", "rule")
_BLANK = Span(" ")

STACK: dict[str | None, Span] = {
    "failure": Span("▓", "bad"),
    "partial_success": Span("▒", "warn"),
    None: Span("░", "muted"),
    "success": Span("█", "muted"),
}
"""A full cell of each result, from the bottom of a bar to its top."""

_SIGNS: dict[str | None, Span] = {
    "success": Span("✔", "muted"),
    "failure": Span("✘", "bad"),
    "partial_success": Span("◐", "warn"),
    None: Span("—", "muted"),
}
_BURST = "▴"
_MANY_FAILED, _SOME_FAILED = Span("✘", "bad"), Span("x", "bad")


def bar_column(bar: Bar, highest: int, rows: int) -> list[Span]:
    """Draw a bar over `rows` rows, one cell wide, from top to bottom."""
    if not bar.total:
        return [*[_BLANK] * (rows - 1), _GAP]
    filled = max(1, ceil(bar.total / highest * rows * LEVELS))
    parts = list(_stacked(bar.counts, filled))
    cells = [_cell(parts[row * LEVELS : (row + 1) * LEVELS]) for row in range(rows)]
    if rows == 1 and 2 * bar.failures >= bar.total:
        cells = [STACK["failure"]]
    return cells[::-1]


def _stacked(counts: Counts, filled: int) -> Iterator[str | None]:
    """Give the result of each level of a bar, from the bottom."""
    total = sum(counts)
    reached = summed = 0
    for result in STACK:
        summed += counts[GROUPS.index(result)]
        upto = round(summed / total * filled)
        for _ in range(reached, upto):
            yield result
        reached = upto


def _cell(levels: Sequence[str | None]) -> Span:
    if not levels:
        return _BLANK
    # The first of equals is the lowest in the stack: of two halves, what failed.
    result = max(STACK, key=levels.count)
    if len(levels) == LEVELS:
        return STACK[result]
    return Span(_PARTIAL_BLOCKS[len(levels)], STACK[result].role)


def bar_mark(bar: Bar, *, is_burst: bool) -> Span:
    """Say below a bar whether it stands out, else whether a half or a tenth of it failed."""
    if is_burst:
        return Span(_BURST, "bad" if 2 * bar.failures >= bar.total else "name")
    if not bar.failures or 10 * bar.failures < bar.total:
        return _BLANK
    return _MANY_FAILED if 2 * bar.failures >= bar.total else _SOME_FAILED


def axis_line(histogram: Histogram, extent: int, width: int, *, partial: bool) -> Line:
    """Name start and end, the length of a bar and the highest.

    Args:
        histogram: what is drawn above.
        extent: cells of its bars, below which the line ends where it can.
        width: cells that there are.
        partial: whether the numbers will grow.
    """
    every = histogram.every
    start, end = histogram.span(0, len(histogram.bars) - 1)
    first, last = f"{time_text(start, every)} ", f" {time_text(end, every)} UTC"
    words = [f"{every} a bar", f"highest {number(histogram.highest)}"]
    if histogram.bursts:
        words.append(f"{_BURST} {count(len(histogram.bursts), 'burst')}")
    words += ["so far"] if partial else []
    middle = f" {' · '.join(words)} "
    rule = max(2, extent - len(first) - len(middle) - len(last))
    if len(first) + len(middle) + len(last) + rule > width:
        short = f" {words[0]}, so far " if partial else f" {words[0]} "
        return (Span(first, "muted"), Span(f"─{short}─"), Span(last, "muted"))
    return (
        Span(first, "muted"),
        Span("─" * (rule // 2), "rule"),
        Span(middle),
        Span("─" * (rule - rule // 2), "rule"),
        Span(last, "muted"),
    )


def span_line(histogram: Histogram, first: int, last: int, label: str) -> Line:
    """Name the time of some bars and what is in them, by result."""
    start, end = histogram.span(first, last)
    bars = histogram.bars[first : last + 1]
    sums = [sum(places) for places in zip(*(bar.counts for bar in bars), strict=True)]
    line = [
        Span(f"{label} ", "heading"),
        Span(_span_text(start, end, histogram.every)),
        Span(" UTC  ", "muted"),
        Span(count(sum(sums), "event")),
    ]
    for result, amount in zip(GROUPS, sums, strict=True):
        if amount:
            sign = _SIGNS[result]
            line.append(Span(f"  {sign.text} {number(amount)}", sign.role))
    if any(first <= burst <= last for burst in histogram.bursts):
        line.append(Span(f"  {_BURST} burst", "name"))
    return tuple(line)


def time_text(time: datetime | None, every: Duration) -> str:
    """Print a time as exactly as bars of a length begin."""
    if time is None:
        return "the end of time"
    text = moment(time, width=19)
    return text[: {"s": 19, "m": 16, "h": 16}.get(every.unit, 10)]


def _span_text(start: datetime, end: datetime | None, every: Duration) -> str:
    """Print a time from and to, the parts that are the same once."""
    first, last = time_text(start, every), time_text(end, every)
    if end is None or end.year != start.year:
        return f"{first} to {last}"
    is_same_day = end.date() == start.date()
    return f"{first} to {last[11:] if is_same_day else last[5:]}"
