"""How the server answers over many events: by index, and without looking at all of them.

What the screens ask is asked through their own functions, and every statement that reaches the
table is explained. An index that is read from end to end is as bad as the table: what counts is
how many rows a statement looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from audit_console.core.filters import EVERYTHING
from audit_console.core.narrowing import Value
from audit_console.core.query import event_field, parse
from audit_console.core.query.stages import Count
from audit_console.core.retention import Limits, RetentionPolicy
from audit_console.core.timespan import Anchor
from audit_console.retention.previewing import Previews, preview
from audit_console.search.facets import facet
from audit_console.search.question import Question
from audit_console.search.request import events_of, extent, steps
from audit_console.search.surrounding import span_around
from audit_console.search.timeline import histogram
from audit_console.sources.postgres import open_postgres, windows
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.extent import find_extent, news_beyond
from audit_console.sources.postgres.layout import find_layout
from audit_console.sources.postgres.plans import PARTS
from audit_console.sources.postgres.reading import read_blocks
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, News, Order, Source
from audit_console.tui.locating import events_beside
from tests.support.cards import card_of
from tests.support.effort import UNMEASURED
from tests.support.postgres import new_database

EVENTS = 50_000
NEWEST = Order.NEWEST_FIRST
FEW = 1_000
"""Rows that a statement may look at where an index serves."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = BEGIN + timedelta(seconds=7 * EVENTS // 2)
WINDOW = (BEGIN, BEGIN + timedelta(days=5))
AN_ID = "c4ca4238-a0b9-2382-0dcc-509a6f75849b"
FILL = """
INSERT INTO audit_events
SELECT 1, 'log.example/' || CASE n % 10 WHEN 0 THEN 'b' ELSE 'a' END,
       CASE n % 10 WHEN 0 THEN n / 10 ELSE n - n / 10 - 1 END, md5(n::text)::uuid, at, at,
       CASE n % 1000 WHEN 0 THEN 'security' ELSE 'authentication' END, 'user-' || n % 500,
       'act-' || n, 'user', 'of-' || n % 500, 'success', NULL,
       format('{"model":"m-%s","tokens":%s}', n % 5000, n), NULL, NULL, 'req-' || n / 5,
       encode(sha256(n::text::bytea), 'hex'), encode(sha256((n + 1)::text::bytea), 'hex')
FROM generate_series(0, 49999) AS n,
     LATERAL (SELECT '2026-01-01Z'::timestamptz + n * '7 s'::interval) AS time(at)
"""


class Node(NamedTuple):
    """A node of a plan, the rows of the table it looked at, and the groups it was to give."""

    kind: str
    by_index: str | None
    looked_at: float
    groups: int = 0


Plan = list[Node]
Way = tuple[str, str | None]
"""How rows were looked at: the kind of a node, and the index."""


@pytest.fixture(scope="module")
def table(postgres_server: str, migrated_template: str) -> Iterator[str]:
    with new_database(postgres_server, template=migrated_template) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(FILL)
            connection.execute("VACUUM ANALYZE audit_events")
        yield dsn


