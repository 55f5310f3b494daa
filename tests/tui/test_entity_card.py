from __future__ import annotations

import pytest

from audit_console.core.filters import Field, FieldName
from audit_console.core.narrowing import Value
from audit_console.search.entity import Busiest, Listing, Peak, Summary
from audit_console.tui.dialogs.entity_card import EntityCardDialog
from audit_console.tui.dialogs.entity_lines import (
    in_columns,
    listing_lines,
    percent,
    summary_lines,
)
from audit_console.tui.widgets.line_list import LineList
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.reading import question_of
from tests.tui.dialogs import DialogApp, failing, held, until_answered
from tests.tui.hostile import HOSTILE, assert_safe
from tests.tui.support import START, make_event, screen_lines, screen_text, until, until_shown

USER = Field(FieldName.USER)
LOG = linked(make_event(seq) for seq in range(60))


def dialog() -> EntityCardDialog:
    return EntityCardDialog(question_of(LOG), Value(USER, "user-1"))


@UNMEASURED
async def test_a_card_sums_up_a_user() -> None:
    app = DialogApp(dialog())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "busiest day  2026-11-01 UTC  20 events")

        text = screen_text(app)
        assert "in the whole log, without the filter" in text
        assert "user user-1" in text
        assert "events       20 of 60, 33%" in text
        assert "first seen   2026-11-01 00:01:00 UTC" in text
        assert "last seen    2026-11-01 00:58:00 UTC  57m 00s later" in text
        assert "2 results" in text
        await until_shown(pilot, "2 types")


@UNMEASURED
async def test_two_columns_where_there_is_room() -> None:
    app = DialogApp(dialog())
    async with app.run_test(size=(200, 60)) as pilot:
        await until_shown(pilot, "busiest day  2026")

        text = screen_text(app)
        for title in ("2 results", "2 types", "20 addresses", "20 actions", "5 resources"):
            assert title in text
        assert "… 10 more, less common" in text
        assert "no agents" in text
        assert any("events  " in line and "action" in line for line in screen_lines(app))
        await pilot.press("tab")
        assert app.screen.query_one("#right").has_focus
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen.query_one("#left").has_focus, "the focus is in sight")
        await pilot.press("G")
        await until_shown(pilot, "no errors")


@UNMEASURED
async def test_what_is_not_known_yet_is_an_ellipsis() -> None:
    question, hold = held(question_of(LOG))
    app = DialogApp(EntityCardDialog(question, Value(USER, "user-1")))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "events       20 of 60")
        assert "busiest hour …" in screen_text(app)
        assert "addresses …" in screen_text(app)
        hold.set()
        await until_shown(pilot, "busiest hour 2026-11-01 00:00 UTC")
        assert "…" not in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize(
    ("downs", "besides"), [(0, ()), (8, (Value(Field(FieldName.RESULT), "failure"),))]
)
async def test_enter_answers_what_the_events_of_a_line_have(
    downs: int, besides: tuple[Value, ...]
) -> None:
    app = DialogApp(dialog())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "busiest day  2026")
        await pilot.press("down", "enter", "up")  # a line that counts nothing
        assert app.answers == []
        await pilot.press(*["down"] * downs, "enter")
        await until_answered(pilot, app)

        assert app.answers == [(Value(USER, "user-1"), *besides)]


@UNMEASURED
async def test_the_right_column_answers_too() -> None:
    app = DialogApp(dialog())
    async with app.run_test(size=(200, 60)) as pilot:
        await until_shown(pilot, "busiest day  2026")
        await pilot.press("tab", "down", "enter")
        await until_answered(pilot, app)

        answer = app.answers[0]
        assert answer is not None
        assert answer[0] == Value(USER, "user-1")
        assert answer[1].text


@UNMEASURED
async def test_a_click_twice_answers() -> None:
    app = DialogApp(dialog())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "busiest day  2026")
        await pilot.click("#left", offset=(6, 7), times=2)
        await until_answered(pilot, app)

        assert app.answers == [(Value(USER, "user-1"), Value(Field(FieldName.RESULT), "success"))]


