from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from audit_console.core.filters import EVERYTHING, FieldName, Filter, equals
from audit_console.sources.memory import MemorySource
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.timeline import TimelinePane
from tests.support.chains import linked, orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask
from tests.tui.support import (
    is_at_rest,
    make_app,
    make_event,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_all_is_done,
    until_found,
    until_loaded,
    until_shown,
)

SIZES = [(80, 24), (120, 40), (200, 60)]


def selected_id(app: App[Any]) -> str | None:
    row = table_of(app).selected
    return None if row is None else row["id"]


def tampered_lines() -> list[bytes]:
    """A chain with an edited event, a missing one and a line that is no event."""
    lines = make_lines(40)
    lines[12] = lines[12].replace(b'"action 12"', b'"edited"')
    del lines[20]
    lines.insert(30, b'{"broken')
    return lines


@UNMEASURED
@pytest.mark.parametrize("size", SIZES)
async def test_the_screen_says_what_it_shows_and_what_it_is_a_part_of(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(MemorySource(tampered_lines(), label="prod-audit"), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        header, *_, completeness, keys = screen_lines(app)

        assert "prod-audit" in header
        assert "memory" in header
        assert "✘ 1 bad" in header
        assert "✘ FAIL" in header
        assert "39" in completeness
        assert "40 lines" in completeness
        assert "1 bad" in completeness
        assert "2026-11-01" in completeness
        assert "verified" in completeness
        assert "Enter Detail" in keys
        assert "? Help" in keys
        assert "✘ 2026-11-01 00:12" in screen_text(app) or "✘ 11-01 00:12" in screen_text(app)


@UNMEASURED
async def test_a_whole_log_without_checkpoint_is_incomplete(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        assert "◐ INCOMPLETE" in screen_lines(app)[0]


async def test_an_empty_log_is_shown_as_such(tmp_path: Path) -> None:
    app = make_app(MemorySource([]), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        assert "◐ INCOMPLETE" in screen_lines(app)[0]
        await until(pilot, lambda: "no event" in map(str.strip, screen_lines(app)), "no event")
        await until(pilot, lambda: "0 of 0 matched · 0 lines" in screen_lines(app)[-2], "counts")
        await pilot.press("G", "enter", "f", "y", "Y", "c", "r", "w", "colon")
        await pilot.press("1", "enter")
        await until_shown(pilot, "there is no row 1")


@UNMEASURED
async def test_the_value_under_the_cursor_filters(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("j", "l", "f")
        await until_shown(pilot, "30 of 90 matched")
        assert "user:=user-1" in screen_lines(app)[2]
        assert selected_id(app) == make_event(1).id
        await pilot.press("h", "f")
        await until_shown(pilot, "15 of 90 matched")
        assert table_of(app).where == Filter(
            (equals(FieldName.USER, "user-1"), equals(FieldName.TYPE, "secret_access"))
        )
        await pilot.press("q")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("f")
        await until_shown(pilot, "15 of 90 matched")
        await pilot.press("delete")
        await until_shown(pilot, "90 of 90 matched")
        assert table_of(app).where == EVERYTHING


async def test_a_missing_value_filters_and_a_resource_is_two_terms(tmp_path: Path) -> None:
    lines = make_lines(20, user_id=None)
    app = make_app(MemorySource(lines), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("l", "f")
        await until_shown(pilot, "-user:*")
        await pilot.press("l", "l", "f")
        await until_shown(pilot, "4 of 20 matched")
        assert "rtype:=workflow" in screen_lines(app)[2]
        assert "rid:=wf-0" in screen_lines(app)[2]
        await pilot.click("RuleLine", offset=(3, 0))
        await until_shown(pilot, "off -user:*")
        await until(pilot, lambda: len(table_of(app).where.active) == 2)


@UNMEASURED
async def test_the_time_is_no_term(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("h", "f")
        await until_shown(pilot, "there is no value here")
        assert not table_of(app).where


@UNMEASURED
async def test_enter_opens_the_detail_beside_the_table_when_there_is_room(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(50)), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("j", "enter")
        await until_shown(pilot, "request_id")
        assert "action 5 " in screen_text(app)
        assert "✔ matches the event before" in screen_text(app)
        assert "nothing: the hash covers every field" in screen_text(app)
        assert "memory:2 · 622 bytes from byte 624 on" in screen_text(app)
        await pilot.press("j")
        await until_shown(pilot, make_event(2).id)
        await pilot.press("enter")
        await until(pilot, lambda: "request_id" not in screen_text(app))


@UNMEASURED
async def test_at_80_columns_the_detail_takes_the_place_of_the_table(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(50)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "request_id")
        assert "action 5 " not in screen_text(app)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, make_event(1).id)
        await pilot.press("escape")
        await until_shown(pilot, "action 5 ")
        assert table_of(app).has_focus


async def test_the_timeline_gives_its_lines_to_the_events_until_it_is_gone_to(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(40)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        rows = table_of(app).size.height
        await until_shown(pilot, "1m a bar")
        await pilot.press("t", "T")
        await until(pilot, lambda: table_of(app).size.height == rows + 3, "three rows more")
        assert table_of(app).has_focus
        assert "a bar" not in screen_text(app)
        await ask(pilot, "result:failure")
        await pilot.press("t")
        await until_shown(pilot, "00:00 to 00:01 UTC  0 events")
        assert table_of(app).size.height == rows
        await pilot.press("T", "T")
        await until_shown(pilot, "highest 1")
        assert table_of(app).size.height == rows


async def test_the_timeline_that_comes_back_from_behind_the_facets_is_of_the_query_in_force(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(40)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "1m a bar · highest 1")
        timeline = app.screen.query_one(TimelinePane)

        def events_in_bars() -> int:
            shown = timeline.histogram
            return sum(bar.total for bar in shown.bars) if shown is not None else 0

        await until(pilot, lambda: events_in_bars() == 40, "all events are counted")
        await pilot.press("a")
        await until_shown(pilot, "user-0   ")
        await pilot.press("down", "down", "f")
        await until_shown(pilot, "14 of 40")
        await until_all_is_done(pilot)
        await pilot.press("q")
        await until(pilot, lambda: events_in_bars() == 14, "the bars are of the filter")
        assert not timeline.has_class("-stale")
        await pilot.press("T", "delete")
        await until_shown(pilot, "row 1 of 40")
        await until_all_is_done(pilot)
        await pilot.press("T")
        await until(pilot, lambda: events_in_bars() == 40, "the bars are of all events again")


@UNMEASURED
@pytest.mark.parametrize("key", ["3", "4"])
async def test_screens_of_the_whole_log_say_how_much_of_it_was_read(
    tmp_path: Path, key: str
) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        await until_loaded(pilot)
        *_, before, _ = screen_lines(app)
        assert "39 of 39 matched · 40 lines read · 1 bad · 38 verified · 2026-11-01" in before
        await pilot.press(key)
        await until(pilot, lambda: screen_lines(app)[-2] == before, "the same line below")


@UNMEASURED
async def test_the_verdict_stays_in_the_header_while_another_log_is_chosen(tmp_path: Path) -> None:
    app = make_app(MemorySource(tampered_lines(), label="prod-audit"), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        header = screen_lines(app)[0]
        assert "✘ FAIL" in header
        await pilot.press("1")
        await until_shown(pilot, "standing reviews")
        assert screen_lines(app)[0] == header


@UNMEASURED
async def test_the_details_fold_and_keep_their_digits(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(3)), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter", "tab")
        await until_shown(pilot, "▾ nested {1}")
        assert '▸ deep {"deeper":1}' in screen_text(app)
        assert "number 1.50" in screen_text(app)
        detail = app.screen.query_one(DetailPane)
        while detail._current is None or detail._current.fold != ("nested", "deep"):
            await pilot.press("down")
        await pilot.press("right")
        await until_shown(pilot, "deeper 1")
        await pilot.press("left")
        await until(pilot, lambda: "deeper 1" not in screen_text(app))
        await pilot.press("space")
        await until_shown(pilot, "deeper 1")
        await pilot.press("y")
        assert app.clipboard == '{"deeper":1}'
        await pilot.press("P")
        assert app.clipboard == "details.nested.deep"
        await pilot.press("G", "enter")
        assert not app.screen.query_one(Panes).has_detail


@UNMEASURED
async def test_the_detail_names_the_events_beside_it_in_its_chain_and_leads_to_them(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "seq:19")
        await until_shown(pilot, "row 1 of 1 ")
        await pilot.press("enter")
        await until_shown(pilot, "event before  ✔ seq 18 ")
        assert "event after   — none with seq 20" in screen_text(app)
        detail = app.screen.query_one(DetailPane)
        detail.focus()
        while detail._current is None or detail._current.event_id is None:
            await pilot.press("down")
        await pilot.press("y")
        assert app.clipboard == make_event(18).id
        await pilot.press("enter")
        await until_shown(pilot, "event before  ✔ seq 17 ")
        assert selected_id(app) == make_event(18).id
        assert "event after   ✔ seq 19 " in screen_text(app)
        detail.query_ancestor(InvestigateScreen).going.to_event(make_event(0).id)
        await until_shown(pilot, "event before  — none: the chain begins here")


async def test_events_without_a_seq_are_found_by_their_links(tmp_path: Path) -> None:
    events = orchestrator_chain(40)
    app = make_app(MemorySource(orchestrator_lines(events)), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "event before  — none: the chain begins here")
        await pilot.press(*["down"] * 25)
        await until_shown(pilot, "event before  ✔ ")
        beside = [detail.event_id for detail in app.screen.query_one(DetailPane)._details]
        assert [one for one in beside if one] == [events[24]["id"], events[26]["id"]]
        await pilot.press("G")
        await until_shown(pilot, "event after   — none near in time")


@UNMEASURED
async def test_a_broken_event_says_what_is_broken(tmp_path: Path) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("colon", "1", "3", "enter")
        await until_shown(pilot, "row 13 of")
        await pilot.press("enter")
        await until_shown(pilot, "✘ the content hashes to")
        assert "✘ broken: see the findings" in screen_text(app)


@UNMEASURED
async def test_what_the_scheme_leaves_uncovered_is_named(tmp_path: Path) -> None:
    line = (
        '{"id":"1","timestamp":"2026-11-01T00:00:00Z","event_type":"Authentication",'
        '"user_id":"alice","action":"a","resource_type":"User","resource_id":"r",'
        '"result":"Success"}'
    )
    app = make_app(MemorySource([line.encode()]), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("a", "q", "enter")
        await until_shown(pilot, "can be changed without a trace")
        assert "unverifiable" in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("25", 24),
        ("#1,0", 9),
        ("2026-11-01 00:07", 7),
        ("2026-11-01T00:07:30Z", 8),
        ("00:15:00", 15),
        (make_event(33).id, 33),
    ],
)
async def test_jumping(tmp_path: Path, typed: str, row: int) -> None:
    app = make_app(MemorySource(make_lines(40)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("colon")
        await until_shown(pilot, "jump to")
        app.screen.query_one(SafeInput).value = typed
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, InvestigateScreen))
        await until(pilot, lambda: table_of(app).cursor_row == row)


@UNMEASURED
@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("41", "there is no row 41; the last one is 40"),
        ("0", "rows count from 1"),
        ("2027-01-01", "no event at or after that time"),
        ("nonsense", "no event has the id nonsense"),
        ("", "nothing to jump to"),
    ],
)
async def test_jumping_says_when_nothing_is_there(tmp_path: Path, typed: str, answer: str) -> None:
    app = make_app(MemorySource(make_lines(40)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("colon", *typed, "enter")
        await until_shown(pilot, answer)
        await pilot.press("escape")
        assert table_of(app).cursor_row == 0


async def test_findings_lead_to_their_events(tmp_path: Path) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("j", "l", "f")
        await until_shown(pilot, "13 of 39 matched")
        await until(pilot, lambda: is_at_rest(app))
        await pilot.press("i")
        await until_shown(pilot, "what it means")
        while "GAP" not in _selected_line(app.screen.query_one("#findings", LineList)):
            await pilot.press("down")
        await pilot.press("enter")
        await until_shown(pilot, "row 21 of 39")
        await until_shown(pilot, "the filter hid this event")
        await until(pilot, lambda: selected_id(app) == make_event(21).id)


def _selected_line(line_list: LineList) -> str:
    return "".join(span.text for span in line_list.lines[line_list.cursor])


@UNMEASURED
async def test_bad_lines_are_shown_with_their_bytes(tmp_path: Path) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("b")
        await until_shown(pilot, "memory:31")
        await until_shown(pilot, '{"broken')
        await pilot.press("q")
        assert isinstance(app.screen, InvestigateScreen)


@UNMEASURED
async def test_a_finding_on_a_line_that_is_no_event_leads_to_the_bad_lines(tmp_path: Path) -> None:
    app = make_app(MemorySource(tampered_lines()), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("i")
        await until_shown(pilot, "what it means")
        while "MALFORMED" not in _selected_line(app.screen.query_one("#findings", LineList)):
            await pilot.press("down")
        await pilot.press("enter")
        await until_shown(pilot, "1 line could not be read")


async def test_many_bad_lines_are_fetched_as_the_cursor_reaches_them(tmp_path: Path) -> None:
    lines = [*make_lines(1), *[b"nonsense"] * 1_200]
    app = make_app(MemorySource(lines), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("b")
        await until_shown(pilot, "1,200 lines could not be read")
        shown = app.screen.query_one("#lines", LineList)
        await until_shown(pilot, "memory:2 ")
        for count in (501, 1_001, 1_200):
            await until(pilot, partial(_has_lines, shown, count), str(count))
            await pilot.press("G")
        await until_shown(pilot, "memory:1,201")


def _has_lines(line_list: LineList, count: int) -> bool:
    return len(line_list.lines) == count


@UNMEASURED
async def test_leaving_goes_back_step_by_step(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("f", "enter")
        await until_shown(pilot, "request_id")
        await pilot.press("q")
        await until(pilot, lambda: "request_id" not in screen_text(app))
        assert table_of(app).where
        await pilot.press("q")
        await until(pilot, lambda: not table_of(app).where)
        await pilot.press("q")
        await until_shown(pilot, "recent")
        await pilot.press("2")
        await until_shown(pilot, "30 of 30 matched")


@UNMEASURED
async def test_help_lists_the_keys_of_what_has_the_focus(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("question_mark")
        await until_shown(pilot, "keep events with the value under the cursor")
        await pilot.press("escape", "enter", "tab", "f1")
        await until_shown(pilot, "fold this part of the tree")
        assert "keep events with the value under" not in screen_text(app)


@UNMEASURED
async def test_the_palette_runs_actions_on_their_pane(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"reverse")
        await until_found(pilot, "sort by time the other way")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "time (UTC) ▼")


@UNMEASURED
async def test_the_theme_changes_and_states_keep_their_words(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        before, text = app.theme, screen_text(app)
        await pilot.press("ctrl+t")
        assert app.theme != before
        await until(pilot, lambda: screen_text(app) == text, "the same words")


@UNMEASURED
async def test_without_colours_nothing_is_coloured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                assert segment.style is not None
                assert segment.style.color is None or segment.style.color.is_default
                assert segment.style.bgcolor is None or segment.style.bgcolor.is_default
        row = next(line for line in screen_lines(app) if line.startswith("▌"))
        assert row.startswith("▌")


async def test_tab_goes_round_and_traps_nowhere(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "request_id")
        assert table_of(app).has_focus
        await pilot.press("tab")
        assert app.screen.query_one(DetailPane).has_focus
        for _ in range(10):
            await pilot.press("tab")
            if table_of(app).has_focus:
                break
        assert table_of(app).has_focus
        await pilot.press("shift+tab", "escape")
        assert table_of(app).has_focus
        assert app.screen.query_one(Panes).has_detail
        await pilot.press("escape")
        assert not app.screen.query_one(Panes).has_detail


async def test_in_few_columns_what_was_checked_is_said_before_what_lacks_a_field(
    tmp_path: Path,
) -> None:
    events = [
        make_event(seq, details=None if seq % 2 else '{"permission":"x"}') for seq in range(90)
    ]
    source = MemorySource.of_events(linked(events))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(72, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "-details.permission:y")
        said = " 90 of 90 · 0 bad · 90 verified · 45 without details.permission"
        await until(pilot, lambda: screen_lines(app)[-2].startswith(said), said)
