"""Fields of few values: they are known once a filter reads them, and filters keep the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from audit_console.core.event import RESULTS
from audit_console.core.filters import Filter
from audit_console.core.query import parse
from audit_console.core.query.stages import Count
from audit_console.core.timespan import Anchor
from audit_console.sources.postgres import names, open_postgres
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.protocol import Source
from tests.support.chains import linked, v1_chain
from tests.support.tables import store_orchestrator, store_v1

TYPES = ("system_event", "authentication", "secret_access")
EVENTS = linked(
    replace(
        one,
        event_type=TYPES[number % 3],
        user_id=None if number % 5 == 0 else f"user-{number % 4}",
        resource_type="secret" if number % 2 else "user",
        result=RESULTS[number % 3],
    )
    for number, one in enumerate(v1_chain(40))
)
QUERIES = [
    "type:AUTH*",
    "-type:auth*",
    "user:A*",
    "-user:a*",
    "user:*",
    "rtype:/^s/",
    "result:succ*",
]


def where(query: str) -> Filter:
    return parse(query, Anchor(datetime.now(UTC))).where


def counted(source: Source, query: str) -> int:
    return int(source.tally(where(query), by=[Count()])["count"][0])


@contextmanager
def opened(dsn: str) -> Iterator[Source]:
    with closing(open_postgres(dsn)) as source:
        yield source


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Looks for all values of a field."""
    made: list[str] = []
    run = Asked.run

    def told(
        asked: Asked, connection: psycopg.Connection, statement: Any, **more: object
    ) -> object:
        if "RECURSIVE names" in str(statement):
            made.append(str(statement))
        return run(asked, connection, statement, **more)

    monkeypatch.setattr(Asked, "run", told)
    return made


@pytest.mark.parametrize(
    ("limit", "value"),
    [("FEW", names.FEW), ("FEW", 1), ("LONGEST", 3)],
    ids=["known", "too many", "too long"],
)
def test_filters_keep_the_same_whether_all_values_are_known_or_not(
    database: str, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    store_v1(database, EVENTS)
    monkeypatch.setattr(names, limit, value)
    with opened(database) as source:
        kept = [counted(source, query) for query in QUERIES]
    monkeypatch.setattr(names, "NAMED", ())
    with opened(database) as source:
        assert kept == [counted(source, query) for query in QUERIES]
    assert {0, len(EVENTS)} < set(kept)


def test_values_are_looked_for_when_a_filter_first_reads_them(
    database: str, lookups: list[str]
) -> None:
    store_v1(database, EVENTS)
    with opened(database) as source:
        for query in ("action:login", "user:=a", "user:(=a OR =b)", "-user:*", "result:fail*"):
            counted(source, query)
        assert not lookups
        for query in ("user:a*", "user:b*", "-(user:c OR action:x)", "user:/a/"):
            counted(source, query)
        assert len(lookups) == 1


def test_without_an_index_no_value_is_looked_for(database: str, lookups: list[str]) -> None:
    store_v1(database, EVENTS)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP INDEX audit_events_type")
    with opened(database) as source:
        assert counted(source, "type:S*") == counted(source, "type:s*") > 0
    assert not lookups


def test_of_the_orchestrators_table_results_alone_are_known(
    empty_database: str, lookups: list[str]
) -> None:
    store_orchestrator(empty_database, EVENTS)
    with opened(empty_database) as source:
        assert counted(source, "type:auth* result:S*") + counted(source, "-(type:auth* result:S*)")
    assert not lookups
