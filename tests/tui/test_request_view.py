from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl
import pytest

from audit_console.core.event import format_time
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.search.question import Question
from audit_console.search.request import STEPS
from audit_console.tui.dialogs.request_view import RequestDialog
from audit_console.tui.durations import duration
from audit_console.tui.widgets.line_list import LineList
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.reading import question_of
from tests.tui.dialogs import DialogApp, failing, held, until_answered
from tests.tui.hostile import HOSTILE, assert_safe
from tests.tui.support import START, HugeSource, make_event, screen_text, until, until_shown

OFFSETS = (0, 0.25, 1.5, 90)
OF_REQUEST = [
    make_event(
        seq,
        request_id="req-1",
        timestamp=format_time(START + timedelta(seconds=OFFSETS[seq])),
        result=("success", "failure")[seq % 2],
    )
    for seq in range(4)
]
LOG = linked([*OF_REQUEST, make_event(9, request_id="other")])


class LongRequest(HugeSource):
    """A request of a hundred thousand events."""

    rows = 100_000

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Say that one event in ten failed."""
        del where, by, marks
        return pl.DataFrame({"result": ["success", "failure"], "count": [90_000, 10_000]})


async def test_steps_are_listed_with_their_times() -> None:
    app = DialogApp(RequestDialog(question_of(LOG), "req-1", ""))
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "action 3")

        text = screen_text(app)
        assert "request req-1" in text
        assert "4 events · 2026-11-01 00:00:00 UTC · 1m 30s  ✘ failure 2  ✔ success 2" in text
        lines = [line.split() for line in text.splitlines() if "action 0" in line or "+" in line]
        assert [line[1:3] for line in lines] == [
            ["0", "s"],
            ["250", "ms"],
            ["1.50", "s"],
            ["1m", "30s"],
        ]
        assert [line[3:5] for line in lines[1:]] == [["+250", "ms"], ["+1.25", "s"], ["+1m", "28s"]]
        assert "workflow/wf-3" in text


async def test_the_cursor_begins_on_the_event_that_the_reader_comes_from() -> None:
    app = DialogApp(RequestDialog(question_of(LOG), "req-1", LOG[1].id))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "action 3")
        marked = [line.split() for line in screen_text(app).splitlines() if "◆" in line]
        assert [line[1:4] for line in marked] == [["◆", "250", "ms"]]
        await pilot.press("down", "enter")
        await until_answered(pilot, app)

        assert app.answers == [LOG[2].id]


async def test_escape_closes_while_it_is_counted() -> None:
    question, hold = held(question_of(LOG))
    app = DialogApp(RequestDialog(question, "req-1", ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "request req-1")
        assert " …" in screen_text(app)
        await pilot.press("enter", "escape")
        await until_answered(pilot, app)
        assert app.answers == [None]
        hold.set()


@UNMEASURED
async def test_many_events_are_fetched_by_the_page() -> None:
    source = LongRequest()
    app = DialogApp(RequestDialog(Question(source, EVERYTHING), "req", ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, f"first {STEPS:,} of 100,000 events")
        assert source.made <= STEPS + 2
        steps = app.screen.query_one(LineList)
        await pilot.press("G")
        await until_shown(pilot, f"first {2 * STEPS:,} of 100,000 events")
        assert steps.cursor == STEPS
        assert len(steps.lines) == 2 * STEPS + 1
        await pilot.press("G")
        await until_shown(pilot, f"first {3 * STEPS:,} of 100,000 events")
        await pilot.resize_terminal(200, 60)
        await until_shown(pilot, "resource")
        assert steps.cursor == 2 * STEPS


async def test_the_line_of_what_is_not_fetched_is_no_event() -> None:
    source = LongRequest()
    app = DialogApp(RequestDialog(Question(source, EVERYTHING), "req", ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, f"first {STEPS:,} of 100,000 events")
        source.hold.clear()
        await pilot.press("G")
        await until_shown(pilot, f"… {100_000 - STEPS:,} events more, fetched on the way")
        await pilot.press("enter")
        assert app.answers == []
        source.hold.set()
        await until_shown(pilot, f"first {2 * STEPS:,} of 100,000 events")


async def test_a_log_that_cannot_be_counted_is_one_line() -> None:
    app = DialogApp(RequestDialog(failing(question_of(LOG)), "req-1", ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ the log changed. Open it again")


async def test_a_request_that_is_nowhere_is_said_to_be() -> None:
    app = DialogApp(RequestDialog(question_of(LOG), "nothing", ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "no event names this request")
        await pilot.press("enter", "escape")
        await until_answered(pilot, app)


async def test_it_fits_a_small_screen() -> None:
    app = DialogApp(RequestDialog(question_of(LOG), "req-1", LOG[1].id))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "action 3")
        assert "✘ failure" in screen_text(app)
        assert "user-2" in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_values_are_shown_as_symbols(attack: str) -> None:
    value = HOSTILE[attack][:5_000]
    fields = ("action", "resource_id", "event_type", "user_id")
    log = [make_event(seq, request_id=value, **dict.fromkeys(fields, value)) for seq in range(3)]
    app = DialogApp(RequestDialog(question_of(linked(log)), value, ""))
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "3 events")
        await until(pilot, lambda: app.screen.query_one(LineList).lines, "steps are listed")
        await pilot.pause()
        assert_safe(app)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(microseconds=7), "7 µs"),
        (timedelta(microseconds=999), "999 µs"),
        (timedelta(microseconds=1_500), "1.5 ms"),
        (timedelta(microseconds=999_400), "999 ms"),
        (timedelta(microseconds=999_600), "1.00 s"),
        (timedelta(seconds=9.5), "9.50 s"),
        (timedelta(seconds=59.9), "59.9 s"),
        (timedelta(seconds=61), "1m 01s"),
        (timedelta(hours=2, minutes=5), "2h 05m"),
        (timedelta(days=3_000, hours=1), "3000d 01h"),
    ],
)
def test_lengths_of_time_are_short(length: timedelta, text: str) -> None:
    assert duration(length) == text
    assert len(duration(length)) <= 9
