from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.event import RESULTS, AuditEvent, format_time
from audit_console.core.filters import EVERYTHING, Between, Field, FieldName, Term, equals
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor, Duration
from audit_console.search.question import Question
from audit_console.search.timeline import (
    GROUPS,
    LENGTHS,
    Bar,
    Histogram,
    bar_length,
    bursts_of,
    histogram,
)
from audit_console.sources.protocol import Source
from tests.support.chains import event
from tests.support.effort import examples
from tests.support.reading import question_of
from tests.support.strategies import MOMENTS

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def events_at(times: Sequence[datetime], results: Sequence[str]) -> list[AuditEvent]:
    return [
        replace(event(seq), timestamp=format_time(time), result=result)
        for seq, (time, result) in enumerate(zip(times, results, strict=True))
    ]


def bars_of(totals: Sequence[int], failures: Callable[[int], int] = lambda _: 0) -> list[Bar]:
    return [
        Bar(
            DAY + timedelta(hours=hour),
            DAY + timedelta(hours=hour + 1),
            (total - failures(hour), failures(hour), 0, 0),
        )
        for hour, total in enumerate(totals)
    ]


@pytest.fixture(scope="module")
def demo(whole_demo: Source) -> Question:
    return Question(whole_demo, EVERYTHING)


def test_the_bars_of_a_log_sum_to_its_events(demo: Question) -> None:
    status = demo.source.status
    assert status.first is not None
    assert status.last is not None

    found = histogram(demo, (status.first, status.last), 78)

    assert found.every == Duration(1, "d")
    assert found.matched == status.events
    assert len(found.bars) == 49
    assert found.bars[0].start == datetime(2026, 10, 5, tzinfo=UTC)
    assert found.highest == max(bar.total for bar in found.bars)
    assert sum(bar.failures for bar in found.bars) == 1_070


@pytest.mark.parametrize("columns", [30, 60, 78, 100, 150, 200, 300, 600])
def test_the_night_in_which_a_password_was_guessed_stands_out(demo: Question, columns: int) -> None:
    status = demo.source.status
    assert status.first is not None
    assert status.last is not None

    found = histogram(demo, (status.first, status.last), columns)

    guesses = max(range(len(found.bars)), key=lambda number: found.bars[number].failures)
    assert found.bars[guesses].failures > 100
    assert found.bursts == (guesses,)


@pytest.mark.parametrize("columns", [78, 100, 150])
def test_the_night_stands_out_behind_a_filter(demo: Question, columns: int) -> None:
    status = demo.source.status
    assert status.first is not None
    assert status.last is not None
    whole = histogram(demo, (status.first, status.last), 600)
    day = max(whole.bars, key=lambda bar: bar.failures).start.replace(hour=0, minute=0)
    query = parse(f"type:authentication result:failure time:{day:%Y-%m-%d}", Anchor(DAY))

    found = histogram(replace(demo, where=query.where), (day, day + timedelta(days=1)), columns)

    highest = max(range(len(found.bars)), key=lambda number: found.bars[number].total)
    assert highest in found.bursts
    assert {abs(burst - highest) for burst in found.bursts} <= {0, 1}


@given(
    st.lists(MOMENTS, min_size=1, max_size=12),
    st.data(),
    st.integers(2, 200),
)
@examples(60)
def test_every_event_is_in_the_bar_of_its_time(
    times: list[datetime], data: st.DataObject, columns: int
) -> None:
    results = data.draw(
        st.lists(st.sampled_from(RESULTS), min_size=len(times), max_size=len(times))
    )
    window = data.draw(st.tuples(MOMENTS, MOMENTS).map(sorted))

    found = histogram(question_of(events_at(times, results)), (window[0], window[1]), columns)

    assert found.matched == len(times)
    assert 1 <= len(found.bars) <= columns
    assert found.every in LENGTHS
    for time in times:
        bar = found.bars[found.index_of(time)]
        assert bar.start <= time
        assert bar.end is None or time < bar.end
    for bar, later in zip(found.bars, found.bars[1:], strict=False):
        assert bar.end == later.start
    for place, result in enumerate(GROUPS):
        assert sum(bar.counts[place] for bar in found.bars) == sum(
            known == result for known in results
        )


def test_gaps_are_bars_of_zero() -> None:
    times = [DAY, DAY + timedelta(minutes=9, seconds=59)]

    found = histogram(question_of(events_at(times, ["success"] * 2)), (DAY, times[1]), 10)

    assert found.every == Duration(1, "m")
    assert [bar.total for bar in found.bars] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_a_window_is_half_open() -> None:
    times = [DAY + timedelta(minutes=minute) for minute in range(11)]
    question = question_of(events_at(times, ["success"] * 11))
    within = question.narrowed(Term(Field(FieldName.TIME), Between(DAY, times[10])))

    assert len(histogram(within, (DAY, times[10]), 10).bars) == 10
    assert len(histogram(question, (DAY, times[10]), 11).bars) == 11


