"""A server that goes away and comes back: what has no answer is said, and asked again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.embedded import EmbeddedServer
from audit_console.migrate import migrate
from audit_console.sources.postgres import PostgresSource, open_postgres
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.screens.investigate import following
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

SELDOM = 3600.0
SMALL = (80, 24)
SIZES = [SMALL, (200, 60)]
BEFORE = "the rows are of the question before"


@pytest.fixture(scope="module")
def server(own_server: EmbeddedServer) -> EmbeddedServer:
    """A server with 900 events of three users."""
    migrate(own_server.dsn)
    store_v1(own_server.dsn, linked(make_event(seq) for seq in range(900)))
    return own_server


@pytest.fixture
def app(server: EmbeddedServer, tmp_path: Path) -> Iterator[AuditConsoleApp]:
    """A console over it; a test that fails leaves the server running for the next."""
    yield make_app(_open, tmp_path, places=[server.dsn])
    server.start()


def _open(places: Sequence[str]) -> PostgresSource:
    return open_postgres(places[0])


@pytest.fixture
def news_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked again unless the reader does."""
    monkeypatch.setattr(following, "SECONDS_BETWEEN_NEWS", SELDOM)


@pytest.fixture
def news_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_NEWS", 0.05)


async def ask(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash", *text, "enter")


async def until_answered(pilot: Pilot[None], matched: int) -> None:
    """Let the app run until rows and counts are those of the question, and nothing is said."""
    table = table_of(pilot.app)
    await until(pilot, lambda: (table.row_count, table.stale) == (matched, False), "rows")
    await until_loaded(pilot)
    await until(pilot, lambda: "to ask again" not in screen_text(pilot.app), "all is there")
    assert f"row 1 of {matched}" in screen_text(pilot.app)
    rows = [table._window.row(row) for row in range(20)]
    users = {None if row is None else row["user_id"] for row in rows}
    assert users == ({"user-1"} if matched == 300 else {"user-0", "user-1", "user-2"})


@asynccontextmanager
async def asked_while_it_is_away(
    app: AuditConsoleApp, server: EmbeddedServer, size: tuple[int, int] = SMALL
) -> AsyncIterator[Pilot[None]]:
    """A console whose rows are of the question before, for the server was stopped."""
    async with app.run_test(size=size) as pilot:
        await until_answered(pilot, 900)
        server.stop()
        await ask(pilot, "user:user-1")
        await until_shown(pilot, f"✘ {BEFORE}" if size == SMALL else BEFORE)
        await until_shown(pilot, "press . to ask again")
        assert table_of(app).has_class("-stale")
        assert "row 1 of" not in screen_text(app)
        assert "of 900 matched" not in screen_text(app).replace("… of 900 matched", "")
        yield pilot


@UNMEASURED
@pytest.mark.usefixtures("news_seldom")
@pytest.mark.parametrize("size", SIZES)
async def test_a_key_asks_again(
    app: AuditConsoleApp, server: EmbeddedServer, size: tuple[int, int]
) -> None:
    async with asked_while_it_is_away(app, server, size) as pilot:
        await until(pilot, lambda: app._notifications, "it is said")
        told = [*app._notifications]
        await pilot.press("full_stop")
        await until(pilot, lambda: len(app._notifications) > len(told), "the key does something")
        await until(pilot, lambda: told[0] not in [*app._notifications], "it is said again")
        assert table_of(app).stale
        server.start()
        await pilot.press("full_stop")
        await until_answered(pilot, 300)


@UNMEASURED
@pytest.mark.usefixtures("news_seldom")
async def test_the_same_query_asks_again(app: AuditConsoleApp, server: EmbeddedServer) -> None:
    async with asked_while_it_is_away(app, server) as pilot:
        server.start()
        await pilot.press("slash", "enter")
        await until_answered(pilot, 300)


@pytest.mark.usefixtures("news_seldom")
async def test_the_line_that_says_so_can_be_clicked(
    app: AuditConsoleApp, server: EmbeddedServer
) -> None:
    async with asked_while_it_is_away(app, server) as pilot:
        server.start()
        await pilot.click("Completeness", offset=(5, 0))
        await until_answered(pilot, 300)


@UNMEASURED
@pytest.mark.usefixtures("news_often")
@pytest.mark.parametrize("size", SIZES)
async def test_what_has_no_answer_is_asked_when_the_server_is_back(
    app: AuditConsoleApp, server: EmbeddedServer, size: tuple[int, int]
) -> None:
    async with asked_while_it_is_away(app, server, size) as pilot:
        assert "changed or is gone" not in screen_text(app)
        server.start()
        await until_answered(pilot, 300)


@UNMEASURED
@pytest.mark.usefixtures("news_often")
async def test_rows_that_were_gone_to_meanwhile_come(
    app: AuditConsoleApp, server: EmbeddedServer
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await until_answered(pilot, 900)
        server.stop()
        await pilot.press("G")
        await until_shown(pilot, "✘ not all was answered: press . to ask again")
        assert table_of(app).selected is None
        server.start()
        await until_shown(pilot, "action 899 ")
        await until(pilot, lambda: "to ask again" not in screen_text(app), "all is there")


@UNMEASURED
@pytest.mark.usefixtures("news_often")
@pytest.mark.parametrize("size", SIZES)
async def test_a_server_that_is_away_is_no_log_that_changed(
    app: AuditConsoleApp, server: EmbeddedServer, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await until_answered(pilot, 900)
        server.stop()
        await until_shown(pilot, "✘ the log cannot be reached: press . to ask again")
        await pilot.press("full_stop")
        await until(pilot, lambda: app._notifications, "the key does something")
        assert [notice.message for notice in app._notifications] == ["asking again"]
        server.start()
        await until_answered(pilot, 900)
