"""A large part of a table is counted by indexes, as a window of time, and counts the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from polars.testing import assert_frame_equal

from audit_console.core.query.stages import Count, Timeline
from audit_console.core.timespan import Duration
from audit_console.retention.spans import events_of
from audit_console.sources.postgres import bins, open_postgres, windows
from audit_console.sources.postgres.grouping import Grouping
from audit_console.sources.protocol import Source
from tests.support.postgres import new_database

CHAIN, EVENTS = "log.example/b", 20_000
FILL = """
INSERT INTO audit_events
SELECT 1, chain, seq, md5(chain || seq)::uuid, at, at, 'type-' || seq %% 7,
       CASE seq %% 3 WHEN 0 THEN 'user-' || seq %% 50 END, 'act', 'kind-' || seq %% 2,
       'of-' || seq %% 90, CASE seq %% 11 WHEN 0 THEN 'failure' WHEN 1 THEN 'partial_success'
       ELSE 'success' END, NULL, NULL, NULL, NULL, 'req-' || seq,
       encode(sha256((chain || seq)::bytea), 'hex'), encode(sha256((chain || seq)::bytea), 'hex')
FROM generate_series(%(first)s::bigint, %(last)s) AS seq,
     LATERAL (SELECT '2026-01-01Z'::timestamptz + seq * '60 s'::interval) AS time(at),
     LATERAL (SELECT %(chain)s::text) AS name(chain)
"""
STAGES: list[Count | Timeline] = [
    Timeline(Duration(1, "d"), by="type"),
    Timeline(Duration(1, "mo")),
    Count(("user",)),
    Count(("resource",)),
    Count(("result",)),
    Count(("type",)),
]


def add(dsn: str, chain: str, first: int, last: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(FILL, {"chain": chain, "first": first, "last": last})


@pytest.fixture(scope="module")
def table(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """A long chain between two short ones."""
    with new_database(postgres_server, template=migrated_template) as dsn:
        for chain, events in ((CHAIN, EVENTS), ("log.example/a", 900), ("log.example/c", 800)):
            add(dsn, chain, 0, events - 1)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE audit_events")
        yield dsn


@contextmanager
def changed(server: str, table: str, change: str = "") -> Iterator[str]:
    """Give a copy of the table that was changed."""
    name = table.partition("///")[2].partition("?")[0]
    with new_database(server, template=name) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in filter(str.strip, change.split(";")):
                connection.execute(statement.encode())
            connection.execute("VACUUM ANALYZE audit_events")
        yield dsn


@pytest.fixture(scope="module")
def disordered(postgres_server: str, table: str) -> Iterator[str]:
    """The same, where some events happened days before or behind their neighbours."""
    with changed(
        postgres_server,
        table,
        """ALTER TABLE audit_events DISABLE TRIGGER USER;
        UPDATE audit_events
        SET "timestamp" = "timestamp"
            + CASE seq % 3 WHEN 0 THEN '-5 days'::interval ELSE '3 days' END
        WHERE seq % 997 IN (3, 4)""",
    ) as dsn:
        yield dsn


@pytest.fixture
def by_indexes(monkeypatch: pytest.MonkeyPatch) -> list[Grouping]:
    """What is counted by indexes."""
    asked: list[Grouping] = []
    of_indexes = Grouping.with_left_out

    def told(grouping: Grouping, rows: list[tuple[object, ...]]) -> object:
        asked.append(grouping)
        return of_indexes(grouping, rows)

    monkeypatch.setattr(Grouping, "with_left_out", told)
    return asked


def assert_counts(source: Source, seqs: range, stages: list[Count | Timeline] = STAGES) -> None:
    """Demand that counts are those that each stage gives."""
    where = events_of(CHAIN, seqs.start, seqs.stop)
    for counted, stage in zip(source.counts(where, by=stages), stages, strict=True):
        assert_frame_equal(counted, source.tally(where, by=[stage]), check_row_order=False)


@pytest.mark.parametrize(
    "seqs",
    [
        range(EVENTS),
        range(18_000),
        range(1_500, 18_000),
        range(3_000, EVENTS),
        range(8_000, 15_000),
    ],
)
def test_a_large_part_of_a_table_is_counted_by_indexes(
    table: str, by_indexes: list[Grouping], seqs: range
) -> None:
    with closing(open_postgres(table)) as source:
        assert_counts(source, seqs)
    assert by_indexes


def test_with_many_bins_the_bin_of_each_event_is_told(
    table: str, by_indexes: list[Grouping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bins, "MOST_BINS", 10)
    stages: list[Count | Timeline] = [Timeline(Duration(3, "mo"), by="type"), *STAGES]
    with closing(open_postgres(table)) as source:
        assert_counts(source, range(18_000), stages)
    assert by_indexes


@pytest.mark.parametrize("seqs", [range(0), range(900), range(19_000, EVENTS)])
def test_less_of_it_is_looked_at(table: str, by_indexes: list[Grouping], seqs: range) -> None:
    with closing(open_postgres(table)) as source:
        assert_counts(source, seqs)
    assert not by_indexes


SPANS = [range(EVENTS), range(12_000), range(3_000, 18_000), range(5_000), range(9_000, 16_000)]


@pytest.mark.parametrize("seqs", SPANS)
def test_events_that_happened_out_of_order_count_with_their_span(
    disordered: str, by_indexes: list[Grouping], seqs: range
) -> None:
    with closing(open_postgres(disordered)) as source:
        assert_counts(source, seqs)
    assert by_indexes


def test_where_many_events_are_out_of_order_they_are_looked_at(
    disordered: str, by_indexes: list[Grouping], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "MOST_APART", 1_700)
    with closing(open_postgres(disordered)) as source:
        assert_counts(source, range(EVENTS))
    assert not by_indexes


@pytest.mark.parametrize("stages", [STAGES[2:3], [Count(("action",)), *STAGES]])
def test_what_no_index_has_of_all_events_is_looked_at(
    table: str, by_indexes: list[Grouping], stages: list[Count | Timeline]
) -> None:
    with closing(open_postgres(table)) as source:
        assert_counts(source, range(EVENTS), stages)
    assert not by_indexes


def test_events_that_came_since_a_log_was_opened_do_not_count(
    postgres_server: str, table: str, by_indexes: list[Grouping]
) -> None:
    with changed(postgres_server, table) as dsn, closing(open_postgres(dsn)) as source:
        add(dsn, CHAIN, EVENTS, EVENTS + 49)
        add(dsn, "log.example/new", 0, 49)
        assert_counts(source, range(EVENTS))
        assert by_indexes
        by_indexes.clear()
        assert_counts(source, range(EVENTS + 50))  # reaches beyond what the log was
    assert not by_indexes


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX audit_events_result",
        """ALTER TABLE audit_events ALTER COLUMN result DROP NOT NULL;
        ALTER TABLE audit_events DISABLE TRIGGER USER;
        UPDATE audit_events SET result = NULL WHERE seq = 7""",
    ],
    ids=["no index", "no result"],
)
def test_a_table_whose_indexes_do_not_say_it_is_looked_at(
    postgres_server: str, table: str, by_indexes: list[Grouping], change: str
) -> None:
    with changed(postgres_server, table, change) as dsn, closing(open_postgres(dsn)) as source:
        assert_counts(source, range(EVENTS))
    assert not by_indexes
