"""What every source must do, whatever is behind it."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from audit_console.columns.schema import BATCH, MALFORMED, PAGE
from audit_console.core.codec import Malformed, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, FieldName, Filter, equals
from audit_console.core.matching import MarkKey, Marks
from audit_console.core.query import parse
from audit_console.core.query.stages import Count, Timeline
from audit_console.core.timespan import Anchor, Duration
from audit_console.search.details_paths import details_paths
from audit_console.search.facet_fields import details_fields
from audit_console.search.question import Question
from audit_console.sources.archive import blocks, open_archive
from audit_console.sources.archive import source as archive_source
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres, reading
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Cursor, Order, Source
from tests.support import zstandard
from tests.support.chains import (
    BEGIN,
    linked,
    orchestrator_chain,
    orchestrator_entry,
    orchestrator_lines,
    orchestrator_sealed,
    v1_chain,
)
from tests.support.chains import v1_lines as lines_of_events
from tests.support.effort import UNMEASURED
from tests.support.indexes import index_of, opened
from tests.support.places import text_of
from tests.support.postgres import new_database
from tests.support.reading import read_whole
from tests.support.tables import store_orchestrator, store_v1

BOTH = [Order.OLDEST_FIRST, Order.NEWEST_FIRST]


def _events() -> list[AuditEvent]:
    """Events that happened in another order than they were recorded, some at once."""
    chain = v1_chain(24)
    return linked(
        replace(
            one,
            timestamp=chain[(seq * 7) % 24 // 2].timestamp,
            user_id=None if seq % 5 == 0 else one.user_id,
            id='odd "id" \\ \x00 é' if seq == 9 else one.id,
            action="edited" if seq == 13 else one.action,
        )
        for seq, one in enumerate(chain)
    )


EVENTS = _events()
LINES = [
    *lines_of_events(EVENTS[:13]),
    lines_of_events(EVENTS[13:14])[0].replace(b"edited", b"tampered"),
    b'{"broken":',
    *lines_of_events(EVENTS[14:]),
    b"",
    b"\xff not text",
    *orchestrator_lines(orchestrator_chain(4, first=3)),
    *orchestrator_lines([one | {"event_hash": None} for one in orchestrator_chain(3, first=30)]),
]


@dataclass(frozen=True)
class Row:
    """What the test itself knows of an event: its line, place and time."""

    line: bytes
    event: AuditEvent


@dataclass(frozen=True)
class Log:
    """The lines of a log, by their numbers those that are no events, and what a tamper makes."""

    lines: list[bytes]
    bad_lines: tuple[int, ...] = ()
    tampered: str = "broken"

    @cached_property
    def rows(self) -> list[Row]:
        decoded = ((line, decode_bytes(line)) for line in self.lines)
        return [Row(line, event) for line, event in decoded if isinstance(event, AuditEvent)]

    def expected(self, where: Callable[[AuditEvent], bool], order: Order) -> list[bytes]:
        kept = (row for row in self.rows if where(row.event))
        ordered = [row.line for row in sorted(kept, key=lambda row: row.event.occurred_at)]
        return ordered if order is Order.OLDEST_FIRST else ordered[::-1]

    @property
    def marked(self) -> dict[MarkKey, Marks]:
        events = [row.event for row in self.rows]
        return {
            (events[3].id, events[3].event_hash): Marks(star=True),
            (events[4].id, events[4].event_hash): Marks(tags=frozenset({"suspect", "seen"})),
            (events[9].id, events[9].event_hash): Marks(star=True, note="asked Léa"),
            (events[5].id, "f" * 64): Marks(
                star=True, tags=frozenset({"suspect"}), note="rewritten"
            ),
            ("nobody", None): Marks(star=True),
        }


def _table_events() -> list[AuditEvent]:
    """The same events as far as a table of format v1 takes them."""
    ids = [one.id for one in v1_chain(24)]
    events = linked(replace(one, id=ids[seq]) for seq, one in enumerate(EVENTS))
    return [replace(one, action="tampered") if one.seq == 13 else one for one in events]


def _orchestrator_lines() -> list[bytes]:
    """Lines of events whose times keep all digits in a table, as the table says them."""
    whole = [orchestrator_entry(number) | {"ip_address": "10.0.0.7"} for number in range(20)]
    cut = [entry | {"timestamp": f"{str(entry['timestamp'])[:26]}Z"} for entry in whole]
    unhashed = orchestrator_entry(30) | {"timestamp": "2026-12-01T00:00:00Z", "ip_address": None}
    lines = orchestrator_lines([*orchestrator_sealed(cut), unhashed])
    lines[13] = lines[13].replace(b"run 13", b"tampered")
    return [line.replace(b'{"tokens":', b'{"tokens": ') for line in lines]


MIXED = Log(LINES, (15, 27))
TABLE = Log(lines_of_events(_table_events()))
ORCHESTRATOR_TABLE = Log(_orchestrator_lines(), tampered="unverifiable")


def _memory(_folder: Path, _database: str) -> Source:
    return MemorySource(LINES, batch_lines=5)


def _plain(folder: Path, _database: str) -> Source:
    (folder / "audit.jsonl").write_bytes(text_of(LINES))
    return open_archive([str(folder)], keep=True)


def _indexed(folder: Path, database: str) -> Source:
    _plain(folder, database).close()
    index_of(folder, folder / "indexes")
    source = opened(folder, folder / "indexes")
    assert source.status.indexed is not None
    return source


def _gz(folder: Path, _database: str) -> Source:
    (folder / "audit.jsonl.gz").write_bytes(gzip.compress(text_of(LINES)))
    return open_archive([str(folder)], keep=True)


def _zst(folder: Path, _database: str) -> Source:
    (folder / "audit.jsonl.zst").write_bytes(zstandard.compress(text_of(LINES)))
    return open_archive([str(folder)], keep=True)


def _files(folder: Path, _database: str) -> Source:
    parts = [LINES[:8], LINES[8:20], LINES[20:27], LINES[27:]]
    for number, part in enumerate(parts):
        path = folder / f"audit.{number}.jsonl"
        path.write_bytes(text_of(part))
        if number == 1:
            path.write_bytes(gzip.compress(path.read_bytes()))
    return open_archive([str(folder)], keep=True)


def _postgres(_folder: Path, database: str) -> Source:
    store_v1(database, (row.event for row in TABLE.rows))
    return open_postgres(database)


def _orchestrator(_folder: Path, database: str) -> Source:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA old")
    database += "&options=-csearch_path%3Dold"
    store_orchestrator(database, (row.event for row in ORCHESTRATOR_TABLE.rows))
    return open_postgres(database)


OF_LINES = {
    "memory": _memory,
    "plain": _plain,
    "indexed": _indexed,
    "gz": _gz,
    "zst": _zst,
    "files": _files,
}
OF_TABLES = {"postgres": _postgres, "orchestrator": _orchestrator}
SOURCES = OF_LINES | OF_TABLES
LOGS = {"postgres": TABLE, "orchestrator": ORCHESTRATOR_TABLE}

only_lines = pytest.mark.parametrize("kind", OF_LINES, indirect=True, scope="module")
from_nothing = pytest.mark.parametrize(
    "kind", [name for name in OF_LINES if name != "indexed"], indirect=True, scope="module"
)
"""Sources of which nothing is there before they are read."""
only_tables = pytest.mark.parametrize("kind", OF_TABLES, indirect=True, scope="module")


@contextmanager
def small_blocks() -> Iterator[None]:
    """Let archives be read in several batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST_BLOCK_BYTES", 3_000)
        patch.setattr(blocks, "LARGEST_BLOCK_BYTES", 3_000)
        patch.setattr(reading, "FIRST_BATCH_BYTES", 3_000)
        patch.setattr(reading, "BATCH_BYTES", 3_000)
        patch.setattr(reading, "READ_AT_ONCE", 4)
        yield


