from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from audit_console.tui.dialogs.zone import ZoneDialog
from tests.support.effort import UNMEASURED
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import until_shown

AT = datetime(2026, 11, 23, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(autouse=True)
def machine_in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


async def answer(current: tzinfo, *keys: str) -> tzinfo | None:
    app = DialogApp(ZoneDialog(current, AT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Europe/Berlin CET +01:00")
        await pilot.press(*keys)
        await until_answered(pilot, app)
    return app.answers[0]


async def test_it_starts_on_the_zone_in_use() -> None:
    assert await answer(UTC, "enter") is UTC
    assert await answer(TOKYO, "enter") == TOKYO


@UNMEASURED
async def test_the_zone_of_the_machine_is_offered() -> None:
    assert await answer(UTC, "down", "enter") == ZoneInfo("Europe/Berlin")
    assert await answer(TOKYO, "down", "g", "enter") is UTC


async def test_another_is_typed() -> None:
    assert await answer(UTC, *"tokyo", "enter") == TOKYO


async def test_escape_answers_nothing() -> None:
    assert await answer(UTC, "down", "escape") is None


async def test_what_is_no_zone_is_said() -> None:
    app = DialogApp(ZoneDialog(UTC, AT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "▸ UTC")
        await pilot.press(*"Berln", "enter")
        await until_shown(pilot, "no zone Berln. Did you mean Europe/Berlin")

    assert app.answers == []
