from __future__ import annotations

from pathlib import Path

import pytest
from textual.widget import Widget

from audit_console.errors import UsageError
from audit_console.sources.memory import MemorySource
from audit_console.tui.actions import ACTIONS, Pane, key_label
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.keymap import UNCHANGED, Keymap
from audit_console.tui.keymap_file import AROUND, FIXED, read_keymap
from audit_console.tui.panes import panes_in_focus
from tests.support.effort import UNMEASURED
from tests.tui.support import make_lines, screen_text, until, until_loaded, until_shown

DOCUMENT = Path(__file__).parents[2] / "docs" / "keys.md"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keymap.toml"


def test_without_a_file_nothing_is_changed(file: Path) -> None:
    assert read_keymap(file) == UNCHANGED


def test_keys_are_typed_as_they_are_printed_or_named(file: Path) -> None:
    file.write_text('[investigate]\nstar = "*"\nquery = ["ctrl+k", "f5", "comma"]\n')
    changed = read_keymap(file).changed
    assert changed == {
        "investigate.star": ("asterisk",),
        "investigate.query": ("ctrl+k", "f5", "comma"),
    }


def test_a_file_that_is_no_utf_8_is_said_to_be_none(file: Path) -> None:
    file.write_bytes(b"# caf\xe9\n")
    with pytest.raises(UsageError, match=r"keymap\.toml: not UTF-8$"):
        read_keymap(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[investigate", "TOML"),
        ("[investigat]\nstar = 'w'", "[investigat] is no pane Did you mean investigate?"),
        (
            "star = 'w'",
            (
                "[star] is no pane Known: app, sources, investigate, chips, facets, timeline,"
                " table, result, detail, integrity, map, retention, days"
            ),
        ),
        ("[investigate]\nstarr = 'w'", "[investigate] has no 'starr' Did you mean star?"),
        ("[investigate]\nstar = []", "[investigate] star has no key"),
        ("[investigate]\nstar = 7", "[investigate] star has no key"),
        ("[investigate]\nstar = ''", "[investigate] star: '' is no key"),
        ("[investigate]\nstar = 'F77x'", "[investigate] star: 'F77x' is no key"),
        ("[investigate]\nstar = 'strg+x'", "[investigate] star: 'strg+x' is no key"),
        ("[investigate]\nstar = 'shift+w'", "[investigate] star: 'shift+w' is no key"),
        ("[dialog]\nclose = 'w'", "[dialog] keeps its keys"),
        ("[app]\nquit = 'w'", "[app] quit: 'w' could no longer be typed into a query"),
        ("[investigate]\nstar = 'x'", "x is both [investigate] star and [investigate] export"),
        ("[investigate]\nstar = 'f'", "f is both [investigate] star and [table] include"),
        ("[app]\nhelp = 'j'", "j is both [app] help and [table] cursor_down"),
        ("[table]\nreverse = '3'", "3 is both [table] reverse and [app] integrity"),
        ("[timeline]\nbrush = 'ctrl+q'", "^Q is both [timeline] brush and [app] quit"),
        ("[sources]\nforget = 'enter'", "Enter is both [sources] forget and [list] choose"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_to_do(
    file: Path, text: str, said: str
) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_keymap(file)
    assert said in f"{raised.value} {raised.value.hint}"
    assert str(raised.value).startswith(f"{file}: ")
    assert raised.value.hint
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        read_keymap(tmp_path)


def test_two_actions_may_change_places(file: Path) -> None:
    file.write_text('[investigate]\nstar = "x"\nexport = "m"\n')
    assert read_keymap(file).changed["investigate.star"] == ("x",)


@UNMEASURED
def test_every_key_of_the_table_may_be_written_in_the_file(file: Path) -> None:
    for action in ACTIONS:
        if action.pane not in FIXED:
            keys = ", ".join(f'"{key}"' for key in action.keys)
            file.write_text(f"[{action.pane.name.lower()}]\n{action.name} = [{keys}]\n")
            assert read_keymap(file).keys(action) == action.keys


def test_the_document_lists_every_action_whose_keys_can_be_changed() -> None:
    rows = [
        f"| `{action.name}` | {' '.join(map(key_label, action.keys))} | {action.explanation} |"
        for action in ACTIONS
        if action.pane not in FIXED
    ]
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [row for row in rows if row not in text] == []
    assert text.count("| `") == len(rows)


@UNMEASURED
async def test_the_keys_in_force_are_pressed_and_shown(tmp_path: Path) -> None:
    keymap = Keymap({"investigate.star": ("asterisk",), "app.help": ("f9",)})
    kept = Belongings(tmp_path, tmp_path, keymap=keymap)
    app = AuditConsoleApp(lambda _: MemorySource(make_lines(20)), places=["log"], kept=kept)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        assert "F9 Help" in screen_text(app).splitlines()[-1]
        await pilot.press("m", "question_mark")
        assert "★" not in screen_text(app)
        await pilot.press("asterisk")
        await until(pilot, lambda: "★" in screen_text(app), "the star")
        await pilot.press("f9", "G")
        await until_shown(pilot, "star this event, or take its star away")
        line = next(line for line in screen_text(app).splitlines() if "star this event" in line)
        assert " * " in line
        await pilot.press("escape", "ctrl+p")
        await pilot.press(*"help")
        await until_shown(pilot, "Help  (F9)")


async def test_panes_are_known_to_be_in_the_panes_around_them(tmp_path: Path) -> None:
    kept = Belongings(tmp_path, tmp_path)
    app = AuditConsoleApp(lambda _: MemorySource(make_lines(20)), places=["log"], kept=kept)
    seen: set[Pane] = set()
    async with app.run_test(size=(160, 40)) as pilot:
        await until_loaded(pilot)
        for screen in "2341":
            await pilot.press(screen)
            for widget in app.screen.walk_children(Widget):
                if widget.can_focus:
                    app.screen.set_focus(widget)
                    pane, *around = panes_in_focus(app.screen)
                    assert set(around) <= {*AROUND.get(pane, ()), pane}
                    seen.add(pane)
    assert {Pane.TABLE, Pane.FACETS, Pane.TIMELINE, Pane.LIST, Pane.MAP, Pane.DAYS} <= seen
