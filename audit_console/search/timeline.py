"""Events over time: bars of equal length, by result, and the ones that stand out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt

from audit_console.core.event import RESULTS
from audit_console.core.query.stages import Timeline
from audit_console.core.timespan import TICK, Duration, bin_number, bin_start
from audit_console.search.question import Question

_LENGTHS = (
    *((count, "s") for count in (1, 2, 5, 10, 15, 20, 30)),
    *((count, "m") for count in (1, 2, 5, 10, 15, 20, 30)),
    *((count, "h") for count in (1, 2, 3, 4, 6, 8, 12)),
    *((count, "d") for count in (1, 2, 4)),
    *((count, "w") for count in (1, 2)),
    *((count, "mo") for count in (1, 2, 3, 6)),
    *((count, "y") for count in (1, 2, 5, 10, 20, 50, 100, 500, 1_000, 10_000)),
)
LENGTHS = tuple(Duration(count, unit) for count, unit in _LENGTHS)
"""Lengths that a bar may have. The last holds every time that can be written."""

GROUPS: tuple[str | None, ...] = (*RESULTS, None)
"""What a bar counts, in this order; None are events without a result."""

FEWEST_IN_BURST = 5
SPREADS_OUT = 3
TIMES_USUAL = 10

_FAILURE = GROUPS.index("failure")
_NONE = (0,) * len(GROUPS)

Counts = tuple[int, ...]
"""How many events there are of each of `GROUPS`."""

TimeWindow = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bar:
    """Events from `start` on and before `end`, UTC; None is the end of all time."""

    start: datetime
    end: datetime | None
    counts: Counts

    @property
    def total(self) -> int:
        """All events of the bar."""
        return sum(self.counts)

    @property
    def failures(self) -> int:
        """Those that failed."""
        return self.counts[_FAILURE]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars of one length without gaps between them; a gap in the log is a bar of zero.

    `bursts` are the numbers of the bars that stand out, in order; see `bursts_of`.
    """

    every: Duration
    bars: tuple[Bar, ...]
    bursts: tuple[int, ...]

    @property
    def matched(self) -> int:
        """All events of all bars."""
        return sum(bar.total for bar in self.bars)

    @property
    def highest(self) -> int:
        """Events of the highest bar."""
        return max((bar.total for bar in self.bars), default=0)

    def span(self, first: int, last: int) -> tuple[datetime, datetime | None]:
        """Give the time that bars cover, half-open."""
        return self.bars[first].start, self.bars[last].end

    def index_of(self, moment: datetime) -> int:
        """Give the bar that a time falls into, the nearest if it is outside."""
        starts = [bar.start for bar in self.bars]
        return max(0, bisect_right(starts, moment) - 1)

    def next_burst(self, after: int) -> int | None:
        """Give the first bar behind this one that stands out."""
        return next((burst for burst in self.bursts if burst > after), None)

    def previous_burst(self, before: int) -> int | None:
        """Give the last bar before this one that stands out."""
        return next((burst for burst in reversed(self.bursts) if burst < before), None)


def histogram(question: Question, window: TimeWindow, columns: int) -> Histogram:
    """Count the events of a question over time.

    The bars cover the window and every event besides, so that their sum is what the
    question matches. They are as short as fits: up to `columns` of them, at least two.

    Args:
        question: what to count.
        window: the time to cover at least, half-open, UTC.
        columns: room for so many bars.

    Raises:
        SourceError: the log cannot be looked at.
    """
    while True:
        every = bar_length(window, columns)
        found = _tally(question, every)
        window = _widened(window, [bin_start(number, every) for number in found])
        if bar_length(window, columns) == every:
            break
    bars = tuple(_bars(found, _numbers(window, every), every))
    return Histogram(every, bars, bursts_of(bars))


def bar_length(window: TimeWindow, columns: int) -> Duration:
    """Choose the shortest length of which `columns` bars cover the window."""
    return next(every for every in LENGTHS if len(_numbers(window, every)) <= max(2, columns))


def _numbers(window: TimeWindow, every: Duration) -> range:
    start, end = window
    last = end - TICK if end > start else start
    return range(bin_number(start, every), bin_number(last, every) + 1)


def _tally(question: Question, every: Duration) -> Mapping[int, Counts]:
    """Give the counts of the bars that are not empty, by their number."""
    found: dict[int, list[int]] = {}
    for time, result, count in question.tally(Timeline(every, by="result")).iter_rows():
        counts = found.setdefault(bin_number(time.astimezone(UTC), every), list(_NONE))
        counts[GROUPS.index(result)] += count
    return {number: tuple(counts) for number, counts in found.items()}


def _widened(window: TimeWindow, times: Sequence[datetime]) -> TimeWindow:
    start, end = window
    return min((*times, start)), max((*(time + TICK for time in times), end))


def _bars(found: Mapping[int, Counts], numbers: range, every: Duration) -> Iterator[Bar]:
    for number in numbers:
        yield Bar(bin_start(number, every), _end(number, every), found.get(number, _NONE))


def _end(number: int, every: Duration) -> datetime | None:
    try:
        return bin_start(number + 1, every)
    except (OverflowError, ValueError):
        return None


def bursts_of(bars: Sequence[Bar]) -> tuple[int, ...]:
    """Find the bars whose events, or whose failures alone, stand out.

    A number stands out that is at least `FEWEST_IN_BURST` and lies more than
    `SPREADS_OUT` times the spread above nine tenths of the bars that are not empty. The
    spread is from the median to there, but at least the square root by which counts
    differ by chance. Nine tenths, because where most bars are nights and weekends, what
    lies high by median or quartiles is every morning.

    Where few bars are not empty, as behind a filter, a burst would be the rule to which it is
    held. There a number stands out, too, that is `TIMES_USUAL` times the median of those that
    are not zero and lies so far above nine tenths of all bars, empty ones among them.
    """
    busy = [bar for bar in bars if bar.total]
    total = _threshold([bar.total for bar in bars], [bar.total for bar in busy])
    failures = _threshold([bar.failures for bar in bars], [bar.failures for bar in busy])
    return tuple(
        number for number, bar in enumerate(bars) if bar.total >= total or bar.failures >= failures
    )


def _threshold(of_all: Sequence[int], of_busy: Sequence[int]) -> int:
    """Give the smallest number that stands out, among all bars and among those not empty."""
    usual = _tenths([count for count in of_all if count], 5)
    rare = max(_far_above(of_all), TIMES_USUAL * usual)
    return max(FEWEST_IN_BURST, min(_far_above(of_busy), rare))


def _far_above(counts: Sequence[int]) -> int:
    middle, upper = _tenths(counts, 5), _tenths(counts, 9)
    spread = max(upper - middle, sqrt(upper), 1)
    return int(upper + SPREADS_OUT * spread) + 1


def _tenths(counts: Sequence[int], tenths: int) -> int:
    """Give the number that so many tenths of these do not exceed; 0 for none."""
    return sorted(counts)[(len(counts) - 1) * tenths // 10] if counts else 0
