from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.sources.protocol import Order
from audit_console.tui.dialogs.saved_searches import NameSearchDialog, SavedSearchesDialog
from audit_console.tui.saved import SavedSearch, SavedSearches
from tests.support.disk import fill_disk
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import screen_text, until, until_shown

LOGINS = SavedSearch("Logins", "type:authentication", ("time", "user"), Order.OLDEST_FIRST)
HOSTILE = SavedSearch("a \x1b[2J\u202e", "user:\x1b[31m")


@pytest.fixture
def saved(tmp_path: Path) -> SavedSearches:
    searches = SavedSearches(tmp_path / "saved.json")
    searches.save(LOGINS)
    searches.save(HOSTILE)
    return searches


async def test_a_search_is_opened(saved: SavedSearches) -> None:
    app = DialogApp(SavedSearchesDialog(saved))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Logins")
        await pilot.press("down")
        await until_shown(pilot, "oldest first · time, user")
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [LOGINS]


async def test_hostile_names_and_queries_are_shown_safe(saved: SavedSearches) -> None:
    app = DialogApp(SavedSearchesDialog(saved))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "a ␛[2J«U+202E»  user:␛[31m")
        assert "\x1b" not in screen_text(app)


async def test_a_search_is_forgotten(saved: SavedSearches) -> None:
    app = DialogApp(SavedSearchesDialog(saved))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Logins")
        await pilot.press("delete")
        await until(pilot, lambda: "a ␛" not in screen_text(app), "the first is gone")
        await pilot.press("x")
        await until_shown(pilot, "none yet")
        await pilot.press("x", "enter")

    assert saved.all() == ()
    assert app.answers == []


async def test_a_fault_is_said(saved: SavedSearches, monkeypatch: pytest.MonkeyPatch) -> None:
    app = DialogApp(SavedSearchesDialog(saved))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Logins")
        fill_disk(monkeypatch)
        await pilot.press("delete")
        await until_shown(pilot, "⚠ saved searches are not kept: No space left on device")

    assert len(saved.all()) == 2


async def test_a_broken_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text("{")
    app = DialogApp(SavedSearchesDialog(SavedSearches(path)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "⚠ saved searches: not written by this program")
        await until_shown(pilot, "none yet")


async def test_a_search_gets_a_name() -> None:
    app = DialogApp(NameSearchDialog("type:authentication", {"old"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "type:authentication")
        await pilot.press("enter")
        await until_shown(pilot, "a saved search needs a name")
        await pilot.press(*"old")
        await until_shown(pilot, "takes the place of the search of this name")
        await pilot.press("e", "r", "enter")
        await until_answered(pilot, app)

    assert app.answers == ["older"]
