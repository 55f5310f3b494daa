"""Texts that go to disk while a log is read: answers are as if they were in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from polars.testing import assert_frame_equal

from audit_console.core.codec import encode_line
from audit_console.core.filters import EVERYTHING
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive import ArchiveSource, IndexStore, open_archive, stored
from audit_console.sources.protocol import AtRow, Order, Page
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.queries import event as generated_event
from tests.support.reading import read_whole

ANCHOR = Anchor(datetime(2026, 11, 22, tzinfo=UTC))
QUERIES = ("", "user:u*", "details.a:* OR error:*", "id:*7", "-request:*")
STAGES = ("| count by user", "| count by request", "| count by error,result", "| first user,id")


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "GROUP", 64)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(v1_lines(v1_chain(3000))))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "indexes"


def opened(log: Path, folder: Path | None) -> ArchiveSource:
    indexes = None if folder is None else IndexStore(folder, min_bytes=0)
    return open_archive([str(log)], keep=True, indexes=indexes)


def page_of(source: ArchiveSource, query: str) -> Page:
    where = parse(query, ANCHOR).where
    return source.page(where, order=Order.NEWEST_FIRST, at=AtRow(0), limit=200)


def assert_same_answers(one: ArchiveSource, other: ArchiveSource) -> None:
    for query in QUERIES:
        found, expected = page_of(one, query), page_of(other, query)
        assert (found.matched, found.read) == (expected.matched, expected.read)
        assert_frame_equal(found.rows, expected.rows)
    for text in STAGES:
        stages = parse(text, ANCHOR).stages
        counted = one.tally(EVERYTHING, by=stages), other.tally(EVERYTHING, by=stages)
        assert_frame_equal(*counted)


def shelves(folder: Path) -> list[Path]:
    return list(folder.glob("*.shelf"))


@UNMEASURED
def test_answers_are_the_same_while_the_log_is_read_and_after(log: Path, folder: Path) -> None:
    with closing(opened(log, folder)) as shelved, closing(opened(log, None)) as held:
        batches: Iterator[object] = zip(shelved.batches(), held.batches(), strict=True)
        for _ in batches:
            assert_same_answers(shelved, held)
        assert shelved.status.complete
        assert_same_answers(shelved, held)


@UNMEASURED
@pytest.mark.parametrize("seed", range(4))
def test_answers_are_the_same_for_any_events(seed: int, tmp_path: Path, folder: Path) -> None:
    rng = Random(seed)
    log = tmp_path / "any.jsonl"
    log.write_text("".join(encode_line(generated_event(rng)) + "\n" for _ in range(150)))
    with closing(opened(log, folder)) as shelved, closing(opened(log, None)) as held:
        for source in (shelved, held):
            read_whole(source)
        assert_same_answers(shelved, held)


def test_reading_that_is_stopped_keeps_what_was_read(log: Path, folder: Path) -> None:
    with closing(opened(log, folder)) as shelved, closing(opened(log, None)) as held:
        for source in (shelved, held):
            batches = source.batches()
            next(batches)
            batches.close()
        assert shelved.status.stopped
        assert_same_answers(shelved, held)
    assert list(folder.iterdir()) == []


def test_what_was_left_behind_is_removed_and_what_is_in_use_is_not(log: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "killed.0000.shelf").touch(mode=0o600)
    with closing(opened(log, folder)) as one:
        [first] = shelves(folder)
        with closing(opened(log, folder)):
            assert len(shelves(folder)) == 2
            assert IndexStore(folder).clear() == 0
            assert len(shelves(folder)) == 2
        assert shelves(folder) == [first]
        assert page_of(one, "").matched == 0
    assert shelves(folder) == []


def test_a_damaged_shelf_is_said(log: Path, folder: Path) -> None:
    with closing(opened(log, folder)) as source:
        batches = source.batches()
        while source.status.events < 1000:
            next(batches)
        [shelf] = shelves(folder)
        shelf.write_bytes(b"")
        with pytest.raises(
            SourceUnreadable, match="what is kept of it on disk was damaged"
        ) as said:
            page_of(source, "id:*7")
        assert said.value.hint == "open the log again"
        batches.close()


READ_WITHOUT_ROOM = """
import resource, sys
from pathlib import Path
from threading import enumerate as threads
from audit_console.core.filters import EVERYTHING
from audit_console.core.query import Stage, parse
from audit_console.core.timespan import Anchor
from audit_console.sources.archive import IndexStore, open_archive, stored
from datetime import UTC, datetime

stored.GROUP = 64
folder = Path(sys.argv[2])
source = open_archive([sys.argv[1]], keep=True, indexes=IndexStore(folder, min_bytes=0))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for batch in source.batches():
    pass
for thread in threads():
    if thread.name == "index":
        thread.join()
ids = parse("| count by id", Anchor(datetime.now(UTC))).stages
print(source.tally(EVERYTHING, by=ids).height, source.status.index_fault)
source.close()
print([path.name for path in folder.iterdir()])
"""


@UNMEASURED
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_without_room_the_rest_stays_in_memory_and_that_is_said(log: Path, folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", READ_WITHOUT_ROOM, str(log), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == [
        f"3000 no index of this log could be written: {folder}: File too large",
        "['lock']",
    ]
    assert ended.stderr == ""
