"""What every source tells of events that are written after it was read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import NOTHING_NEW, News, Source
from audit_console.writer.rotation import rotated_path
from tests.support.chains import orchestrator_chain, orchestrator_lines, v1_chain, v1_lines
from tests.support.places import text_of
from tests.support.reading import read_whole
from tests.support.tables import add_orchestrator, store_orchestrator, store_v1

CHAIN = v1_chain(9)
LINES = v1_lines(CHAIN)

Writer = Callable[[int, int], None]
"""Writes the events from one number up to another."""


def read(source: Source) -> Source:
    return read_whole(source)


def of_memory(_folder: Path, _database: str) -> tuple[Source, Writer]:
    later: list[bytes] = []
    source = MemorySource(LINES[:3], later=later)
    return source, lambda first, last: later.extend(LINES[first:last])


def of_archive(folder: Path, _database: str) -> tuple[Source, Writer]:
    path = folder / "audit.jsonl"
    path.write_bytes(text_of(LINES[:3]))

    def write(first: int, last: int) -> None:
        with path.open("ab") as file:
            file.write(text_of(LINES[first:last]))

    return open_archive([str(path)], keep=True), write


def of_rotated(folder: Path, _database: str) -> tuple[Source, Writer]:
    path = folder / "audit.jsonl"
    path.write_bytes(text_of(LINES[:3]))

    def write(first: int, last: int) -> None:
        path.rename(rotated_path(path, first))
        path.write_bytes(text_of(LINES[first:last]))

    return open_archive([str(folder)], keep=True), write


def of_table(_folder: Path, database: str) -> tuple[Source, Writer]:
    store_v1(database, CHAIN[:3])
    return open_postgres(database), lambda first, last: store_v1(database, CHAIN[first:last])


def of_orchestrator(_folder: Path, database: str) -> tuple[Source, Writer]:
    lines = [line.decode() for line in orchestrator_lines(orchestrator_chain(9))]
    events = [event for event in map(decode_line, lines) if isinstance(event, AuditEvent)]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA old")
    database += "&options=-csearch_path%3Dold"
    store_orchestrator(database, events[:3])

    def write(first: int, last: int) -> None:
        add_orchestrator(database, events[first:last])

    return open_postgres(database), write


KINDS = [of_memory, of_archive, of_rotated, of_table, of_orchestrator]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_after_the_reading_is_counted_and_not_taken_in(
    kind: Callable[[Path, str], tuple[Source, Writer]], tmp_path: Path, database: str
) -> None:
    source, write = kind(tmp_path, database)
    with closing(source):
        assert source.news() == NOTHING_NEW
        read(source)
        assert source.news() == NOTHING_NEW
        write(3, 5)
        assert source.news() == News(2)
        write(5, 9)
        assert source.news() == source.news() == News(6)
        assert source.status.events == 3


def test_a_line_is_new_when_it_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(LINES[:3]) + LINES[3][:50])
    with closing(read(open_archive([str(path)], keep=True))) as source:
        with path.open("ab") as file:
            file.write(LINES[3][50:90])
        assert source.news() == NOTHING_NEW
        with path.open("ab") as file:
            file.write(LINES[3][90:] + b"\n" + LINES[4])
        assert source.news() == News(1)


def shorten(path: Path) -> None:
    path.write_bytes(text_of(LINES[:1]))


def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(text_of(LINES[:5]))
    other.rename(path)


def pack_another(path: Path) -> None:
    path.with_name("later.jsonl.gz").write_bytes(gzip.compress(text_of(LINES[3:])))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (shorten, "audit.jsonl was shortened"),
        (replace_by_another, "audit.jsonl was removed or replaced"),
        (pack_another, "later.jsonl.gz is packed, and new"),
    ],
)
def test_what_is_more_than_growth_is_said(
    change: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(LINES[:3]))
    with closing(read(open_archive([str(tmp_path)], keep=True))) as source:
        change(path)
        news = source.news()
    assert news.changed is not None
    assert news.changed.endswith(told)


def test_a_chain_that_begins_is_new(database: str) -> None:
    store_v1(database, CHAIN[:3])
    with closing(read(open_postgres(database))) as source:
        store_v1(database, v1_chain(4, chain="example.org/begun"))
        assert source.news() == News(4)


def test_a_chain_whose_end_is_gone_is_said(database: str) -> None:
    store_v1(database, CHAIN)
    with closing(read(open_postgres(database))) as source:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM audit_events WHERE seq > 5")
        assert source.news() == News(0, f"the end of the chain {CHAIN[0].chain} was removed")


def test_an_empty_table_may_get_its_first_events(database: str) -> None:
    with closing(read(open_postgres(database))) as source:
        assert source.news() == NOTHING_NEW
        store_v1(database, CHAIN[:2])
        assert source.news() == News(2)


def test_a_packed_file_that_stays_is_no_news(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl.gz").write_bytes(gzip.compress(text_of(LINES)))
    with closing(read(open_archive([str(tmp_path)], keep=True))) as source:
        assert source.news() == NOTHING_NEW