def test_a_question_without_events_has_empty_bars(demo: Question) -> None:
    nobody = demo.narrowed(equals(FieldName.USER, "nobody"))

    found = histogram(nobody, (DAY, DAY + timedelta(days=1)), 24)

    assert found.matched == 0
    assert found.highest == 0
    assert len(found.bars) == 24
    assert found.bursts == ()


@pytest.mark.parametrize(
    ("length", "columns", "every"),
    [
        (timedelta(0), 80, "1s"),
        (timedelta(milliseconds=1), 80, "1s"),
        (timedelta(seconds=80), 80, "1s"),
        (timedelta(seconds=81), 80, "2s"),
        (timedelta(hours=1), 80, "1m"),
        (timedelta(days=1), 80, "20m"),
        (timedelta(days=1), 190, "10m"),
        (timedelta(days=25), 80, "8h"),
        (timedelta(days=365), 80, "1w"),
        (timedelta(days=365 * 5), 70, "1mo"),
        (timedelta(days=365 * 5), 1, "5y"),
    ],
)
def test_bars_are_as_short_as_fits(length: timedelta, columns: int, every: str) -> None:
    year = datetime(2025, 1, 1, tzinfo=UTC)

    assert str(bar_length((year, year + length), columns)) == every


def test_all_time_fits_one_bar() -> None:
    least, most = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    found = histogram(question_of(events_at([least, most], ["failure"] * 2)), (least, most), 2)

    assert len(found.bars) <= 2
    assert found.bars[-1].end is None
    assert found.matched == 2


def test_one_high_bar_stands_out() -> None:
    totals = [10] * 20 + [200] + [10] * 20

    assert bursts_of(bars_of(totals)) == (20,)


def test_mornings_are_no_bursts() -> None:
    totals = ([20] * 16 + [120] * 8) * 7

    assert bursts_of(bars_of(totals)) == ()


def test_failures_stand_out_among_more_events() -> None:
    totals = ([20] * 16 + [120] * 8) * 7

    assert bursts_of(bars_of(totals, lambda hour: 15 if hour == 30 else hour % 2)) == (30,)


@pytest.mark.parametrize(
    ("busy", "stand_out"),
    [
        ([1, 104, 46, 2], [104, 46]),
        ([104], []),
        ([104, 46], [104]),
        ([1, 104], [104]),
        ([20] * 7, []),
        ([18, 25, 20, 60, 31, 20], []),
        ([1, 2, 1, 4, 3], []),
        ([2, 3, 7, 1, 12, 2, 5, 1], []),
    ],
)
def test_a_burst_stands_out_where_little_else_is(busy: list[int], stand_out: list[int]) -> None:
    totals = [0] * 20 + busy + [0] * 48
    for bars in (bars_of(totals), bars_of(totals, totals.__getitem__)):
        assert [totals[burst] for burst in bursts_of(bars)] == stand_out


def test_what_recurs_in_an_empty_log_is_no_burst() -> None:
    totals = ([0] * 23 + [40]) * 14
    assert bursts_of(bars_of(totals)) == ()


def test_a_few_events_are_no_burst() -> None:
    assert bursts_of(bars_of([0, 0, 4, 0, 1, 0, 1])) == ()
    assert bursts_of(bars_of([])) == ()


@given(st.lists(st.integers(0, 1000), max_size=60), st.integers(1, 50))
@examples(100)
def test_bursts_are_high_and_few(totals: list[int], gap: int) -> None:
    bursts = bursts_of(bars_of(totals))

    busy = sorted(total for total in totals if total)
    assert len(bursts) <= len(busy) / 2
    assert all(totals[burst] >= 5 for burst in bursts)
    quiet = [total for number, total in enumerate(totals) if number not in bursts]
    assert not bursts or min(totals[burst] for burst in bursts) > max(quiet, default=0)
    behind_a_gap = bursts_of(bars_of([*([0] * gap), *totals]))
    assert behind_a_gap >= tuple(burst + gap for burst in bursts)


@given(st.integers(0, 10_000), st.integers(1, 40))
@examples(30)
def test_where_all_is_alike_nothing_stands_out(total: int, bars: int) -> None:
    assert bursts_of(bars_of([total] * bars)) == ()


def test_bursts_are_gone_through_in_order() -> None:
    found = Histogram(Duration(1, "h"), tuple(bars_of([1] * 9)), (2, 5))

    assert [found.next_burst(after) for after in (0, 2, 5)] == [2, 5, None]
    assert [found.previous_burst(before) for before in (8, 5, 2)] == [5, 2, None]
    assert found.span(2, 4) == (DAY + timedelta(hours=2), DAY + timedelta(hours=5))
    assert [found.index_of(DAY + timedelta(hours=hour)) for hour in (-5, 0, 3, 90)] == [0, 0, 3, 8]
