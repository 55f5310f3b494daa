"""An index of a log to which lines were added since, in its last file or in a new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_console.core.filters import EVERYTHING
from audit_console.core.query.stages import Count
from audit_console.sources.archive import growth, open_archive
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.indexes import (
    LINES,
    append,
    continued,
    data_file,
    has_index,
    index_of,
    is_hit,
    opened,
    page_of,
    read_to_the_end,
)
from tests.support.places import text_of

BY_USER = (Count(("user",)),)
MORE = v1_lines(v1_chain(400))[300:]
"""What follows the lines of `log`."""


def assert_shown_as_read(files: list[Path], folder: Path, *, events: int, malformed: int) -> None:
    """A grown log is shown by its index as it is read without one, and has an index again."""
    with closing(open_archive(list(map(str, files)), keep=True)) as plain:
        whole = read_to_the_end(plain)
        bad = plain.malformed(first=0, limit=10)
        counts = plain.tally(EVERYTHING, by=BY_USER)
    with closing(opened(files, folder)) as source:
        assert has_index(source)
        status = source.status
        assert (status.events, status.malformed) == (events, malformed)
        assert status.lines == events + malformed
        assert_frame_equal(page_of(source).rows.drop("check"), whole.rows.drop("check"))
        assert_frame_equal(source.malformed(first=0, limit=10), bad)
        assert_frame_equal(source.tally(EVERYTHING, by=BY_USER), counts)
        assert_frame_equal(read_to_the_end(source).rows, whole.rows)
        assert source.status.index_fault is None
        assert_frame_equal(source.tally(EVERYTHING, by=BY_USER), counts)
    assert is_hit(files, folder)


@UNMEASURED
@pytest.mark.parametrize("batches", [1, 2])
def test_a_file_that_grew_is_shown_with_what_was_added(
    batches: int, log: Path, folder: Path
) -> None:
    everything = v1_lines(v1_chain(340))
    log.write_bytes(text_of([b"no event", *everything[:300]]))
    index_of(log, folder)
    for batch in range(batches):
        continued(log, [*everything[300 + 20 * batch : 320 + 20 * batch], b"{"])
    assert_shown_as_read([log], folder, events=300 + 20 * batches, malformed=1 + batches)


@UNMEASURED
def test_only_the_last_of_the_files_may_grow(tmp_path: Path, folder: Path) -> None:
    logs = [tmp_path / "audit.jsonl.1", tmp_path / "audit.jsonl"]
    for path, part in zip(logs, (LINES[:150], LINES[150:]), strict=True):
        path.write_bytes(text_of(part))

    index_of(logs, folder)
    append(logs[1])
    with closing(opened(logs, folder)) as grown:
        assert (grown.status.events, grown.status.lines) == (301, 301)
        last = page_of(grown).rows.filter(pl.col("file") == 1)["line"]
        assert read_to_the_end(grown).rows.filter(pl.col("file") == 1)["line"].equals(last)
        assert grown.status.index_fault is None
    append(logs[0])
    assert not is_hit(logs, folder)


@UNMEASURED
def test_a_log_that_outgrew_its_index_gets_a_new_one(
    log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(log, folder)
    monkeypatch.setattr(growth, "MOST_BYTES", 10)
    before = data_file(folder).name
    append(log)
    with closing(opened(log, folder)) as source:
        assert source.status.events == 300
        assert read_to_the_end(source).matched == 301
        assert source.status.index_fault is None
    assert data_file(folder).name != before
    with closing(opened(log, folder)) as source:
        assert source.status.events == 301


@UNMEASURED
def test_a_log_that_grows_meanwhile_is_no_other_log(log: Path, folder: Path) -> None:
    index_of(log, folder)
    with closing(opened(log, folder)) as source:
        append(log)
        continued(log, [b"no event"])
        assert has_index(source)
        assert source.malformed(first=0, limit=10).is_empty()
        assert read_to_the_end(source).matched == 301
        assert source.malformed(first=0, limit=10)["line"].to_list() == [302]
        assert source.status.complete
        assert source.status.index_fault is None
    assert is_hit(log, folder)


def rotated(log: Path, more: list[bytes]) -> list[Path]:
    """Put the file of a log aside, and begin a new one in its place."""
    aside = log.with_name(f"{log.name}.1")
    log.rename(aside)
    log.write_bytes(text_of(more))
    return [aside, log]


def test_a_log_that_was_rotated_is_shown_with_what_was_added(log: Path, folder: Path) -> None:
    everything = v1_lines(v1_chain(340))
    log.write_bytes(text_of(everything[:300]))
    index_of(log, folder)
    continued(log, everything[300:320])
    files = rotated(log, [*everything[320:], b"no event"])
    assert_shown_as_read(files, folder, events=340, malformed=1)


@UNMEASURED
def test_a_log_that_was_renamed_is_known_again(log: Path, folder: Path) -> None:
    index_of(log, folder)
    elsewhere = log.rename(log.with_name("case-7.jsonl"))
    with closing(opened(elsewhere, folder)) as source:
        assert has_index(source)
        assert read_to_the_end(source).matched == 300
        assert source.status.index_fault is None


def test_the_index_of_a_rotated_log_that_is_outgrown_makes_room(
    log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(log, folder)
    files = rotated(log, MORE)
    monkeypatch.setattr(growth, "MOST_BYTES", 10)
    with closing(opened(files, folder)) as source:
        assert source.status.events == 300
        assert read_to_the_end(source).matched == 400
        assert source.status.index_fault is None
    assert len(list(folder.glob("*.json"))) == 1
    assert data_file(folder).exists()
    with closing(opened(files, folder)) as source:
        assert source.status.events == 400


def copied_away(log: Path) -> list[Path]:
    aside = log.with_name("audit.jsonl.1")
    shutil.copy2(log, aside)
    log.write_bytes(text_of(MORE))
    return [aside, log]


def rewritten_aside(log: Path) -> list[Path]:
    aside, new = rotated(log, MORE)
    aside.write_bytes(aside.read_bytes().replace(b'"action":"change 1', b'"action":"change 7'))
    return [aside, new]


def touched_aside(log: Path) -> list[Path]:
    aside, new = rotated(log, MORE)
    os.utime(aside, (1, 1))
    return [aside, new]


def torn_aside(log: Path) -> list[Path]:
    log.write_bytes(log.read_bytes()[:-1])
    index_of(log, log.parent / "cache" / "indexes")
    return rotated(log, MORE)


def put_in_its_place(log: Path) -> list[Path]:
    longer = log.with_name("longer")
    longer.write_bytes(log.read_bytes() + text_of(MORE))
    return [longer.replace(log)]


@UNMEASURED
@pytest.mark.parametrize(
    "change", [copied_away, rewritten_aside, touched_aside, torn_aside, put_in_its_place]
)
def test_an_index_of_other_files_is_not_used(
    change: Callable[[Path], list[Path]], log: Path, folder: Path
) -> None:
    index_of(log, folder)
    files = change(log)
    assert not is_hit(files, folder)
    index_of(files, folder)
    assert is_hit(files, folder)


def test_a_part_of_a_log_is_not_shown_by_the_index_of_the_whole(log: Path, folder: Path) -> None:
    files = rotated(log, MORE)
    index_of(files, folder)
    assert not is_hit(files[:1], folder)
    assert not is_hit(files[1:], folder)
