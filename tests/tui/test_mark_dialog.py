from __future__ import annotations

from textual.pilot import Pilot

from audit_console.core.matching import Marks
from audit_console.search.marks import LONGEST_NOTE
from audit_console.tui.dialogs.mark import MarkDialog, TagSuggester
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.safe_text_area import SafeTextArea, safe_lines
from audit_console.tui.widgets.toggle import Toggle
from tests.support.effort import UNMEASURED
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import screen_text, until, until_shown

NOTED = Marks(star=True, tags=frozenset({"case-7"}), note="first\nsecond \x1b[2J")


async def shown(pilot: Pilot[None]) -> None:
    await until_shown(pilot, "mark this event")
    await until(pilot, lambda: isinstance(pilot.app.focused, SafeInput), "the tags have the focus")


@UNMEASURED
async def test_tags_are_typed_and_saved_with_enter() -> None:
    app = DialogApp(MarkDialog(Marks()))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press(*"Exfil b", "enter")
        await until_answered(pilot, app)

    assert app.answers == [Marks(tags=frozenset({"exfil", "b"}))]


@UNMEASURED
async def test_star_and_note_are_saved_from_the_note() -> None:
    app = DialogApp(MarkDialog(Marks()))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press("shift+tab", "space", "tab", "tab", *"seen", "enter", *"q", "ctrl+s")
        await until_answered(pilot, app)

    assert app.answers == [Marks(star=True, note="seen\nq")]


async def test_what_is_there_is_shown_safe_and_stays_as_it_is_stored() -> None:
    app = DialogApp(MarkDialog(NOTED, ("case-7", "svc")))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await until_shown(pilot, "second ␛[2J")
        text = screen_text(app)
        assert "★ star" in text
        assert "in use: case-7 svc" in text
        assert "\x1b" not in text
        await pilot.press("ctrl+s")
        await until_answered(pilot, app)

    assert app.answers == [NOTED]


async def test_keys_add_to_the_tags() -> None:
    app = DialogApp(MarkDialog(NOTED, ("case-7", "svc-backup")))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press("s")
        tags = app.screen.query_one(SafeInput)
        await until(pilot, lambda: tags._suggestion, "a tag is suggested")
        await pilot.press("right", "enter")
        await until_answered(pilot, app)

    assert app.answers == [Marks(True, frozenset({"case-7", "svc-backup"}), NOTED.note)]


async def test_everything_can_be_taken_away() -> None:
    app = DialogApp(MarkDialog(NOTED))
    async with app.run_test() as pilot:
        await shown(pilot)
        app.screen.query_one(SafeInput).value = ""
        app.screen.query_one(SafeTextArea).text = " \n"
        await pilot.click(Toggle)
        await until_shown(pilot, "☆ star")
        await pilot.press("ctrl+s")
        await until_answered(pilot, app)

    assert app.answers == [Marks()]


async def test_escape_leaves_it_as_it_was() -> None:
    app = DialogApp(MarkDialog(NOTED))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press("x", "tab", "y", "escape")
        await until_answered(pilot, app)

    assert app.answers == [None]


async def test_what_cannot_be_kept_is_said_and_nothing_is_lost() -> None:
    app = DialogApp(MarkDialog(Marks()))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press("#", "a", "enter")
        await until_shown(pilot, "not a tag: #a. A tag has small letters")
        app.screen.query_one(SafeInput).value = "a"
        app.screen.query_one(SafeTextArea).text = "x" * (LONGEST_NOTE + 1)
        await until_shown(pilot, "4,001 of 4,000 characters")
        await pilot.press("enter")
        await until_shown(pilot, "the note has 4,001 characters. At most 4,000")

    assert app.answers == []


async def test_pasted_text_is_made_safe_and_keeps_its_lines() -> None:
    app = DialogApp(MarkDialog(Marks()))
    async with app.run_test() as pilot:
        await shown(pilot)
        note = app.screen.query_one(SafeTextArea)
        note.insert("a\x1b[2J\r\nb\u202ec\n")
        assert note.text == "a␛[2J\nb«U+202E»c\n"


def test_long_lines_are_not_cut() -> None:
    assert safe_lines("\u202e" * 4_000) == "«U+202E»" * 4_000


async def test_the_last_tag_is_completed_by_one_that_is_not_there_yet() -> None:
    suggester = TagSuggester(("case-1", "case-2", "exfil"))

    assert await suggester.get_suggestion("ca") == "case-1"
    assert await suggester.get_suggestion("case-1 Ca") == "case-1 Case-2"
    assert await suggester.get_suggestion("case-1,ex") == "case-1,exfil"
    assert await suggester.get_suggestion("case-1 ") is None
    assert await suggester.get_suggestion("") is None
    assert await suggester.get_suggestion("x") is None
