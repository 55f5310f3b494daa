"""How the server answers over many events: by index, and without looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import sql

from audit_console.core.filters import EVERYTHING, Filter, equals
from audit_console.core.query.stages import Count
from audit_console.sources.postgres import open_postgres
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Order, Source
from tests.support.postgres import new_database

EVENTS = 50_000
FILL = """
INSERT INTO audit_events
SELECT 1, 'log.example/a', n, md5(n::text)::uuid, '2026-01-01'::timestamptz + n * interval '7 s',
       '2026-01-01'::timestamptz + n * interval '7 s', 'authentication', 'user-' || n % 500, 'act',
       'user', 'x', 'success', NULL, NULL, NULL, NULL, 'req-' || n,
       encode(sha256(n::text::bytea), 'hex'), encode(sha256((n + 1)::text::bytea), 'hex')
FROM generate_series(0, 49999) AS n
"""


@pytest.fixture(scope="module")
def source(postgres_server: str, migrated_template: str) -> Iterator[Source]:
    with new_database(postgres_server, template=migrated_template) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(FILL)
            connection.execute("VACUUM ANALYZE audit_events")
        with closing(open_postgres(dsn)) as source:
            yield source


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans of all statements that are run."""
    told: list[str] = []
    run = Asked.run

    def explained(
        asked: Asked, connection: psycopg.Connection, statement: sql.Composed, **values: Any
    ) -> list[tuple[Any, ...]]:
        explain = sql.SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {}").format(statement)
        told.append("\n".join(row[0] for row in run(asked, connection, explain, **values)))
        return run(asked, connection, statement, **values)

    monkeypatch.setattr(Asked, "run", explained)
    return told


AT = [AtRow(0), AtRow(300), AtRow(EVENTS // 2), AtRow(EVENTS - 5)]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("at", AT)
def test_a_page_is_found_by_an_index(
    source: Source, plans: list[str], order: Order, at: AtRow
) -> None:
    source.tally(EVERYTHING, by=(Count(),))
    plans.clear()
    page = source.page(EVERYTHING, order=order, at=at, limit=50)
    assert page.rows.height in (5, 50)
    newest = EVENTS - 1 - at.row if order is Order.NEWEST_FIRST else at.row
    assert page.rows["seq"][0] == newest
    assert plans
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "Sort" not in plan


@pytest.mark.parametrize("order", Order)
def test_a_time_and_an_event_are_found_by_an_index(
    source: Source, plans: list[str], order: Order
) -> None:
    source.tally(EVERYTHING, by=(Count(),))
    middle = source.page(EVERYTHING, order=order, at=AtRow(20_000), limit=1).rows.row(0, named=True)
    plans.clear()
    for at in (AtTime(middle["timestamp"]), AtEvent(middle["id"])):
        assert source.page(EVERYTHING, order=order, at=at, limit=50).first_row == 20_000
    assert plans
    assert not [plan for plan in plans if "Seq Scan" in plan]


def test_no_count_is_made_for_the_first_page_of_a_filter(source: Source, plans: list[str]) -> None:
    where = Filter((equals("user_id", "user-7"),))
    page = source.page(where, order=Order.NEWEST_FIRST, at=AtRow(0), limit=20)
    assert (page.rows.height, page.matched) == (20, None)
    assert len(plans) == 2  # the page, and the events before its events
    assert not [plan for plan in plans if "Seq Scan" in plan]