async def test_escape_closes_while_it_is_counted() -> None:
    question, hold = held(question_of(LOG))
    app = DialogApp(EntityCardDialog(question, Value(USER, "user-1")))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "events       20 of 60")
        await pilot.press("escape")
        await until_answered(pilot, app)
        assert app.answers == [None]
        hold.set()


@UNMEASURED
async def test_the_cursor_stays_on_its_value_while_lists_grow() -> None:
    card = dialog()
    app = DialogApp(card)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "busiest day  2026")
        left = app.screen.query_one("#left", LineList)
        await pilot.press("G", *["up"] * 6)
        values = card._shown[0][left.cursor].values
        assert values
        card._listings["result"] = None
        card._lay_out()

        assert card._shown[0][left.cursor].values == values


@pytest.mark.parametrize("after", [0, 3])
async def test_a_log_that_cannot_be_counted_is_one_line(after: int) -> None:
    question = failing(question_of(LOG), after)
    app = DialogApp(EntityCardDialog(question, Value(USER, "user-1")))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ the log changed. Open it again")


async def test_a_value_that_is_nowhere_has_no_lists() -> None:
    app = DialogApp(EntityCardDialog(question_of(LOG), Value(USER, None)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "events       0 of 60, 0%")
        assert "user (missing)" in screen_text(app)
        assert "busiest" not in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_values_are_shown_as_symbols(attack: str) -> None:
    value = HOSTILE[attack][:5_000]
    fields = ("action", "resource_id", "event_type", "ip_address", "user_agent", "result_error")
    log = [make_event(seq, user_id=value, **dict.fromkeys(fields, value)) for seq in range(3)]
    app = DialogApp(EntityCardDialog(question_of(linked(log)), Value(USER, value)))
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "busiest day  2026")
        await until_shown(pilot, "1 error")
        assert_safe(app)


@UNMEASURED
async def test_a_value_is_marked_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = DialogApp(dialog())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ failure")
        assert "✔ success" in screen_text(app)


def test_shares_are_never_rounded_to_nothing_or_all() -> None:
    assert [percent(part, 1_000) for part in (0, 1, 15, 500, 999, 1_000)] == [
        "0%",
        "<1%",
        "2%",
        "50%",
        ">99%",
        "100%",
    ]


def test_a_part_is_called_a_part() -> None:
    lines = summary_lines(Summary(3, 10, START, START, partial=True), None)
    texts = ["".join(span.text for span in line.line) for line in lines]

    assert texts[0] == " events       3 of 10, 30%, so far: the log is being read"
    assert texts[-1] == " busiest day  …"


def test_one_event_is_seen_once() -> None:
    busiest = Busiest(Peak(START, 1), Peak(START, 1))
    lines = summary_lines(Summary(1, 1, START, START, partial=False), busiest)
    texts = ["".join(span.text for span in line.line) for line in lines]

    assert texts[2] == " last seen    2026-11-01 00:00:00 UTC"
    assert texts[3] == " busiest hour 2026-11-01 00:00 UTC  1 event"


def test_missing_values_stand_at_the_end_and_can_be_chosen() -> None:
    shown = ((Value(Field(FieldName.IP), "10.0.0.1"), 3),)
    lines = listing_lines("ip", Listing("ip", 1, 2, shown), 5, 70)

    assert lines[-1].values == (Value(Field(FieldName.IP), None),)
    assert "(missing)" in lines[-1].line[1].text


def test_no_value_is_blank_or_looks_as_if_it_were_missing() -> None:
    shown = tuple((Value(Field(FieldName.IP), text), 1) for text in ("", "  ", "(missing)"))
    lines = listing_lines("ip", Listing("ip", 3, 0, shown), 3, 70)

    assert [line.line[1].text.strip() for line in lines[2:]] == ['""', '"  "', '"(missing)"']


def test_columns_keep_the_order_and_start_without_a_blank() -> None:
    parts = [listing_lines(name, None, 0, 80) for name in ("type", "user", "ip", "action")]

    left, right = in_columns(parts, 2)

    assert len(left) + len(right) == 7
    assert right[0].line[0].text == " addresses "
    assert in_columns(parts, 1) == [[line for part in parts for line in part]]
