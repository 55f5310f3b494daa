"""What every source must do, whatever is behind it."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from audit_console.columns.schema import BATCH, MALFORMED, PAGE
from audit_console.core.codec import Malformed, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Filter, equals
from audit_console.core.matching import MarkKey, Marks
from audit_console.core.query import parse
from audit_console.core.query.stages import Count
from audit_console.core.timespan import Anchor
from audit_console.sources.archive import blocks, open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Cursor, Order, Source
from tests.support import zstandard
from tests.support.chains import BEGIN, linked, orchestrator_chain, orchestrator_lines, v1_chain
from tests.support.chains import v1_lines as lines_of_events

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
BAD_LINES = [15, 27]


@dataclass(frozen=True)
class Row:
    """What the test itself knows of an event: its line, place and time."""

    line: bytes
    event: AuditEvent


ROWS = [Row(line, event) for line in LINES if isinstance(event := decode_bytes(line), AuditEvent)]


def expected(where: Callable[[AuditEvent], bool], order: Order) -> list[bytes]:
    rows = sorted((row for row in ROWS if where(row.event)), key=lambda row: row.event.occurred_at)
    ordered = [row.line for row in rows]
    return ordered if order is Order.OLDEST_FIRST else ordered[::-1]


def _text(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _memory(_folder: Path) -> Source:
    return MemorySource(LINES, batch_lines=5)


def _plain(folder: Path) -> Source:
    (folder / "audit.jsonl").write_bytes(_text(LINES))
    return open_archive([str(folder)], keep=True)


def _gz(folder: Path) -> Source:
    (folder / "audit.jsonl.gz").write_bytes(gzip.compress(_text(LINES)))
    return open_archive([str(folder)], keep=True)


def _zst(folder: Path) -> Source:
    (folder / "audit.jsonl.zst").write_bytes(zstandard.compress(_text(LINES)))
    return open_archive([str(folder)], keep=True)


def _files(folder: Path) -> Source:
    parts = [LINES[:8], LINES[8:20], LINES[20:27], LINES[27:]]
    for number, part in enumerate(parts):
        path = folder / f"audit.{number}.jsonl"
        path.write_bytes(_text(part))
        if number == 1:
            path.write_bytes(gzip.compress(path.read_bytes()))
    return open_archive([str(folder)], keep=True)


SOURCES = {"memory": _memory, "plain": _plain, "gz": _gz, "zst": _zst, "files": _files}


@contextmanager
def small_blocks() -> Iterator[None]:
    """Let archives be read in several batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST_BLOCK_BYTES", 3_000)
        patch.setattr(blocks, "LARGEST_BLOCK_BYTES", 3_000)
        yield


@pytest.fixture(scope="module", params=SOURCES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def unread(kind: str, tmp_path: Path) -> Iterator[Source]:
    with small_blocks():
        source = SOURCES[kind](tmp_path)
        yield source
        source.close()


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(kind)


@pytest.fixture(scope="module")
def source(kind: str, folder: Path) -> Iterator[Source]:
    """A source that was read to its end."""
    with small_blocks():
        source = SOURCES[kind](folder)
        for _ in source.batches():
            pass
        yield source
        source.close()


def raws(source: Source, where: Filter, order: Order, at: Cursor, limit: int) -> list[bytes]:
    rows = source.page(where, order=order, at=at, limit=limit).rows
    return [raw.encode() for raw in rows["raw"]]


def anything(_event: AuditEvent) -> bool:
    return True


@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_pages_by_row_are_the_whole_log_in_order(source: Source, order: Order, limit: int) -> None:
    whole = expected(anything, order)
    for first in range(0, len(whole) + 2, 3):
        page = source.page(EVERYTHING, order=order, at=AtRow(first), limit=limit)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + limit]
        assert dict(page.rows.schema) == PAGE
        assert (page.first_row, page.matched, page.read) == (first, len(ROWS), len(ROWS))


@pytest.mark.parametrize("order", BOTH)
def test_pages_by_time_begin_at_or_behind_it(source: Source, order: Order) -> None:
    whole = expected(anything, order)
    times = [row.event.occurred_at for row in ROWS]
    moments = {time + timedelta(microseconds=step) for time in times for step in (-1, 0, 1)}
    far = [BEGIN - timedelta(days=900), BEGIN + timedelta(days=900)]
    for moment in [*moments, *far]:

        def is_before(one: datetime, moment: datetime = moment) -> bool:
            return one < moment if order is Order.OLDEST_FIRST else one > moment

        first = sum(map(is_before, times))
        page = source.page(EVERYTHING, order=order, at=AtTime(moment), limit=3)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + 3]
        assert page.first_row == first


@pytest.mark.parametrize("order", BOTH)
def test_pages_by_event_begin_with_it(source: Source, order: Order) -> None:
    whole = expected(anything, order)
    for row in ROWS:
        page = source.page(EVERYTHING, order=order, at=AtEvent(row.event.id), limit=2)
        first = whole.index(row.line)
        assert [raw.encode() for raw in page.rows["raw"]] == whole[first : first + 2]
        assert page.first_row == first


