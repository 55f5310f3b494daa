"""Times as they are written in a query, and calendar units. UTC throughout."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST = datetime.min.replace(tzinfo=UTC)
TICK = timedelta(microseconds=1)
LONGEST_YEARS = 10_000

UNITS: dict[str, timedelta] = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
"""Units of fixed length; months `mo` and years `y` go by the calendar."""

_UNIT = "s|mo|m|h|d|w|y"
_RELATIVE = re.compile(rf"(now|end)?((?:[+-][0-9]{{1,9}}(?:{_UNIT}))*)(?:@({_UNIT}))?")
_STEP = re.compile(rf"([+-][0-9]+)({_UNIT})")
_DURATION = re.compile(rf"([0-9]{{1,9}})({_UNIT})")
_ABSOLUTE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)

EXPECTED = "a time is 2026-07-01, 2026-07-01T10:05:00Z, -24h, -7d@d, @d or end-24h"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What relative times count from: the clock, and the log's last event if it has one.

    It is fixed once for each query, so that a query means one window.
    """

    now: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A written time: from `start` on, and up to `after`, where the written unit ends.

    `whole_days` says that a date was written, without a time of day.
    """

    start: datetime
    after: datetime | None
    whole_days: bool = False

    @property
    def upper(self) -> datetime | None:
        """Where a range ends that has this as its upper bound: a date covers its day."""
        return self.after if self.whole_days else self.start


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of units: `5m`, `1mo`."""

    count: int
    unit: str

    @property
    def span(self) -> timedelta | None:
        """The same as a time; None of units that go by the calendar."""
        unit = UNITS.get(self.unit)
        return None if unit is None else self.count * unit

    @property
    def months(self) -> int:
        """Length of a unit that goes by the calendar."""
        return self.count * (12 if self.unit == "y" else 1)

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def read_moment(text: str, anchor: Anchor) -> Moment:
    """Read an absolute or a relative time.

    Raises:
        ValueError: with what is wrong.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative is not None and text:
        return _relative(relative, anchor)
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute is None:
        raise ValueError("not a time")
    try:
        return _absolute(absolute)
    except (ValueError, OverflowError):
        raise ValueError("no such date or time of day") from None


def counts_from_clock(text: str) -> bool:
    """Tell whether a time is relative to the clock."""
    relative = _RELATIVE.fullmatch(text)
    return bool(text) and relative is not None and relative[1] != "end"


def read_duration(text: str) -> Duration:
    """Read a length of time.

    Raises:
        ValueError: with what is wrong.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise ValueError("not a length of time such as 5m, 1h, 7d, 1mo")
    count, unit = int(match[1]), match[2]
    years = {"y": 1, "mo": 12}.get(unit) or timedelta(days=365) // UNITS[unit]
    if count > LONGEST_YEARS * years:
        raise ValueError(f"longer than {LONGEST_YEARS:,} years")
    return Duration(count, unit)


def bin_number(moment: datetime, every: Duration) -> int:
    """Count the bins of this length from the start of year 1, a Monday, to a UTC time."""
    if (span := every.span) is not None:
        return (moment - FIRST) // span
    return ((moment.year - 1) * 12 + moment.month - 1) // every.months


def bin_start(number: int, every: Duration) -> datetime:
    """Give the time at which a bin starts."""
    if (span := every.span) is not None:
        return FIRST + number * span
    year, month = divmod(number * every.months, 12)
    return FIRST.replace(year=year + 1, month=month + 1)


def floor(moment: datetime, unit: str) -> datetime:
    """Cut a UTC time to the start of its unit; weeks start on Monday."""
    every = Duration(1, unit)
    return bin_start(bin_number(moment, every), every)


def shift(moment: datetime, count: int, unit: str) -> datetime:
    """Add units. A day that the month lacks becomes its last.

    Raises:
        ValueError: the result is outside the years 1 to 9999.
    """
    try:
        if unit in UNITS:
            return moment + count * UNITS[unit]
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        raise ValueError("outside the years 1 to 9999") from None


def _relative(match: re.Match[str], anchor: Anchor) -> Moment:
    base, steps, snap = match.groups()
    moment = anchor.end if base == "end" else anchor.now
    if moment is None:
        raise ValueError("the log has no last event yet that `end` could stand for")
    moment = moment.astimezone(UTC)
    for count, unit in _STEP.findall(steps):
        moment = shift(moment, int(count), unit)
    moment = floor(moment, snap) if snap else moment
    return Moment(moment, shifted(moment, TICK))


def _absolute(match: re.Match[str]) -> Moment:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    start = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int(f"{fraction or '':0<6}"),
        tzinfo=UTC,
    )
    if hour is None:
        unit = "d" if day else "mo" if month else "y"
        return Moment(start, _next(start, unit), whole_days=True)
    if zone not in (None, "Z"):
        start -= _offset(zone)
    if fraction:
        return Moment(start, shifted(start, timedelta(microseconds=10 ** (6 - len(fraction)))))
    return Moment(start, _next(start, "s" if second else "m" if minute else "h"))


def _offset(zone: str) -> timedelta:
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


def _next(moment: datetime, unit: str) -> datetime | None:
    try:
        return shift(moment, 1, unit)
    except ValueError:
        return None


def shifted(moment: datetime, by: timedelta) -> datetime | None:
    """Give the time so much later; None outside the years 1 to 9999."""
    try:
        return moment + by
    except OverflowError:
        return None
