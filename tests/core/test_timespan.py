from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from audit_console.core.timespan import (
    FIRST,
    Anchor,
    Duration,
    bin_number,
    bin_start,
    counts_from_clock,
    floor,
    read_duration,
    read_moment,
    shift,
)
from tests.core.query.reading import ANCHOR, NOW


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("s", "2026-11-23T03:51:42"),
        ("m", "2026-11-23T03:51"),
        ("h", "2026-11-23T03:00"),
        ("d", "2026-11-23"),
        ("w", "2026-11-23"),
        ("mo", "2026-11-01"),
        ("y", "2026-01-01"),
    ],
)
def test_a_time_is_cut_to_the_start_of_its_unit(unit: str, start: str) -> None:
    assert floor(NOW, unit) == utc(start)


def test_weeks_start_on_monday() -> None:
    assert floor(utc("2026-11-22T23:59:59"), "w") == utc("2026-11-16")
    assert floor(FIRST, "w") == FIRST


@pytest.mark.parametrize(
    ("start", "count", "unit", "end"),
    [
        ("2026-03-31", -1, "mo", "2026-02-28"),
        ("2024-02-29", 1, "y", "2025-02-28"),
        ("2026-01-31", 13, "mo", "2027-02-28"),
        ("2026-12-31", 1, "d", "2027-01-01"),
        ("2026-11-23", -2, "w", "2026-11-09"),
    ],
)
def test_units_are_added_by_the_calendar(start: str, count: int, unit: str, end: str) -> None:
    assert shift(utc(start), count, unit) == utc(end)


@pytest.mark.parametrize(("count", "unit"), [(-3000, "y"), (10**9, "w"), (99_999, "mo")])
def test_no_time_is_outside_of_the_calendar(count: int, unit: str) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        shift(NOW, count, unit)


def test_a_clock_in_another_zone_means_the_same_instant() -> None:
    here = Anchor(NOW.astimezone(timezone(timedelta(hours=5))))
    assert read_moment("@d", here) == read_moment("@d", ANCHOR)


def test_the_last_instant_has_none_behind_it() -> None:
    last = Anchor(datetime.max.replace(tzinfo=UTC))
    assert read_moment("now", last).after is None
    assert read_moment("9999-12-31T23:59:59.999999", last).after is None
    assert read_moment("9999", last).upper is None


def test_times_relative_to_the_clock_are_told_from_others() -> None:
    counting = ("-24h", "now", "@d", "now-1h@h", "end-24h", "2026", "")
    assert [counts_from_clock(text) for text in counting] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("text", ["90m", "1w", "3mo", "10y"])
def test_a_length_of_time_is_printed_as_it_is_read(text: str) -> None:
    assert str(read_duration(text)) == text


@pytest.mark.parametrize(
    ("every", "moment", "start"),
    [
        (Duration(6, "h"), "2026-11-23T11:59", "2026-11-23T06:00"),
        (Duration(15, "m"), "2026-11-23T11:59", "2026-11-23T11:45"),
        (Duration(3, "mo"), "2026-11-23", "2026-10-01"),
        (Duration(2, "y"), "2026-11-23", "2025-01-01"),
    ],
)
def test_bins_are_counted_from_the_first_day(every: Duration, moment: str, start: str) -> None:
    number = bin_number(utc(moment), every)
    assert bin_start(number, every) == utc(start)
    assert bin_number(utc(start), every) == number
    assert bin_start(0, every) == FIRST
