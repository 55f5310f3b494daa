"""A log in a real database on the screen: rows at once, numbers when they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from audit_console.sources.postgres import PostgresSource, open_postgres
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.tables import store_v1
from tests.tui.support import (
    make_app,
    make_event,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_table_is_looked_at_as_an_archive_is(
    database: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    store_v1(database, linked(make_event(seq) for seq in range(900)))
    app = make_app(_open, tmp_path, places=[database])
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "action 3 ")
        await until_loaded(pilot)
        assert "row 1 of 900" in screen_text(app)
        assert "900 events" in screen_text(app) or "900 of 900 matched" in screen_text(app)
        await pilot.press("G")
        await until_shown(pilot, "action 899 ")
        assert "row 900 of 900" in screen_text(app)
        await pilot.press("enter")
        await until_shown(pilot, "result_error")
        assert "byte " not in screen_text(app)
        await pilot.press("escape", "r")
        await until(pilot, lambda: table_of(app).cursor_row == 0, "the newest is first")
        await pilot.press("slash", *"result:failure ", "enter")
        await until_shown(pilot, "of 90 ")
        await pilot.press("g")
        await until(pilot, lambda: table_of(app).cursor_row == 0, "the first row")
        selected = table_of(app).selected
        assert selected is not None
        assert selected["action"] == "action 899"


def _open(places: Sequence[str]) -> PostgresSource:
    return open_postgres(places[0])