@pytest.fixture
def source(table: str) -> Iterator[Source]:
    """A source that has counted its events and nothing else: counts are kept."""
    with closing(open_postgres(table)) as source:
        source.tally(EVERYTHING, by=(Count(),))
        yield source


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans of all statements that are run."""
    told: list[Plan] = []
    run, copy = Asked.run, psycopg.Cursor.copy

    def explain(connection: psycopg.Connection, query: str, values: Mapping[str, Any]) -> None:
        asked = f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {query}".encode()
        plan = connection.execute(asked, values).fetchall()[0][0][0]["Plan"]
        told.append([_node(node) for node in _nodes(plan)])

    def explained(
        asked: Asked, connection: psycopg.Connection, statement: sql.Composed, **values: Any
    ) -> list[tuple[Any, ...]]:
        explain(connection, statement.as_string(connection), asked.parameters | values)
        return run(asked, connection, statement, **values)

    def copied(cursor: psycopg.Cursor, statement: sql.Composed, values: Mapping[str, Any]) -> Any:
        query = statement.as_string(cursor).removeprefix("COPY").removesuffix("TO STDOUT")
        explain(cursor.connection, query, values)
        return copy(cursor, statement, values)

    monkeypatch.setattr(Asked, "run", explained)
    monkeypatch.setattr(psycopg.Cursor, "copy", copied)
    return told


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _node(node: Mapping[str, Any]) -> Node:
    kept_or_not = (
        *("Actual Rows", "Rows Removed by Filter"),
        *("Rows Removed by Join Filter", "Rows Removed by Index Recheck"),
    )
    looked_at = sum(node.get(name, 0) for name in kept_or_not) * node["Actual Loops"]
    of_table = node.get("Relation Name") == "audit_events"
    groups = node["Plan Rows"] if node["Node Type"] == "Aggregate" else 0
    return Node(node["Node Type"], node.get("Index Name"), looked_at if of_table else 0, groups)


def assert_looked_at(plans: list[Plan], expected: Mapping[Way, int]) -> None:
    """Demand that these ways of looking at rows are those that looked at many, and at how many."""
    rows = dict[Way, float]()
    for node in chain.from_iterable(plans):
        way = node.kind, node.by_index
        rows[way] = rows.get(way, 0) + node.looked_at
    many = {way: count for way, count in rows.items() if count > FEW}
    assert many == pytest.approx(expected, rel=0, abs=FEW)


def question(source: Source, query: str = "") -> Question:
    return Question(source, parse(query, Anchor(BEGIN)).where)


def assert_few(plans: list[Plan]) -> None:
    """Demand that no statement looked at more than a few rows."""
    assert plans
    assert not [plan for plan in plans if sum(node.looked_at for node in plan) > FEW]


AT = [AtRow(0), AtRow(300), AtRow(EVENTS // 2), AtRow(EVENTS - 5)]


@UNMEASURED
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("at", AT)
def test_a_page_is_found_by_an_index(
    source: Source, plans: list[Plan], order: Order, at: AtRow
) -> None:
    page = question(source).page(at, 50, order=order)
    assert page.rows.height in (5, 50)
    newest = EVENTS - 1 - at.row if order is Order.NEWEST_FIRST else at.row
    assert page.rows["action"][0] == f"act-{newest}"
    assert_few(plans)
    *of_page, _ = plans  # the last one finds the events before those of the page
    assert not [node for plan in of_page for node in plan if "Sort" in node.kind]


@UNMEASURED
@pytest.mark.parametrize("order", Order)
def test_a_time_and_an_event_are_found_by_an_index(
    source: Source, plans: list[Plan], order: Order
) -> None:
    asked = question(source)
    middle = asked.page(AtRow(20_000), 1, order=order).rows.row(0, named=True)
    plans.clear()
    for at in (AtTime(middle["timestamp"]), AtEvent(middle["id"])):
        assert asked.page(at, 50, order=order).first_row == 20_000
    assert_few(plans)


Ask = Callable[[Question], object]

BY_INDEX: dict[str, Ask] = {
    "events around": lambda asked: span_around(asked, AN_ID, BEGIN, 20),
    "request": lambda asked: steps(events_of(asked, "req-7"), ()),
    "extent of a request": lambda asked: extent(events_of(asked, "req-7")),
    "events beside": lambda asked: events_beside(
        asked.source, {"chain": "log.example/b", "seq": 2_500}
    ),
    "card of a user": lambda asked: card_of(asked, Value(event_field("user"), "user-7")),
}


@UNMEASURED
@pytest.mark.parametrize("ask", BY_INDEX.values(), ids=BY_INDEX)
def test_a_card_and_what_is_around_are_found_by_an_index(
    source: Source, plans: list[Plan], ask: Ask
) -> None:
    ask(question(source))
    assert_few(plans)


INDEXED = [
    f"id:{AN_ID}",
    "user:=user-7",
    "user:USER-7",
    "user:/^user-7$/",
    "rtype:other",
    "type:=security",
    "type:Sec*",
    "-type:auth*",
    "result:failure",
    "-result:success",
    "rtype:=user rid:=of-7",
    "resource:=user/of-7",
    "resource:=user/of-7 OR resource:=user/of-8",
    "request:=req-7",
    "chain:=log.example/b seq:100..120",
    "time:2026-01-03T04",
    "details.model:=m-7",
    "details.tokens:=7",
    "details.tokens:=7 OR details.tokens:=8",
]
ON_SCREEN: dict[str, Ask] = {
    "newest": lambda asked: asked.page(AtRow(0), 50, order=NEWEST),
    "oldest": lambda asked: asked.page(AtRow(0), 50, order=Order.OLDEST_FIRST),
    "next": lambda asked: asked.page(AtRow(10), 50, order=NEWEST),
    "at a time": lambda asked: asked.page(AtTime(MIDDLE), 50, order=NEWEST),
    "count": Question.count,
    "facet": lambda asked: facet(asked, "user", WINDOW).pick(10),
    "facet of details": lambda asked: facet(asked, "details.model", WINDOW).pick(10),
    "values of a facet": lambda asked: facet(asked, "action", WINDOW, counted=False),
    "timeline": lambda asked: histogram(asked, WINDOW, 80),
}


@UNMEASURED
@pytest.mark.parametrize("query", INDEXED)
def test_what_a_narrow_filter_keeps_is_found_by_an_index(
    source: Source, plans: list[Plan], query: str
) -> None:
    for ask in ON_SCREEN.values():
        ask(question(source, query))
    assert_few(plans)


READS_ALL: dict[str, tuple[int, Ask]] = {
    # Every event counts, and has its value in its row alone.
    "facet": (1, lambda asked: facet(asked, "user", WINDOW).counts()),
    "facet of details": (2, lambda asked: facet(asked, "details.model", WINDOW).counts()),
    "values of a facet": (1, lambda asked: facet(asked, "action", WINDOW, counted=False)),
    # The events of the values that are shown, which may be all.
    "facet as it is shown": (2, lambda asked: facet(asked, "type", WINDOW).pick(10)),
    # Every event is in a bar, by its result.
    "timeline": (1, lambda asked: histogram(asked, WINDOW, 80)),
    # PostgreSQL keeps no counts; they are kept by the source until it is closed.
    "count": (1, lambda asked: question(asked.source, "action:act*").count()),
    # No index holds what is inside of a text, or a text in lower case.
    "word": (2, lambda asked: question(asked.source, "nowhere").page(AtRow(0), 50, order=NEWEST)),
}
"""What may look at every event once in each of so many statements."""


@UNMEASURED
def test_a_preview_looks_into_indexes_and_at_what_is_of_another_chain_meanwhile(
    source: Source, plans: list[Plan]
) -> None:
    made = preview(source, Limits(MIDDLE, RetentionPolicy(days=1)), chain="log.example/a")
    assert (made.events, made.kept) == (22_500, 22_500)
    half = EVENTS // 2
    expected: dict[Way, int] = {
        ("Index Only Scan", "audit_events_time"): 2 * half,  # counted, and listed
        ("Index Only Scan", "audit_events_type"): half,
        ("Index Only Scan", "audit_events_user"): half,
        ("Index Only Scan", "audit_events_resource"): half,
        ("Index Scan", "audit_events_pkey"): half - made.events,
        ("Index Only Scan", "audit_events_pkey"): made.events + made.kept,
    }
    assert_looked_at(plans, expected)


@UNMEASURED
def test_where_time_says_little_a_preview_looks_at_the_table_once(
    source: Source, plans: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "MOST_APART", 100)
    made = preview(source, Limits(MIDDLE, RetentionPolicy(days=1)), chain="log.example/a")
    assert (made.events, made.kept) == (22_500, 22_500)
    expected: dict[Way, int] = {
        ("Index Only Scan", "audit_events_time"): EVENTS // 2,
        ("Tid Range Scan", None): EVENTS,
        ("Index Only Scan", "audit_events_pkey"): made.events + made.kept,
    }
    assert_looked_at(plans, expected)
    assert max(sum(node.kind == "Tid Range Scan" for node in plan) for plan in plans) == PARTS


@UNMEASURED
def test_a_preview_of_other_days_looks_at_the_events_between_alone(
    source: Source, plans: list[Plan]
) -> None:
    previews = Previews(source, "log.example/a")
    policy = RetentionPolicy(days=1)
    previews.count(previews.outline(Limits(MIDDLE, policy)))
    plans.clear()
    made = previews.count(previews.outline(Limits(MIDDLE + timedelta(minutes=20), policy)))
    assert (made.events, made.kept) == (22_654, 22_346)
    assert_few(plans)


@UNMEASURED
@pytest.mark.parametrize(("statements", "ask"), READS_ALL.values(), ids=READS_ALL)
def test_what_looks_at_all_events_does_so_once(
    source: Source, plans: list[Plan], statements: int, ask: Ask
) -> None:
    ask(question(source))
    assert len(plans) == statements
    assert max(sum(node.looked_at for node in plan) for plan in plans) <= EVENTS + FEW


def test_bins_are_taken_to_be_few_so_that_several_processes_count(
    source: Source, plans: list[Plan]
) -> None:
    histogram(question(source), WINDOW, 80)
    question(source, "action:act-*").count()
    groups = [node.groups for plan in plans for node in plan if node.kind == "Aggregate"]
    assert len(groups) == 2
    assert max(groups) < FEW


@UNMEASURED
def test_the_log_is_read_in_the_order_of_the_key(table: str, plans: list[Plan]) -> None:
    with psycopg.connect(table) as connection:
        extent = find_extent(connection, find_layout(connection, ["public"], "log"))
        plans.clear()
        assert sum(block.rows for block in read_blocks(connection, extent.rows)) == EVENTS
    assert plans == [[Node("Index Scan", "audit_events_pkey", EVENTS)]]


def test_what_is_new_is_counted_by_an_index(table: str, plans: list[Plan]) -> None:
    with psycopg.connect(table) as connection:
        layout = find_layout(connection, ["public"], "log")
        extent = find_extent(connection, layout)
        seven_less = tuple((chain, head - 7) for chain, head in extent.heads)
        assert news_beyond(replace(extent, heads=seven_less), connection, layout) == News(14)
    assert_few(plans)


def test_no_count_is_made_for_the_first_page_of_a_filter(source: Source, plans: list[Plan]) -> None:
    page = question(source, "user:=user-9").page(AtRow(0), 20, order=NEWEST)
    assert (page.rows.height, page.matched) == (20, None)
    assert len(plans) == 2  # the page, and the events before its events
    assert_few(plans)