@pytest.mark.parametrize("order", BOTH)
def test_an_unknown_event_gives_an_empty_page(source: Source, order: Order) -> None:
    page = source.page(EVERYTHING, order=order, at=AtEvent("nobody"), limit=5)
    assert (page.rows.height, page.matched, page.read) == (0, len(ROWS), len(ROWS))
    assert dict(page.rows.schema) == PAGE


FILTERS: dict[str, tuple[Filter, Callable[[AuditEvent], bool]]] = {
    "user": (Filter((equals("user_id", "user-3"),)), lambda event: event.user_id == "user-3"),
    "no user": (Filter((equals("user_id", None),)), lambda event: event.user_id is None),
    "type": (
        Filter((equals("event_type", "workflow_execution"),)),
        lambda event: event.event_type == "workflow_execution",
    ),
    "no chain": (Filter((equals("chain", None),)), lambda event: event.chain is None),
    "seq": (Filter((equals("seq", 7),)), lambda event: event.seq == 7),
    "no seq": (Filter((equals("seq", None),)), lambda event: event.seq is None),
    "agent": (
        Filter((equals("user_agent", "python-httpx/0.27"),)),
        lambda event: event.user_agent == "python-httpx/0.27",
    ),
    "two": (
        Filter((equals("user_id", "user-3"), equals("result", "failure"))),
        lambda event: event.user_id == "user-3" and event.result == "failure",
    ),
    "nothing": (Filter((equals("action", "no such"),)), lambda _: False),
}


@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_keeps_what_it_says(source: Source, name: str, order: Order) -> None:
    where, keeps = FILTERS[name]
    kept = expected(keeps, order)
    page = source.page(where, order=order, at=AtRow(0), limit=100)
    assert [raw.encode() for raw in page.rows["raw"]] == kept
    assert (page.matched, page.read) == (len(kept), len(ROWS))
    assert raws(source, where, order, AtRow(2), 1) == kept[2:3]
    for row in ROWS:
        first = kept.index(row.line) if row.line in kept else None
        found = raws(source, where, order, AtEvent(row.event.id), 1)
        assert found == ([] if first is None else kept[first : first + 1])


MARKED: dict[MarkKey, Marks] = {
    (EVENTS[3].id, EVENTS[3].event_hash): Marks(star=True),
    (EVENTS[4].id, EVENTS[4].event_hash): Marks(tags=frozenset({"suspect", "seen"})),
    (EVENTS[9].id, EVENTS[9].event_hash): Marks(star=True, note="asked Léa"),
    (EVENTS[5].id, "f" * 64): Marks(star=True, tags=frozenset({"suspect"}), note="rewritten"),
    ("nobody", None): Marks(star=True),
}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("star:yes", {3, 9}),
        ("-star:no", {3, 9}),
        ("tag:susp*", {4}),
        ("note:*LÉA", {9}),
        ("star:yes -note:*", {3}),
        ("seq:<5 (star:yes OR tag:seen)", {3, 4}),
    ],
)
def test_a_filter_reads_the_marks_it_is_given(source: Source, text: str, numbers: set[int]) -> None:
    query = parse(text + " | count by id", Anchor(datetime.now(UTC)))
    order, at = Order.OLDEST_FIRST, AtRow(0)
    for marks, marked in ((MARKED, numbers), ({}, set[int]()), (MARKED, numbers)):
        page = source.page(query.where, order=order, at=at, limit=100, marks=marks)
        counts = source.tally(query.where, by=query.stages, marks=marks)
        assert page.rows["id"].sort().to_list() == sorted(EVENTS[seq].id for seq in marked)
        assert counts["id"].sort().to_list() == page.rows["id"].sort().to_list()


def test_what_is_not_marked_is_kept_too(source: Source) -> None:
    where = parse("star:no -tag:*", Anchor(datetime.now(UTC))).where
    counts = [
        source.tally(where, by=(Count(),), marks=marks).item() for marks in (MARKED, {}, MARKED)
    ]
    assert counts == [len(ROWS) - 3, len(ROWS), len(ROWS) - 3]


def test_rows_tell_their_check_and_their_content(source: Source) -> None:
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100).rows
    checks = {row["raw"].encode(): row["check"] for row in rows.iter_rows(named=True)}
    for row in ROWS:
        tampered = b"tampered" in row.line
        hashed = row.event.event_hash is not None
        assert checks[row.line] == (
            "broken" if tampered else "verified" if hashed else "unverifiable"
        )
    for told in rows.iter_rows(named=True):
        event = decode_bytes(told["raw"].encode())
        assert isinstance(event, AuditEvent)
        assert told["timestamp"] == event.occurred_at
        for field in ("id", "user_id", "details", "result_error", "ip_address", "event_hash"):
            assert told[field] == getattr(event, field)