@pytest.fixture(scope="module", params=SOURCES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def log(kind: str) -> Log:
    return LOGS.get(kind, MIXED)


@contextmanager
def database_for(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a database for those sources that need one."""
    if kind not in OF_TABLES:
        yield ""
        return
    server, template = map(request.getfixturevalue, ("postgres_server", "migrated_template"))
    with new_database(server, template=template) as dsn:
        yield dsn


@pytest.fixture
def unread(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Source]:
    with small_blocks(), database_for(kind, request) as database:
        source = SOURCES[kind](tmp_path, database)
        yield source
        source.close()


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(kind)


@pytest.fixture(scope="module")
def source(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Source]:
    """A source that was read to its end, and counted where that is done apart."""
    with small_blocks(), database_for(kind, request) as database:
        source = read_whole(SOURCES[kind](folder, database))
        source.tally(EVERYTHING, by=(Count(),))
        yield source
        source.close()


def raws(source: Source, where: Filter, order: Order, at: Cursor, limit: int) -> list[bytes]:
    rows = source.page(where, order=order, at=at, limit=limit).rows
    return [raw.encode() for raw in rows["raw"]]


def anything(_event: AuditEvent) -> bool:
    return True


@UNMEASURED
@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_pages_by_row_are_the_whole_log_in_order(
    source: Source, order: Order, limit: int, log: Log
) -> None:
    whole = log.expected(anything, order)
    for first in range(0, len(whole) + 2, 3):
        page = source.page(EVERYTHING, order=order, at=AtRow(first), limit=limit)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + limit]
        assert dict(page.rows.schema) == PAGE
        assert (page.first_row, page.matched, page.read) == (first, len(log.rows), len(log.rows))


@UNMEASURED
@pytest.mark.parametrize("order", BOTH)
def test_pages_by_time_begin_at_or_behind_it(source: Source, order: Order, log: Log) -> None:
    whole = log.expected(anything, order)
    times = [row.event.occurred_at for row in log.rows]
    moments = {time + timedelta(microseconds=step) for time in times for step in (-1, 0, 1)}
    far = [BEGIN - timedelta(days=900), BEGIN + timedelta(days=900)]
    for moment in [*moments, *far]:

        def is_before(one: datetime, moment: datetime = moment) -> bool:
            return one < moment if order is Order.OLDEST_FIRST else one > moment

        first = sum(map(is_before, times))
        page = source.page(EVERYTHING, order=order, at=AtTime(moment), limit=3)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + 3]
        assert page.first_row == first


@UNMEASURED
@pytest.mark.parametrize("order", BOTH)
def test_pages_by_event_begin_with_it(source: Source, order: Order, log: Log) -> None:
    whole = log.expected(anything, order)
    for row in log.rows:
        page = source.page(EVERYTHING, order=order, at=AtEvent(row.event.id), limit=2)
        first = whole.index(row.line)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + 2]
        assert page.first_row == first


@pytest.mark.parametrize("order", BOTH)
def test_an_unknown_event_gives_an_empty_page(source: Source, order: Order, log: Log) -> None:
    page = source.page(EVERYTHING, order=order, at=AtEvent("nobody"), limit=5)
    assert (page.rows.height, page.matched, page.read) == (0, len(log.rows), len(log.rows))
    assert dict(page.rows.schema) == PAGE


FILTERS: dict[str, tuple[Filter, Callable[[AuditEvent], bool]]] = {
    "user": (Filter((equals(FieldName.USER, "user-3"),)), lambda event: event.user_id == "user-3"),
    "no user": (Filter((equals(FieldName.USER, None),)), lambda event: event.user_id is None),
    "type": (
        Filter((equals(FieldName.TYPE, "workflow_execution"),)),
        lambda event: event.event_type == "workflow_execution",
    ),
    "no chain": (Filter((equals(FieldName.CHAIN, None),)), lambda event: event.chain is None),
    "seq": (Filter((equals(FieldName.SEQ, 7),)), lambda event: event.seq == 7),
    "no seq": (Filter((equals(FieldName.SEQ, None),)), lambda event: event.seq is None),
    "agent": (
        Filter((equals(FieldName.AGENT, "python-httpx/0.27"),)),
        lambda event: event.user_agent == "python-httpx/0.27",
    ),
    "two": (
        Filter((equals(FieldName.USER, "user-3"), equals(FieldName.RESULT, "failure"))),
        lambda event: event.user_id == "user-3" and event.result == "failure",
    ),
    "nothing": (Filter((equals(FieldName.ACTION, "no such"),)), lambda _: False),
}


@UNMEASURED
@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_what_it_says(source: Source, name: str, order: Order, log: Log) -> None:
    where, keeps = FILTERS[name]
    kept = log.expected(keeps, order)
    page = source.page(where, order=order, at=AtRow(0), limit=100)
    assert [raw.encode() for raw in page.rows["raw"]] == kept
    assert (page.matched, page.read) == (len(kept), len(log.rows))
    assert raws(source, where, order, AtRow(2), 1) == kept[2:3]
    for row in log.rows[BOTH.index(order) :: 2]:  # without a filter each is asked for in both
        first = kept.index(row.line) if row.line in kept else None
        found = raws(source, where, order, AtEvent(row.event.id), 1)
        assert found == ([] if first is None else kept[first : first + 1])


@UNMEASURED
@pytest.mark.parametrize("name", ["everything", *FILTERS])
def test_log_order_is_that_of_the_lines(
    source: Source, name: str, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_source, "ROWS_AT_ONCE", 4)
    where, keeps = FILTERS.get(name, (EVERYTHING, anything))
    with small_blocks(), closing(source.in_log_order(where)) as frames:
        parts = list(frames)
    assert {len(part.columns) for part in parts} == {len(PAGE)}
    rows = pl.concat(parts)
    assert dict(rows.schema) == PAGE
    assert [raw.encode() for raw in rows["raw"]] == [
        row.line for row in log.rows if keeps(row.event)
    ]
    page = source.page(where, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100).rows
    place = ("id", "event_hash")
    assert_frame_equal(rows.sort(place), page.sort(place))


def test_log_order_reads_the_marks_it_is_given(source: Source, log: Log) -> None:
    where = parse("star:yes", Anchor(datetime.now(UTC))).where
    rows = pl.concat(source.in_log_order(where, marks=log.marked))
    assert rows["id"].to_list() == [log.rows[number].event.id for number in (3, 9)]


def test_log_order_may_be_left_half_way(source: Source, log: Log) -> None:
    for _ in range(6):  # more often than there are connections
        frames = source.in_log_order(EVERYTHING)
        next(frames)
        frames.close()
    assert source.tally(EVERYTHING, by=(Count(),)).item() == len(log.rows)


@UNMEASURED
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("star:yes", {3, 9}),
        ("-star:no", {3, 9}),
        ("tag:susp*", {4}),
        ("note:*LÉA", {9}),
        ("star:yes -note:*", {3}),
        ("action:(*3 OR *4) (star:yes OR tag:seen)", {3, 4}),
    ],
)
def test_a_filter_reads_the_marks_it_is_given(
    source: Source, text: str, numbers: set[int], log: Log
) -> None:
    query = parse(text + " | count by id", Anchor(datetime.now(UTC)))
    order, at = Order.OLDEST_FIRST, AtRow(0)
    for marks, marked in ((log.marked, numbers), ({}, set[int]()), (log.marked, numbers)):
        page = source.page(query.where, order=order, at=at, limit=100, marks=marks)
        counts = source.tally(query.where, by=query.stages, marks=marks)
        assert page.rows["id"].sort().to_list() == sorted(
            log.rows[number].event.id for number in marked
        )
        assert counts["id"].sort().to_list() == page.rows["id"].sort().to_list()


def test_what_is_not_marked_is_kept_too(source: Source, log: Log) -> None:
    where = parse("star:no -tag:*", Anchor(datetime.now(UTC))).where
    counts = [
        source.tally(where, by=(Count(),), marks=marks).item()
        for marks in (log.marked, {}, log.marked)
    ]
    assert counts == [len(log.rows) - 3, len(log.rows), len(log.rows) - 3]


def test_rows_tell_their_check_and_their_content(source: Source, log: Log) -> None:
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100).rows
    checks = {row["raw"].encode(): row["check"] for row in rows.iter_rows(named=True)}
    for row in log.rows:
        tampered = b"tampered" in row.line
        hashed = row.event.event_hash is not None
        assert checks[row.line] == (
            log.tampered if tampered else "verified" if hashed else "unverifiable"
        )
    for told in rows.iter_rows(named=True):
        event = decode_bytes(told["raw"].encode())
        assert isinstance(event, AuditEvent)
        assert told["timestamp"] == event.occurred_at
        for field in ("id", "user_id", "details", "result_error", "ip_address", "event_hash"):
            assert told[field] == getattr(event, field)


@only_lines
def test_places_read_back_the_very_line(source: Source, folder: Path, log: Log) -> None:
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100).rows
    texts = _texts(source, folder, log)
    columns = ("file", "line", "offset", "length")
    bad = source.malformed(first=0, limit=10)
    for file, line, offset, length, raw in rows.select(*columns, "raw").iter_rows():
        assert texts[file][offset : offset + length] == raw.encode()
        assert texts[file].split(b"\n")[line - 1] == raw.encode()
    for file, line, offset, length, start in bad.select(*columns, "start").iter_rows():
        assert texts[file][offset : offset + length] == start == texts[file].split(b"\n")[line - 1]


def _texts(source: Source, folder: Path, log: Log) -> list[bytes]:
    if isinstance(source, MemorySource):
        return [text_of(log.lines)]
    return [_unpacked((folder / file.name).read_bytes()) for file in source.status.files]


def _unpacked(stored: bytes) -> bytes:
    if stored.startswith(b"\x1f\x8b"):
        return gzip.decompress(stored)
    return zstandard.decompress(stored) if stored.startswith(b"\x28\xb5\x2f\xfd") else stored


@only_lines
def test_bad_lines_are_paged_in_log_order(source: Source, log: Log) -> None:
    both = source.malformed(first=0, limit=10)
    assert dict(both.schema) == MALFORMED
    assert both["start"].to_list() == [log.lines[line - 1] for line in log.bad_lines]
    for start, reason in both.select("start", "reason").iter_rows():
        bad = decode_bytes(start)
        assert isinstance(bad, Malformed)
        assert bad.reason == reason
    assert source.malformed(first=1, limit=1)["start"].to_list() == [
        log.lines[log.bad_lines[1] - 1]
    ]
    assert source.malformed(first=2, limit=5).is_empty()
    assert dict(source.malformed(first=2, limit=5).schema) == MALFORMED


@from_nothing
def test_before_reading_there_is_nothing(unread: Source) -> None:
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=5)
    assert (page.rows.height, page.matched, page.read) == (0, 0, 0)
    status = unread.status
    assert (status.events, status.lines, status.complete, status.stopped) == (0, 0, False, False)
    assert (status.first, status.last) == (None, None)
    assert status.bytes_total
    assert unread.malformed(first=0, limit=5).is_empty()


@UNMEASURED
def test_when_all_is_read_the_status_says_so(source: Source, log: Log) -> None:
    status = source.status
    bad = len(log.bad_lines)
    assert (status.events, status.malformed) == (len(log.rows), bad)
    assert (status.complete, status.stopped) == (True, False)
    assert not status.partial
    times = [row.event.occurred_at for row in log.rows]
    assert (status.first, status.last) == (min(times), max(times))


@only_lines
def test_when_all_is_read_all_files_are(source: Source, log: Log) -> None:
    status = source.status
    assert status.bytes_read == status.bytes_total == sum(file.bytes for file in status.files)
    assert status.lines == sum(file.lines for file in status.files) == len(log.lines)


@UNMEASURED
@only_tables
def test_a_table_is_at_hand_before_it_is_read(unread: Source, log: Log) -> None:
    assert not unread.status.partial
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=5)
    assert (page.rows.height, page.matched, page.read) == (5, None, None)
    assert unread.tally(EVERYTHING, by=(Count(),)).item() == len(log.rows)
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=5)
    assert (page.matched, page.read) == (len(log.rows), len(log.rows))
    assert (unread.status.events, unread.status.files) == (0, ())


@UNMEASURED
def test_a_page_that_shows_the_last_event_knows_how_many_there_are(
    unread: Source, log: Log
) -> None:
    read_whole(unread)
    page = unread.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(2), limit=100)
    assert page.matched == len(log.rows)


@UNMEASURED
@from_nothing
def test_pages_grow_with_what_was_read_and_agree_with_the_status(unread: Source) -> None:
    before = 0
    for batch in unread.batches():
        status = unread.status
        page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
        assert page.matched == page.read
        assert page.rows.height <= status.events
        assert page.rows["raw"].null_count() == 0
        assert status.events == before + batch.events.height
        before = status.events
    assert unread.status.complete


@UNMEASURED
def test_batches_are_every_line_once_and_can_be_read_again(source: Source, log: Log) -> None:
    for _ in range(2):
        batches = list(source.batches())
        assert len(batches) > 1
        events = pl.concat([batch.events for batch in batches])
        malformed = pl.concat([batch.malformed for batch in batches])
        assert dict(events.schema).items() >= BATCH.items()
        assert events["id"].to_list() == [row.event.id for row in log.rows]
        assert events["event_hash"].to_list() == [row.event.event_hash for row in log.rows]
        assert malformed.height == len(log.bad_lines)
        places = events.select("file", "line").rows() + malformed.select("file", "line").rows()
        assert len(set(places)) == len(log.rows) + len(log.bad_lines)
        assert source.status.complete
    page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
    assert page.matched == len(log.rows)


@pytest.mark.parametrize(
    "kind", [name for name in SOURCES if name != "indexed"], indirect=True, scope="module"
)
def test_a_reading_that_is_closed_is_stopped(unread: Source, log: Log) -> None:
    reading = unread.batches()
    first = next(reading)
    reading.close()
    status = unread.status
    assert (status.stopped, status.complete) == (True, False)
    assert status.events == first.events.height < len(log.rows)
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
    assert page.rows.height == (len(log.rows) if status.asks_store else status.events)
    assert page.rows["raw"].null_count() == 0


@UNMEASURED
def test_a_label_and_a_kind(unread: Source) -> None:
    assert unread.label
    assert unread.kind in {"memory", "archive", "postgresql"}


@UNMEASURED
def test_closing_twice_does_no_harm(unread: Source) -> None:
    read_whole(unread)
    unread.close()
    unread.close()


@UNMEASURED
def test_stages_count_the_events_that_a_filter_keeps(source: Source, log: Log) -> None:
    query = parse("-user:user-1 | count by user,result", Anchor(datetime.now(UTC)))
    kept = [row.event for row in log.rows if row.event.user_id != "user-1"]
    counts = Counter((event.user_id, event.result) for event in kept)
    found = source.tally(query.where, by=query.stages)
    assert found.columns == ["user", "result", "count"]
    assert {(user, result): count for user, result, count in found.iter_rows()} == counts


def test_stages_may_keep_events(source: Source, log: Log) -> None:
    query = parse("| sort time desc | limit 3", Anchor(datetime.now(UTC)))
    found = source.tally(query.where, by=query.stages)
    newest = sorted((row.event.occurred_at for row in log.rows), reverse=True)[:3]
    assert found["timestamp"].to_list() == newest
    assert found.columns == [name for name in PAGE if name != "raw"]


TOGETHER = [
    Timeline(Duration(1, "d"), by="type"),
    Count(("user", "result")),
    Count(("resource",)),
    Timeline(Duration(2, "mo")),
    Count(("hour", "chain", "user")),
    Count(("result", "user")),
    Count(("resource",)),
]


@UNMEASURED
@pytest.mark.parametrize("name", ["user", "two", "nothing", "no seq", "everything"])
@pytest.mark.parametrize("stages", [TOGETHER, TOGETHER[1:2], [Count()]], ids=["all", "one", "none"])
def test_what_is_counted_together_is_what_each_stage_counts(
    source: Source, name: str, stages: list[Count | Timeline]
) -> None:
    where, _ = FILTERS.get(name, (EVERYTHING, anything))
    for counted, stage in zip(source.counts(where, by=stages), stages, strict=True):
        wanted = source.tally(where, by=[stage])
        assert_frame_equal(counted, wanted, check_row_order=False)


def test_the_chains_are_those_of_the_events(source: Source, log: Log) -> None:
    chains = source.chains()
    assert len(chains) == len(set(chains))
    assert set(chains) == {row.event.chain for row in log.rows}


@UNMEASURED
@pytest.mark.parametrize("name", ["type", "nothing"])
def test_the_paths_of_details_are_those_of_the_events_that_a_filter_keeps(
    source: Source, name: str, log: Log
) -> None:
    where, keeps = FILTERS[name]
    kept = [row.event for row in log.rows if keeps(row.event)]
    for question, events in (
        (Question(source, where), kept),
        (Question(source, EVERYTHING), [row.event for row in log.rows]),
    ):
        paths = details_paths(question)
        assert set(paths) == {path for one in events for path in details_fields(one.details)}
