"""The facets on the screen: what they say, how they are played, and that nothing steers them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.message import Message
from textual.pilot import Pilot

from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.narrowing import How, Value
from audit_console.core.query import event_field, parse
from audit_console.core.safe_text import safe_whole
from audit_console.core.timespan import Anchor
from audit_console.search.facet_fields import DEFAULT_FIELDS
from audit_console.search.facets import Facet, Picked, facet
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from audit_console.tui.asking import FilterAsked
from audit_console.tui.dialogs.add_facet import AddFacetDialog
from audit_console.tui.painting import width_of
from audit_console.tui.themes import DARK
from audit_console.tui.widgets import facets_pane
from audit_console.tui.widgets.facet_lines import (
    FIRST_VALUES,
    MORE_VALUES,
    mark_of,
    share_text,
    sparkline,
    value_text,
)
from audit_console.tui.widgets.facets_pane import FacetsPane
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.reading import read_whole
from tests.tui.hostile import HOSTILE, assert_safe
from tests.tui.support import (
    PaneScreen,
    make_event,
    screen_lines,
    screen_text,
    until,
    until_shown,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
USERS = ["alice"] * 5 + ["bob"] * 3 + ["mallory", "", "(missing)", None, None]


class PaneApp(App[None]):
    """The pane alone, with what it says to its screen."""

    CSS_PATH = facets_pane.__file__.replace("widgets/facets_pane.py", "app.tcss")

    def __init__(self, *, fields: Sequence[str] = DEFAULT_FIELDS) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.fields = fields
        self.said: list[Message] = []
        self.copied: list[str] = []

    def get_default_screen(self) -> PaneScreen:
        return PaneScreen()

    def compose(self) -> ComposeResult:
        yield FacetsPane(self.fields)

    def on_mount(self) -> None:
        self.pane.focus()

    @property
    def pane(self) -> FacetsPane:
        return self.query_one(FacetsPane)

    def on_filter_asked(self, message: FilterAsked) -> None:
        self.said.append(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    def on_facets_pane_field_asked(self, message: FacetsPane.FieldAsked) -> None:
        self.said.append(message)

    def asked(self) -> list[tuple[How, tuple[Value, ...]]]:
        """Give what was asked for by pointing, and forget it."""
        asked = [(one.how, one.values) for one in self.said if isinstance(one, FilterAsked)]
        self.said.clear()
        return asked


def facets_of(events: Sequence[AuditEvent], *fields: str, partial: bool = False) -> list[Facet]:
    source = read_whole(MemorySource.of_events(linked(events)))
    question = Question(source, EVERYTHING)
    window = (source.status.first or NOW, source.status.last or NOW)
    return [replace(facet(question, field, window), partial=partial) for field in fields]


def with_users(names: Sequence[str | None]) -> list[AuditEvent]:
    return [make_event(seq, user_id=name) for seq, name in enumerate(names)]


def where(text: str) -> Filter:
    return parse(text, Anchor(NOW)).where


async def show(pilot: Pilot[None], facets: Sequence[Facet]) -> None:
    assert isinstance(pilot.app, PaneApp)
    for one in facets:
        pilot.app.pane.show(one)
    await picked(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await picked(pilot)


async def picked(pilot: Pilot[None]) -> None:
    """Wait until the values to show are there."""
    await pilot.pause()
    await until(pilot, lambda: all(worker.is_finished for worker in pilot.app.workers))
    await pilot.pause()


def value(field: str, text: str | None) -> tuple[Value, ...]:
    return (Value(event_field(field), text),)


def lines_below(app: App[Any], heading: str) -> list[str]:
    """Give the lines of a facet without its heading, cut at their end."""
    lines = [line.rstrip() for line in screen_lines(app)]
    start = next(index for index, line in enumerate(lines) if f" {heading} " in f"{line} ") + 1
    below = []
    for line in lines[start:]:
        if line[1:2] in "▸▾" or not line:
            break
        below.append(line)
    return below


async def test_values_stand_with_count_share_and_course_and_what_is_missing_apart() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        below = lines_below(app, "user")
        assert [line.split()[0] for line in below] == [
            "alice", "bob", '""', '"(missing)"', "mallory", "(missing)",
        ]  # fmt: skip
        assert [line.split()[1:3] for line in below[:2]] == [["5", "38%"], ["3", "23%"]]
        assert below[-1].split()[1:3] == ["2", "15%"]
        assert "▸ action" in screen_text(app)
        assert screen_lines(app)[0].split() == ["▸", "type", "2"]


@UNMEASURED
@pytest.mark.parametrize("width", [16, 24, 30, 40, 60])
async def test_no_line_is_wider_than_the_pane_and_a_course_needs_room(width: int) -> None:
    app = PaneApp()
    async with app.run_test(size=(width, 60)) as pilot:
        long = with_users([*USERS, "arn:aws:sts::123837392027:assumed-role/very/long/name"])
        await show(pilot, facets_of(long, *DEFAULT_FIELDS))
        available = app.pane.scrollable_content_region.width
        assert all(width_of(line) <= available for line in app.pane.lines)
        assert ("█" in screen_text(app)) is (width >= 30)
        assert ("38%" in screen_text(app) or "36%" in screen_text(app)) is (width >= 24)
        if width >= 24:
            assert "name" in screen_text(app)
            assert "assumed-role" not in screen_text(app)


async def test_facets_are_played_from_the_keyboard() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "j", "j", "f")
        assert app.asked() == [(How.INCLUDE, value("user", "alice"))]
        await press(pilot, "e", "o", "F", "E")
        assert app.asked() == [
            (How.EXCLUDE, value("user", "alice")),
            (How.ONLY, value("user", "alice")),
            (How.REQUIRE, value("user", None)),
            (How.LACK, value("user", None)),
        ]
        await press(pilot, "y")
        assert app.copied == ["alice"]
        await press(pilot, "h")
        assert lines_below(app, "user") == []
        assert app.pane.cursor == 1
        await press(pilot, "l", "j", "enter", "enter")
        assert len(lines_below(app, "user")) == 6
        await press(pilot, "space")
        assert lines_below(app, "user") == []


async def test_a_heading_has_no_value_but_its_field_can_be_asked_for() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "j", "f", "e", "o", "y")
        assert app.said == []
        await press(pilot, "F", "E")
        assert app.asked() == [
            (How.REQUIRE, value("user", None)),
            (How.LACK, value("user", None)),
        ]


async def test_what_is_missing_is_no_text() -> None:
    app = PaneApp(fields=["user"])
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), "user"))
        await press(pilot, "G", "f", "y")
        assert app.asked() == [(How.INCLUDE, value("user", None))]
        await press(pilot, "k", "k", "f", "y")
        assert app.copied == ["(missing)"]
        assert app.asked() == [(How.INCLUDE, value("user", "(missing)"))]


@UNMEASURED
async def test_every_value_can_be_reached() -> None:
    names = [f"user-{number:03}" for number in range(230)]
    app = PaneApp(fields=["user"])
    async with app.run_test(size=(40, 300)) as pilot:
        await show(pilot, facets_of(with_users(names), "user"))
        assert "… 222 more" in screen_text(app)
        await press(pilot, "G", "enter")
        assert len(app.pane.lines) == 1 + FIRST_VALUES + MORE_VALUES + 1
        assert app.pane.cursor == 1 + FIRST_VALUES
        assert "… 122 more" in screen_text(app)
        await press(pilot, "G", "enter", "G", "enter")
        assert [line.split()[0] for line in lines_below(app, "user")] == names
        await press(pilot, "G", "f")
        assert app.asked() == [(How.INCLUDE, value("user", "user-229"))]


async def test_rare_values_come_first_when_turned() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "j", "r")
        names = [line.split()[0] for line in lines_below(app, "user")]
        assert names == ['""', '"(missing)"', "mallory", "bob", "alice", "(missing)"]
        assert "user rare" in screen_text(app)
        await press(pilot, "r")
        assert lines_below(app, "user")[0].split()[0] == "alice"


async def test_values_are_searched_by_a_part_of_them() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "j", "s", "A", "L", "x", "backspace", "left", "delete")
        assert "user /AL▏" in screen_text(app)
        assert "2 of 5" in screen_text(app)
        assert [line.split()[0] for line in lines_below(app, "user")] == ["alice", "mallory"]
        app.pane.post_message(Paste("lo\nevil"))
        await picked(pilot)
        assert [line.split()[0] for line in lines_below(app, "user")] == ["mallory"]
        await press(pilot, "enter", "j", "f")
        assert app.asked() == [(How.INCLUDE, value("user", "mallory"))]
        assert "user /ALlo" in screen_text(app)
        await press(pilot, "s", "q", "q")
        assert "no value has this part" in screen_text(app)
        await press(pilot, "escape")
        assert len(lines_below(app, "user")) == 6
        assert "/" not in screen_text(app)


@UNMEASURED
async def test_a_search_stays_when_the_focus_goes_and_numbers_change() -> None:
    app = PaneApp(fields=["user"])
    async with app.run_test(size=(40, 20)) as pilot:
        await show(pilot, facets_of(with_users(USERS), "user"))
        await press(pilot, "s", "b")
        await show(pilot, facets_of(with_users([*USERS, "rob"]), "user"))
        assert [line.split()[0] for line in lines_below(app, "user")] == ["bob", "rob"]
        app.set_focus(None)
        await pilot.pause()
        assert "/b" in screen_text(app)
        assert "/b▏" not in screen_text(app)


async def test_values_in_force_are_marked_and_never_out_of_sight() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        app.pane.where = where("user:ALICE -user:bob -user:=zed ip:10.9.9.9 result:*")
        await show(pilot, facets_of(with_users(["alice", "bob", None]), *DEFAULT_FIELDS))
        below = lines_below(app, "user")
        assert [line.split()[:3] for line in below] == [
            ["●", "alice", "1"],
            ["○", "bob", "1"],
            ["○", "zed", "0"],
            ["(missing)", "1", "33%"],
        ]
        assert ["●", "10.9.9.9", "0"] in [line.split()[:3] for line in lines_below(app, "ip")]
        assert not any("●" in line for line in lines_below(app, "result"))


@pytest.mark.parametrize(
    ("text", "field", "found", "mark"),
    [
        ("user:a*", "user", "alice", "●"),
        ("-user:a*", "user", "alice", "○"),
        ("user:a* -user:alice", "user", "alice", "○"),
        ("user:(bob OR alice)", "user", "alice", "●"),
        ("user:bob", "user", "alice", " "),
        ("user:*", "user", "alice", " "),
        ("user:*", "user", None, "○"),
        ("-user:*", "user", None, "●"),
        ("user:alice", "user", None, " "),
        ("ip:10.0.0.0/8", "ip", "10.1.2.3", "●"),
        ("hour:22..2", "hour", "23", "●"),
        ("weekday:sat,sun", "weekday", "sun", "●"),
        ("weekday:sat,sun", "weekday", "mon", " "),
        ("details.n:>5", "details.n", "7", "●"),
        ("user:alice OR user:bob", "action", "alice", " "),
    ],
)
def test_a_mark_says_what_the_filter_does_with_a_value(
    text: str, field: str, found: str | None, mark: str
) -> None:
    assert mark_of(where(text), event_field(field), found) == mark


async def test_hours_and_weekdays_in_force_are_shown_by_their_names() -> None:
    app = PaneApp(fields=["hour", "weekday"])
    async with app.run_test(size=(40, 20)) as pilot:
        app.pane.where = where("hour:7 weekday:tue")
        await show(pilot, facets_of(with_users(["alice"]), "hour", "weekday"))
        await press(pilot, "l", "G", "l")
        assert lines_below(app, "hour")[-1].split()[:3] == ["●", "7", "0"]
        assert lines_below(app, "weekday")[-1].split()[:3] == ["●", "tue", "0"]


async def test_numbers_of_an_earlier_question_and_of_a_part_say_so() -> None:
    app = PaneApp(fields=["user", "ip"])
    async with app.run_test(size=(40, 20)) as pilot:
        app.pane.dim()
        await pilot.pause()
        assert screen_lines(app)[0].split() == ["▾", "user", "…"]
        await show(pilot, facets_of(with_users(["alice"]), "user", partial=True))
        assert screen_lines(app)[0].split() == ["▾", "user", "≥1", "so", "far"]
        app.pane.dim()
        await pilot.pause()
        assert screen_lines(app)[0].split() == ["▾", "user", "…", "≥1", "so", "far"]
        assert {span.role for span in app.pane.lines[1]} == {"muted"}
        await show(pilot, facets_of(with_users(["alice"]), "user", "ip"))
        assert screen_lines(app)[0].split() == ["▾", "user", "1"]
        app.pane.show_failed("ip", "the file is gone \x1b[2J")
        await pilot.pause()
        assert "✘ the file is gone ␛[2J" in screen_text(app)
        app.pane.clear()
        await pilot.pause()
        assert screen_text(app).split() == ["▾", "user", "▾", "ip"]


async def test_nothing_found_is_said() -> None:
    app = PaneApp(fields=["user"])
    async with app.run_test(size=(40, 20)) as pilot:
        await show(pilot, facets_of([], "user"))
        assert lines_below(app, "user") == ["   no events"]


@UNMEASURED
async def test_the_cursor_stays_on_its_value_when_numbers_arrive() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "j", "j", "j")
        events = [make_event(seq, event_type=f"type-{seq}") for seq in range(5)]
        app.pane._shown["type"] = replace(app.pane._shown["type"], open=True)
        await show(pilot, facets_of(events, "type"))
        await press(pilot, "f")
        assert app.asked() == [(How.INCLUDE, value("user", "bob"))]
        await show(pilot, facets_of(with_users(["alice"]), "user"))
        await press(pilot, "F")
        assert app.asked() == [(How.REQUIRE, value("user", None))]


async def test_facets_are_added_and_taken_away() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        facets = facets_of(with_users(USERS), *DEFAULT_FIELDS)
        await show(pilot, facets)
        await press(pilot, "a")
        assert isinstance(app.said.pop(), FacetsPane.FieldAsked)
        app.pane.add_field("details.nested")
        await pilot.pause()
        assert app.pane.fields[-1] == "details.nested"
        assert "details.nested" in screen_text(app)
        await show(pilot, facets_of(with_users(USERS), "details.nested"))
        assert lines_below(app, "details.nested")[0].split() == ["(no", "text)", "13"]
        await press(pilot, "delete")
        assert app.pane.fields == DEFAULT_FIELDS
        await show(pilot, facets_of(with_users(USERS), "details.nested"))
        assert "details.nested" not in screen_text(app)
        await press(pilot, "delete")
        assert app.pane.fields == DEFAULT_FIELDS


@UNMEASURED
@pytest.mark.parametrize("height", [4, 12])
async def test_an_added_facet_comes_into_sight_with_its_values(height: int) -> None:
    app = PaneApp()
    async with app.run_test(size=(40, height)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await press(pilot, "home")
        app.pane.add_field("details.number")
        await pilot.pause()
        assert "details.number" in screen_text(app)
        await show(pilot, facets_of(with_users(USERS), "details.number"))
        assert lines_below(app, "details.number")[0].split()[:2] == ["1.50", "13"]
        await press(pilot, "end", "home")
        assert "type" in screen_lines(app)[0]


async def test_a_facet_that_is_opened_at_the_bottom_shows_its_values() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 12)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        app.pane.action_close_facet()
        await press(pilot, "end", "enter")
        assert "(missing)" in screen_lines(app)[-1]
        assert app.pane.cursor - app.pane.scroll_offset.y == 10


async def test_the_mouse_opens_closes_and_includes() -> None:
    app = PaneApp()
    async with app.run_test(size=(40, 40)) as pilot:
        await show(pilot, facets_of(with_users(USERS), *DEFAULT_FIELDS))
        await pilot.click(FacetsPane, offset=(5, 1))
        assert lines_below(app, "user") == []
        await pilot.click(FacetsPane, offset=(5, 1))
        await pilot.click(FacetsPane, offset=(5, 3), times=2)
        await pilot.pause()
        assert app.asked() == [(How.INCLUDE, value("user", "bob"))]
        await pilot.click(FacetsPane, offset=(5, 39))
        assert app.asked() == []


@UNMEASURED
@pytest.mark.parametrize("attack", HOSTILE)
@pytest.mark.parametrize("width", [24, 60])
async def test_hostile_values_are_shown_as_symbols(attack: str, width: int) -> None:
    app = PaneApp()
    async with app.run_test(size=(width, 60)) as pilot:
        text = HOSTILE[attack]
        names: list[str | None] = [text, text + "x", "alice"]
        await show(pilot, facets_of(with_users(names), *DEFAULT_FIELDS))
        app.pane.where = Filter((*where("user:bob").terms,))
        app.pane.show_failed("ip", text)
        app.pane.add_field(f'details."{text.replace(chr(34), "")}"')
        await press(pilot, "g", "j", "s")
        app.pane.post_message(Paste(text))
        await picked(pilot)
        assert_safe(app)
        await press(pilot, "enter", "j", "y")
        assert_safe(app)
        assert set(app.copied) <= {safe_whole(text), safe_whole(text + "x")}


async def test_a_facet_is_searched_beside_the_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    pick = Facet.pick

    def slow_pick(self: Facet, limit: int, **options: Any) -> Picked:
        gate.wait(20)
        return pick(self, limit, **options)

    monkeypatch.setattr(Facet, "pick", slow_pick)
    app = PaneApp(fields=["user"])
    async with app.run_test(size=(40, 20)) as pilot:
        app.pane.show(facets_of(with_users(USERS), "user")[0])
        await pilot.pause()
        assert screen_lines(app)[0].split() == ["▾", "user", "…", "5"]
        await pilot.press("s", "b", "o")
        gate.set()
        await until_shown(pilot, "1 of 5")
        await until(pilot, lambda: "…" not in screen_text(app))
        assert [line.split()[0] for line in lines_below(app, "user")] == ["bob"]


def test_values_cannot_be_taken_for_the_words_of_the_pane() -> None:
    words = ["", "(missing)", "(no text)", "… 3 more", '""', '"(missing)"', " x", "x", "\\", "\t"]
    shown = [value_text(word) for word in words]
    assert len(set(shown)) == len(words)
    assert not {"", "(missing)", "(no text)", "… 3 more"} & set(shown)


def test_shares_are_neither_nothing_nor_everything_unless_they_are() -> None:
    shares = [0, 0.0001, 0.0049, 0.006, 0.5, 0.994, 0.9951, 0.99999, 1]
    assert [share_text(share) for share in shares] == [
        "0%", "<1%", "<1%", "1%", "50%", "99%", ">99%", ">99%", "100%",
    ]  # fmt: skip


def test_a_course_shows_every_event() -> None:
    assert sparkline((0, 1, 8_000, 4_000), 4) == " ▁█▄"
    assert sparkline((1, 1, 0, 0, 4), 3) == "▄ █"
    assert sparkline((0, 0), 2) == "  "
    assert sparkline((3,), 1) == "█"


class DialogApp(App[None]):
    """The dialog over nothing."""

    CSS_PATH = PaneApp.CSS_PATH

    def __init__(self, paths: Sequence[str] = ()) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.paths = paths
        self.answers: list[str | None] = []

    async def on_mount(self) -> None:
        await self.push_screen(AddFacetDialog(DEFAULT_FIELDS, self.paths), self.answers.append)


async def test_a_field_is_typed_or_an_error_says_what_there_is() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *"usr", "enter")
        assert "unknown field usr; did you mean user ?" in screen_text(app)
        assert app.answers == []
        await press(pilot, *["backspace"] * 3, *"details.model", "enter")
        assert app.answers == ["details.model"]


async def test_a_field_is_completed_or_taken_from_the_list() -> None:
    app = DialogApp(["details.geo.city", 'details."a\x1bb"'])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "details.geo.city" in screen_text(app)
        assert "weekday" in screen_text(app)
        assert "request" not in screen_text(app)
        assert_safe(app)
        await press(pilot, *"wee")
        assert "error" not in screen_text(app).replace("such as error", "")
        await press(pilot, "right", "enter")
        assert app.answers == ["weekday"]
    app = DialogApp(["details.geo.city", 'details."a\x1bb"'])
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *"DETAILS", "tab", "j", "enter")
        assert app.answers == ['details."a\x1bb"']


@UNMEASURED
async def test_the_dialog_is_left_without_an_answer() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *"zzz", "tab", "enter")
        assert "nothing of that name is offered" in screen_text(app)
        assert app.answers == []
        await press(pilot, "escape")
        assert app.answers == [None]
