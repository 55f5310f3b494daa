"""What is offered, listed and done is what is in sight; what cannot be done says why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.app import App
from textual.command import CommandList

from audit_console.search.reviews import REVIEWS
from audit_console.sources.memory import MemorySource
from audit_console.tui.actions import Pane
from audit_console.tui.panes import keys_in_force, node_of
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.widgets.status_lines import KeyBar
from audit_console.tui.widgets.timeline import TimelinePane
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask
from tests.tui.support import (
    GatedSource,
    header_text,
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_found,
    until_loaded,
    until_shown,
)

SIZE = (80, 24)


def explained(app: App[None]) -> dict[str, list[str]]:
    """Give what each key does where the focus is, by its help."""
    said: dict[str, list[str]] = {}
    for action, keys in keys_in_force(app.screen):
        for key in keys:
            said.setdefault(key, []).append(action.explanation)
    return said


@UNMEASURED
@pytest.mark.parametrize("keys", [(), ("a",), ("t",), ("enter",), ("slash",), ("3",), ("3", "m")])
async def test_every_key_of_the_help_means_one_thing(tmp_path: Path, keys: Sequence[str]) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press(*keys)
        assert [said for said in explained(app).values() if len(said) > 1] == []
        assert "the keys of what has the focus" in explained(app)["f1"]


@UNMEASURED
async def test_while_a_query_is_typed_no_letter_is_listed_as_a_key(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        assert [key for key in explained(app) if len(key) == 1] == []
        assert explained(app)["enter"] == ["ask for events"]
        assert {entry[1] for entry in app.screen.query_one(KeyBar).entries} == {"F1"}
        await pilot.press("f1")
        await until_shown(pilot, "ask for events")
        assert "go to a time" not in screen_text(app)


@UNMEASURED
async def test_while_a_part_is_typed_in_a_facet_no_letter_is_listed_as_a_key(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("a", "s", "u")
        assert [key for key in explained(app) if len(key) == 1] == []
        bar = app.screen.query_one(KeyBar)
        await until(pilot, lambda: {entry[1] for entry in bar.entries} == {"F1"}, "the footer")
        await pilot.press("enter")
        await until(pilot, lambda: "f" in {entry[1] for entry in bar.entries}, "keys again")


@UNMEASURED
@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24)])
async def test_the_verdict_is_in_the_header_at_every_width(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    lines = [*make_lines(30), b"{broken"]
    app = make_app(MemorySource(lines, label="a-log-of-a-long-name.jsonl"), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "✘ 1 bad  ✘ FAIL")
        assert screen_lines(app)[0].rstrip().endswith("✘ 1 bad  ✘ FAIL")


@UNMEASURED
async def test_the_position_stands_beside_a_long_term(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "time:2026-11-01T00:00:00Z..2026-11-29T11:52:33Z")
        await until_shown(pilot, "─ time:2026-11-01T00:00:00Z..2026-11-29T11:52:33Z ─")
        await until_shown(pilot, "─ row 1 of 30 ─")
        await ask(pilot, f" -user:{'x' * 60} type:authentication")
        await pilot.press("c", "right")
        await until(pilot, lambda: screen_lines(app)[2].startswith("─ -user:xxx"), "it is gone to")
        await until_shown(pilot, "x…x")
        await until_shown(pilot, "xxx ─ +2 ")
        await until_shown(pilot, "─ row 1 of 15 ─")


@pytest.mark.parametrize("label", ["logs · 1 file", "audit.jsonl"])
async def test_the_header_counts_the_files_once(tmp_path: Path, label: str) -> None:
    app = make_app(MemorySource(make_lines(3), label=label), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        assert f" {label}  memory" in header_text(app)
        assert header_text(app).count("1 file") == 1


@UNMEASURED
async def test_text_that_is_read_offers_nothing_to_open(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("3", "i")
        assert explained(app)["enter"] == ["open or go to it"]
        await pilot.press("tab")
        assert "enter" not in explained(app)


@UNMEASURED
async def test_the_timeline_takes_the_place_of_facets_that_cover_it(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        timeline = app.screen.query_one(TimelinePane)
        await pilot.press("a")
        await until(pilot, lambda: not timeline.region)
        await pilot.press("t")
        assert timeline.has_focus
        await until(pilot, lambda: timeline.region)


@pytest.mark.parametrize(
    ("keys", "row"), [(["colon", "7", "enter"], 7), (["n"], 13), (["i", "o"], 13)]
)
async def test_the_event_that_is_gone_to_takes_the_place_of_facets_that_cover_it(
    tmp_path: Path, keys: Sequence[str], row: int
) -> None:
    lines = make_lines(30)
    lines[12] = lines[12].replace(b'"action 12"', b'"edited"')
    app = make_app(MemorySource(lines), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("a")
        await until(pilot, lambda: not table_of(app).region, "the facets cover the events")
        await pilot.press(*keys)
        await until_shown(pilot, f"row {row} of 30")
        await until(pilot, lambda: table_of(app).region, "the events are in sight")
        assert table_of(app).has_focus


@UNMEASURED
@pytest.mark.parametrize(
    ("keys", "hidden"),
    [((), Pane.RESULT), (("a",), Pane.TABLE), (("a",), Pane.TIMELINE), (("enter",), Pane.TABLE)],
)
async def test_the_palette_has_no_action_of_a_pane_out_of_sight(
    tmp_path: Path, keys: Sequence[str], hidden: Pane
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press(*keys)
        assert node_of(hidden, app.screen) is None


@UNMEASURED
async def test_the_palette_lists_actions_and_behind_them_reviews(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+p")
        await until_found(pilot, "Detail  (Enter)")
        commands = app.screen.query_one(CommandList).options
        are_reviews = [str(command.prompt).startswith("Review: ") for command in commands]
        assert are_reviews == sorted(are_reviews)
        assert sum(are_reviews) == len(REVIEWS)


@UNMEASURED
async def test_what_the_palette_does_in_another_pane_it_does_in_sight(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"nextburst")
        await until_found(pilot, "Timeline: Next burst")
        await pilot.press("enter")
        timeline = app.screen_stack[0].query_one(TimelinePane)
        await until(pilot, lambda: timeline.has_focus, "the timeline has the focus")
        await until_shown(pilot, "no later bar stands out")


async def test_without_a_term_the_focus_goes_to_none(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"termsremove")
        await until_found(pilot, "Filter terms: Remove")
        await pilot.press("enter")
        await until_shown(pilot, "there is no term: all events are shown")
        assert table_of(app).has_focus
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "10 of 30 matched")
        await pilot.press("c")
        assert app.screen.query_one(RuleLine).has_focus
        await pilot.press("x")
        await until_shown(pilot, "30 of 30 matched")
        assert table_of(app).has_focus


REFUSED_IN_COUNTS = [*"mMnNszQRY:[]"]


async def test_counts_refuse_what_is_done_to_an_event(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| count by user")
        await until_shown(pilot, "3 rows")
        assert "row 1 of" not in screen_text(app)
        names = {":": "colon", "[": "left_square_bracket", "]": "right_square_bracket"}
        for key in REFUSED_IN_COUNTS:
            app.clear_notifications()
            await pilot.press(names.get(key, key))
            await until_shown(pilot, "these are counts: Enter shows the events behind a row")
            assert len(app.screen_stack) == 1, key
        await pilot.press("c", "space")
        await until_shown(pilot, "cannot be switched off")
        await pilot.press("t", "p", "p", "p")
        await until_shown(pilot, "there is no value here to sum up")
        assert screen_text(app).count("there is no value here to sum up") == 1


@UNMEASURED
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("ctrl+c",), "^Q leaves the program"),
        (("c",), "there is no term: all events are shown"),
        (("delete",), "there is no term: all events are shown"),
        (("exclamation_mark",), "no other query is offered"),
        (("Z",), "all of the log's time is shown"),
        (("ctrl+y",), "there is no query here to copy"),
        (("a", "f"), "there is no value on this line"),
        (("a", "y"), "there is no value on this line"),
    ],
)
async def test_what_cannot_be_done_says_why(tmp_path: Path, keys: Sequence[str], said: str) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press(*keys)
        await until_shown(pilot, said)
        assert not app.screen.query_one(RuleLine).has_focus


@UNMEASURED
async def test_without_events_there_is_none_to_do_anything_to(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:nobody")
        await until_shown(pilot, "no event")
        for key in "mMsnYu":
            app.clear_notifications()
            await pilot.press(key)
            await until_shown(pilot, "no event is selected")


@UNMEASURED
async def test_the_detail_shows_what_was_noted_on_its_event(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter", "M", *"guessed", "tab")
        await pilot.press(*"look", "ctrl+s")
        await until_shown(pilot, "note          look")
        assert any(line.startswith("marked        guessed") for line in screen_lines(app))
        await pilot.press("m")
        await until_shown(pilot, "marked        ★ guessed")
        assert app.screen.query_one(DetailPane).has_focus
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "guessed" not in screen_text(app), "another event is shown")


@UNMEASURED
async def test_the_detail_does_not_say_that_a_link_to_a_missing_event_holds(
    tmp_path: Path,
) -> None:
    lines = make_lines(30)
    app = make_app(MemorySource([*lines[:10], *lines[11:]]), tmp_path)
    async with app.run_test(size=(80, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter", "G")
        await until_shown(pilot, "✔ the chain begins here")
        await pilot.press(*["right_square_bracket"] * 9)
        await until_shown(pilot, "✔ matches the event before")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "✘ the event before is missing: see the findings")
        assert "✔ verified: content and link hold" not in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_counts_take_the_place_of_the_detail_of_an_event(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "request_id")
        await ask(pilot, "| count by user")
        await until_shown(pilot, "3 rows")
        assert "request_id" not in screen_text(app)


@UNMEASURED
async def test_a_query_at_80_columns_closes_the_detail_and_its_bar_left_does_not(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter", "slash", "escape")
        await until_shown(pilot, "request_id")
        assert app.screen.query_one(DetailPane).has_focus
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "row 1 of 10")
        assert "request_id" not in screen_text(app)
        assert table_of(app).has_focus


@UNMEASURED
async def test_a_term_that_is_off_can_be_cleared(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "10 of 30 matched")
        await pilot.press("c", "space", "escape")
        await until_shown(pilot, "off user:user-1")
        await pilot.press("delete")
        await until(pilot, lambda: "off user" not in screen_text(app), "it is cleared")


@UNMEASURED
async def test_the_history_counts_no_part_of_a_log_as_the_whole(tmp_path: Path) -> None:
    source = GatedSource(make_lines(30), batch_lines=10)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "user-1 ")
        source.gate.release(9)
        await until_loaded(pilot)
        await until_shown(pilot, "10 of 30 matched")
        await pilot.press("H")
        await until_shown(pilot, "10 events  ▸ user:user-1")
        (first,) = (line for line in screen_lines(app) if "all events" in line)
        assert "0 events" not in first


async def test_without_colours_there_is_no_other_theme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+t")
        await until_shown(pilot, "NO_COLOR is set")


async def test_what_is_written_is_told_for_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(MemorySource(make_lines(30), label="a.jsonl"), tmp_path)

    def is_said(text: str) -> bool:
        return any(said.message == text for said in app._notifications)

    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "10 of 30 matched")
        await pilot.press("x", "enter")
        whole = "0 bad · 2026-11-01 00:00:00Z to 2026-11-01 00:29:00Z · INCOMPLETE"
        said = f"written: a-events.jsonl · 10 of 30 events read · {whole}"
        await until(pilot, lambda: is_said(said), said)
        await pilot.press("x", "down", "down", "down", "enter")
        marks = f"written: a.marks.jsonl · what is noted on 10 of 30 events read · {whole}"
        await until(pilot, lambda: is_said(marks), marks)
        await ask(pilot, " | count by result")
        await until_shown(pilot, "2 rows")
        await pilot.press("x", "enter")
        counts = f"written: a.csv · made of 10 of 30 events read · {whole}"
        await until(pilot, lambda: is_said(counts), counts)


@UNMEASURED
async def test_what_a_negation_kept_is_told_of_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(MemorySource(make_lines(30), label="a.jsonl"), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "-request:x")
        await until_shown(pilot, "30 without request")
        await pilot.press("x", "enter")
        said = "written: a-events.jsonl · 30 of 30 events read · includes 30 without request · "
        await until(pilot, lambda: any(one.message.startswith(said) for one in app._notifications))


async def test_a_dialog_has_help_of_its_own(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("C", "question_mark")
        await until_shown(pilot, "show or hide this column")
        await until_shown(pilot, "close without doing anything")
        assert "open or close the detail" not in screen_text(app)
        await pilot.press("f1")
        await until(pilot, lambda: len(app.screen_stack) == 2, "the help is closed")
        await pilot.press("escape", "M")
        await until_shown(pilot, "mark this event")
        assert explained(app)["f1"] == ["the keys of what has the focus"]
        assert "q" not in explained(app)


@UNMEASURED
async def test_the_footer_offers_nothing_about_an_event_over_counts(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(200, 24)) as pilot:
        await until_loaded(pilot)
        bar = app.screen.query_one(KeyBar)
        assert {":", "s"} <= {entry[1] for entry in bar.entries}
        await ask(pilot, "| top user")
        await until_shown(pilot, "user-1     10")
        await until(pilot, lambda: not {":", "s"} & {entry[1] for entry in bar.entries})


@UNMEASURED
@pytest.mark.parametrize(("keys", "stay"), [((), False), (("a",), True)])
async def test_in_a_terminal_made_narrow_the_reader_stays_in_the_same_pane(
    tmp_path: Path, keys: Sequence[str], stay: bool
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(200, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press(*keys)
        await until_shown(pilot, "▾ user")
        assert app.screen.query_one(FacetsPane).outer_size.width == 40
        before = app.screen.focused
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen.has_class("-stacked"), "the panes stand stacked")
        await pilot.press("question_mark", "escape")

        assert app.screen.focused is before
        assert app.screen.query_one(FacetsPane).display is stay
        assert ("▾ user" in screen_text(app)) is stay
        if stay:
            await pilot.resize_terminal(30, 24)
            await until(pilot, lambda: app.screen.query_one(FacetsPane).outer_size.width == 30)


@UNMEASURED
@pytest.mark.parametrize(
    ("keys", "come_back"),
    [((), True), (("a",), True), (("a", "escape"), True), (("a", "q"), False)],
)
async def test_facets_that_gave_way_come_back_with_the_room(
    tmp_path: Path, keys: Sequence[str], *, come_back: bool
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(200, 24)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "▾ user")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen.has_class("-stacked"), "the panes stand stacked")
        assert "▾ user" not in screen_text(app)
        await pilot.press(*keys)
        before = app.screen.focused
        await pilot.resize_terminal(200, 24)
        await until(pilot, lambda: not app.screen.has_class("-stacked"), "there is room")
        if come_back:
            await until_shown(pilot, "▾ user")
        assert app.screen.query_one(FacetsPane).display is come_back
        assert app.screen.focused is before