def test_places_read_back_the_very_line(source: Source, folder: Path) -> None:
    rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100).rows
    texts = _texts(source, folder)
    columns = ("file", "line", "offset", "length")
    bad = source.malformed(first=0, limit=10)
    for file, line, offset, length, raw in rows.select(*columns, "raw").iter_rows():
        assert texts[file][offset : offset + length] == raw.encode()
        assert texts[file].split(b"\n")[line - 1] == raw.encode()
    for file, line, offset, length, start in bad.select(*columns, "start").iter_rows():
        assert texts[file][offset : offset + length] == start == texts[file].split(b"\n")[line - 1]


def _texts(source: Source, folder: Path) -> list[bytes]:
    if isinstance(source, MemorySource):
        return [_text(LINES)]
    return [_unpacked((folder / file.name).read_bytes()) for file in source.status.files]


def _unpacked(stored: bytes) -> bytes:
    if stored.startswith(b"\x1f\x8b"):
        return gzip.decompress(stored)
    return zstandard.decompress(stored) if stored.startswith(b"\x28\xb5\x2f\xfd") else stored


def test_bad_lines_are_paged_in_log_order(source: Source) -> None:
    both = source.malformed(first=0, limit=10)
    assert dict(both.schema) == MALFORMED
    assert both["start"].to_list() == [LINES[line - 1] for line in BAD_LINES]
    for start, reason in both.select("start", "reason").iter_rows():
        bad = decode_bytes(start)
        assert isinstance(bad, Malformed)
        assert bad.reason == reason
    assert source.malformed(first=1, limit=1)["start"].to_list() == [LINES[BAD_LINES[1] - 1]]
    assert source.malformed(first=2, limit=5).is_empty()
    assert dict(source.malformed(first=2, limit=5).schema) == MALFORMED


def test_before_reading_there_is_nothing(unread: Source) -> None:
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=5)
    assert (page.rows.height, page.matched, page.read) == (0, 0, 0)
    status = unread.status
    assert (status.events, status.lines, status.complete, status.stopped) == (0, 0, False, False)
    assert (status.first, status.last) == (None, None)
    assert status.bytes_total
    assert unread.malformed(first=0, limit=5).is_empty()


def test_when_all_is_read_the_status_says_so(source: Source) -> None:
    status = source.status
    assert (status.events, status.malformed, status.lines) == (len(ROWS), 2, len(LINES))
    assert (status.complete, status.stopped) == (True, False)
    assert status.bytes_read == status.bytes_total == sum(file.bytes for file in status.files)
    times = [row.event.occurred_at for row in ROWS]
    assert (status.first, status.last) == (min(times), max(times))
    assert sum(file.lines for file in status.files) == len(LINES)


def test_pages_grow_with_what_was_read_and_agree_with_the_status(unread: Source) -> None:
    before = 0
    for batch in unread.batches():
        status = unread.status
        page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
        assert page.matched == page.read <= status.events
        assert page.rows["raw"].null_count() == 0
        assert status.events == before + batch.events.height
        before = status.events
    assert unread.status.complete


def test_batches_are_every_line_once_and_can_be_read_again(source: Source) -> None:
    for _ in range(2):
        batches = list(source.batches())
        assert len(batches) > 1
        events = pl.concat([batch.events for batch in batches])
        malformed = pl.concat([batch.malformed for batch in batches])
        assert dict(events.schema) == BATCH
        assert events["id"].to_list() == [row.event.id for row in ROWS]
        assert events["event_hash"].to_list() == [row.event.event_hash for row in ROWS]
        assert malformed.height == 2
        places = events.select("file", "line").rows() + malformed.select("file", "line").rows()
        assert len(set(places)) == len(ROWS) + 2
        assert source.status.complete
    page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
    assert page.read == len(ROWS)


def test_a_reading_that_is_closed_is_stopped(unread: Source) -> None:
    reading = unread.batches()
    first = next(reading)
    reading.close()
    status = unread.status
    assert (status.stopped, status.complete) == (True, False)
    assert status.events == first.events.height < len(ROWS)
    page = unread.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=100)
    assert page.read == page.rows.height == status.events
    assert page.rows["raw"].null_count() == 0


def test_a_label_and_a_kind(unread: Source) -> None:
    assert unread.label
    assert unread.kind in {"memory", "archive"}


def test_closing_twice_does_no_harm(unread: Source) -> None:
    for _ in unread.batches():
        pass
    unread.close()
    unread.close()


def test_stages_count_the_events_that_a_filter_keeps(source: Source) -> None:
    query = parse("-user:user-1 | count by user,result", Anchor(datetime.now(UTC)))
    kept = [row.event for row in ROWS if row.event.user_id != "user-1"]
    counts = Counter((event.user_id, event.result) for event in kept)
    found = source.tally(query.where, by=query.stages)
    assert found.columns == ["user", "result", "count"]
    assert {(user, result): count for user, result, count in found.iter_rows()} == counts


def test_stages_may_keep_events(source: Source) -> None:
    query = parse("| sort time desc | limit 3", Anchor(datetime.now(UTC)))
    found = source.tally(query.where, by=query.stages)
    newest = sorted((row.event.occurred_at for row in ROWS), reverse=True)[:3]
    assert found["timestamp"].to_list() == newest
    assert found.columns == [name for name in PAGE if name != "raw"]
