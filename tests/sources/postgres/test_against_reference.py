"""Filters and stages as SQL, against the plain reference, over awkward events in a table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.filters import Exact, Filter, Term
from audit_console.core.query import event_field, parse
from audit_console.core.timespan import Anchor
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Cursor, Order, Source
from tests.support import queries
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.postgres import new_database
from tests.support.reading import read_whole
from tests.support.tables import store_v1

pytestmark = UNMEASURED  # the same filters as elsewhere, over and over

EVENTS = 150
STAGES = [
    *("count", "count by details.a", "count by details.a,user", "count by details.a,details.b"),
    *("count by time,hour,weekday,seq", "top user 3", "rare resource", "top details.a 4"),
    *("first user", "first details.a,result", "first id", "timeline 1d by details.a"),
    *(
        "timeline 1d by user",
        "timeline 1w",
        "timeline 1mo",
        "timeline 3mo by result",
        "timeline 2y",
    ),
    *("count by user,result | sort count desc | limit 3", "count by user | count", "limit 7"),
    *("count by details.a,result | count", "count by error | count | sort count", "count | count"),
    *("limit 7 | count by user", "sort user", "sort user desc | limit 9", "sort weekday desc"),
    *("sort details.a | limit 5", "sort time desc | limit 20 | top action 2", "sort seq | limit 1"),
]
FIELDS = (
    *("type", "user", "action", "rtype", "rid", "resource", "result", "error", "ip", "agent"),
    *("request", "id", "hash", "chain", "seq", "hour", "weekday", "time"),
)


def _stored(text: str | None) -> str | None:
    """What a table takes of a text."""
    return None if text is None else text.replace("\x00", "\ufffd")


def _events(rng: Random) -> list[AuditEvent]:
    """Events that a table takes, many of one time, of two chains."""
    chains: dict[str, list[AuditEvent]] = {"log.example/a": [], "log.example/b": []}
    while sum(map(len, chains.values())) < EVENTS:
        made = queries.event(rng)
        if made.details is not None and "\\u0000" in made.details:
            continue
        chain = rng.choice(list(chains))
        texts = {name: _stored(getattr(made, name)) for name in TEXTS}
        chains[chain].append(
            replace(
                made,
                scheme=Scheme.V1,
                chain=chain,
                seq=len(chains[chain]),
                id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                recorded_at="2026-11-23T03:51:42.166415Z",
                **texts,  # type: ignore[arg-type]  # those that may not be missing are there
            )
        )
    return [event for chain in chains.values() for event in linked(chain)]


TEXTS = (
    *("event_type", "action", "resource_type", "resource_id", "user_id", "result_error"),
    *("ip_address", "user_agent", "request_id"),
)


@pytest.fixture(scope="module")
def events() -> list[AuditEvent]:
    return _events(Random(11))


@pytest.fixture(scope="module")
def reference(events: list[AuditEvent]) -> Source:
    return read_whole(MemorySource.of_events(events))


@pytest.fixture(scope="module")
def table(
    events: list[AuditEvent], postgres_server: str, migrated_template: str
) -> Iterator[Source]:
    with new_database(postgres_server, template=migrated_template) as dsn:
        store_v1(dsn, events)
        with closing(open_postgres(dsn)) as source:
            yield read_whole(source)


def tally(source: Source, text: str) -> pl.DataFrame:
    query = parse(text, Anchor(datetime(2026, 11, 30, tzinfo=UTC)))
    found = source.tally(query.where, by=query.stages)
    return found.drop([name for name in found.columns if name in ("file", "line", "offset")])


@pytest.mark.parametrize("where", ["", "-result:failure", "action:nobody"])
@pytest.mark.parametrize("stages", STAGES)
def test_stages_count_as_the_reference_does(
    table: Source, reference: Source, where: str, stages: str
) -> None:
    text = f"{where} | {stages}"
    assert_frame_equal(tally(table, text), tally(reference, text))


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_counted_as_the_reference_does(
    table: Source, reference: Source, name: str
) -> None:
    by_time = [] if name == "time" else [f"timeline 6h by {name}"]
    for stages in (f"count by {name}", f"count by {name},user", f"sort {name}", *by_time):
        assert_frame_equal(tally(table, f"| {stages}"), tally(reference, f"| {stages}"))


@pytest.mark.parametrize("names", [["resource"], ["details.a", "details.b", "details.é"]])
def test_every_value_is_found_as_the_reference_finds_it(
    table: Source, reference: Source, names: list[str]
) -> None:
    texts = {"", "-0", "5.0", "999.50", "true", "null", "/" * 9}
    for name in names:
        texts.update(tally(reference, f"| count by {name}")[name].drop_nulls())
    assert len(texts) > 25
    for name, text in product(names, sorted(texts)):
        where = Filter((Term(event_field(name), Exact(text)),))
        found, wanted = (
            source.page(where, order=Order.OLDEST_FIRST, at=AtRow(0), limit=EVENTS).rows["id"]
            for source in (table, reference)
        )
        assert found.to_list() == wanted.to_list(), (name, text)


@pytest.mark.parametrize("seed", range(150))
def test_filters_keep_what_the_reference_keeps(
    table: Source, reference: Source, events: list[AuditEvent], seed: int
) -> None:
    rng = Random(seed)
    where = queries.filter_of(rng, events)
    marks = queries.marks(rng, events[:20])
    order = rng.choice(list(Order))
    places: list[Cursor] = [
        *(AtRow(0), AtRow(rng.randrange(20))),
        *(AtTime(queries.moment(rng)), AtEvent(events[seed].id)),
    ]
    at = rng.choice(places)
    found, wanted = (
        source.page(where, order=order, at=at, limit=200, marks=marks)
        for source in (table, reference)
    )
    ours = ["file", "line", "offset"]
    assert_frame_equal(found.rows.drop(ours), wanted.rows.drop(ours))
    assert found.first_row == wanted.first_row
    assert found.matched in (wanted.matched, None)


def test_every_row_is_found_by_number_and_number_by_event(table: Source, reference: Source) -> None:
    for order in Order:
        whole = reference.page(Filter(), order=order, at=AtRow(0), limit=EVENTS).rows["id"]
        for row in range(0, EVENTS, 7):
            page = table.page(Filter(), order=order, at=AtEvent(whole[row]), limit=2)
            assert (page.first_row, page.matched) == (row, EVENTS)
            page = table.page(Filter(), order=order, at=AtRow(row), limit=2)
            assert page.rows["id"].to_list() == whole[row : row + 2].to_list()
