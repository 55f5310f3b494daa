"""The index of an archive: rows that stand in for the log, and nothing that vouches for it."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_console.columns.schema import PAGE
from audit_console.core.codec import encode_line
from audit_console.core.filters import EVERYTHING
from audit_console.core.query import parse
from audit_console.core.query.stages import Count
from audit_console.core.timespan import Anchor
from audit_console.sources.archive import ArchiveSource, open_archive
from audit_console.sources.archive import index as module
from audit_console.sources.protocol import AtRow, Order, Page
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.indexes import (
    LINES,
    append,
    data_file,
    has_index,
    index_of,
    is_hit,
    opened,
    page_of,
    read_to_the_end,
    store_in,
)
from tests.support.places import text_of
from tests.support.queries import event as generated_event
from tests.support.reading import read_whole

ANCHOR = Anchor(datetime(2026, 11, 22, tzinfo=UTC))
BY_USER = (Count(("user",)),)


def test_the_rows_are_there_before_anything_is_read(log: Path, folder: Path) -> None:
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        page = page_of(source)
        assert_frame_equal(page.rows.drop("check"), whole.rows.drop("check"))
        assert page.rows["check"].null_count() == page.matched == len(LINES)
        status = source.status
        assert (status.events, status.lines, status.bytes_read) == (300, 300, 0)
        assert status.partial
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 300


@UNMEASURED
def test_log_order_is_that_of_the_lines(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "any.jsonl"
    events = [event for seed in range(90) if (event := generated_event(Random(seed))).chain]
    times = [event.occurred_at for event in events]
    assert times != sorted(times)
    lines = [encode_line(event) for event in events]
    log.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
    index_of(log, folder)
    with closing(opened(log, folder)) as source:
        assert has_index(source)
        assert pl.concat(source.in_log_order(EVERYTHING))["raw"].to_list() == lines
        read_to_the_end(source)
        assert pl.concat(source.in_log_order(EVERYTHING))["raw"].to_list() == lines


@UNMEASURED
def test_what_was_read_takes_the_place_of_the_index(log: Path, folder: Path) -> None:
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        assert_frame_equal(read_to_the_end(source).rows, whole.rows)
        assert source.status.complete
        assert not has_index(source)
        assert source.status.index_fault is None


@UNMEASURED
@pytest.mark.parametrize("seed", range(4))
def test_an_index_gives_what_a_load_gives(seed: int, tmp_path: Path, folder: Path) -> None:
    rng = Random(seed)
    log = tmp_path / "any.jsonl"
    log.write_text("".join(encode_line(generated_event(rng)) + "\n" for _ in range(60)))
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        assert has_index(source)
        assert_frame_equal(page_of(source).rows.drop("check"), whole.rows.drop("check"))
        assert_frame_equal(read_to_the_end(source).rows, whole.rows)
        assert source.status.index_fault is None


def rewrite(log: Path) -> None:
    changed = log.read_bytes().replace(b'"action":"change 1', b'"action":"change 7')
    assert changed != log.read_bytes()
    log.write_bytes(changed)


def shorten(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-1])


@UNMEASURED
@pytest.mark.parametrize(
    "change",
    [
        rewrite,
        shorten,
        lambda log: os.utime(log, (1, 1)),
        lambda log: [change(log) for change in (rewrite, append)],
        lambda log: [change(log) for change in (shorten, append)],
    ],
)
def test_the_index_of_a_changed_file_is_not_used(
    change: Callable[[Path], object], log: Path, folder: Path
) -> None:
    index_of(log, folder)
    change(log)
    assert not is_hit(log, folder)
    index_of(log, folder)
    assert is_hit(log, folder)


@UNMEASURED
def test_a_change_that_nothing_gives_away_is_found_by_reading(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(v1_lines(v1_chain(3000))))
    index_of(log, folder)
    before, text = log.stat(), log.read_bytes()
    at = text.index(b'"action":"', len(text) * 5 // 14) + len(b'"action":"')
    with log.open("r+b") as file:
        file.seek(at)
        file.write(b"X")
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    with closing(opened(log, folder)) as source:
        assert has_index(source)
        page = read_to_the_end(source)
        assert source.status.index_fault
        assert not has_index(source)
    with closing(open_archive([str(log)], keep=True)) as plain:
        assert_frame_equal(page.rows, read_to_the_end(plain).rows)
    with closing(opened(log, folder)) as source:
        read_to_the_end(source)
        assert source.status.index_fault is None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path, place: float) -> None:
    text = bytearray(path.read_bytes())
    text[int(len(text) * place)] ^= 1 << 5
    path.write_bytes(text)


@pytest.mark.parametrize("damage", [cut, lambda path: path.write_bytes(b""), Path.unlink])
def test_rows_of_another_size_are_not_used(
    damage: Callable[[Path], object], log: Path, folder: Path
) -> None:
    index_of(log, folder)
    damage(data_file(folder))
    assert not is_hit(log, folder)
    index_of(log, folder)
    assert is_hit(log, folder)


def answers(source: ArchiveSource) -> tuple[Page, list[tuple[object, ...]], int | None]:
    """Ask for a page, counts and a filter on a text: for columns of every kind."""
    ending = parse("id:*7", ANCHOR).where
    found = source.page(ending, order=Order.NEWEST_FIRST, at=AtRow(0), limit=1)
    return page_of(source), source.tally(EVERYTHING, by=BY_USER).rows(), found.matched


@UNMEASURED
@pytest.mark.parametrize("quarter", range(4))
def test_damage_anywhere_is_harmless(quarter: int, log: Path, folder: Path) -> None:
    index_of(log, folder)
    rows, [manifest] = data_file(folder), folder.glob("*.json")
    texts = {path: path.read_bytes() for path in (rows, manifest)}
    with closing(open_archive([str(log)], keep=True)) as source:
        read_to_the_end(source)
        page, *counts = answers(source)
    for part in range(6):
        for path, text in texts.items():
            path.write_bytes(text)
        flip(rows, (quarter + part / 6) / 4)
        with closing(opened(log, folder)) as source:
            answers(source)
            read_to_the_end(source)
            found, *rest = answers(source)
            assert_frame_equal(found.rows, page.rows)
            assert rest == counts


def test_a_damaged_column_is_noticed_when_it_is_asked_for(log: Path, folder: Path) -> None:
    whole = index_of(log, folder)
    [manifest] = folder.glob("*.json")
    start, length, _ = json.loads(manifest.read_text())["events"]["pieces"]["user_id"][0]
    flip(data_file(folder), (start + length / 2) / data_file(folder).stat().st_size)
    with closing(opened(log, folder)) as source:
        assert page_of(source).matched == 300
        assert source.tally(EVERYTHING, by=BY_USER).is_empty()
        assert source.status.index_fault
        assert_frame_equal(read_to_the_end(source).rows, whole.rows)
    assert is_hit(log, folder)


@UNMEASURED
def test_events_are_not_taken_from_lines_that_changed(log: Path, folder: Path) -> None:
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        read_to_the_end(source)
        rewrite(log)
        assert_frame_equal(page_of(source).rows.drop("raw"), whole.rows.drop("raw"))


def test_a_time_that_no_calendar_has_is_damage(log: Path, folder: Path) -> None:
    index_of(log, folder)
    [manifest] = folder.glob("*.json")
    [[start, *_]] = json.loads(manifest.read_text())["events"]["pieces"]["timestamp"]
    rows = data_file(folder)
    text = bytearray(rows.read_bytes())
    text[start + 7] = 0x70  # the highest byte of the first time: year 255,000
    rows.write_bytes(text)
    assert not is_hit(log, folder)


@UNMEASURED
@pytest.mark.parametrize("digit", range(0, 200, 31))
def test_a_number_that_changed_in_a_manifest_makes_it_unusable(
    digit: int, log: Path, folder: Path
) -> None:
    index_of(log, folder)
    [manifest] = folder.glob("*.json")
    text = bytearray(manifest.read_bytes())
    places = [place for place, byte in enumerate(text) if chr(byte).isdigit()]
    text[places[digit]] = ord("e") if digit % 2 else ord("0") + (text[places[digit]] + 1) % 10
    manifest.write_bytes(text)
    assert not is_hit(log, folder)


def test_of_an_index_for_which_there_is_no_room_nothing_stays(
    log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with closing(opened(log, folder)) as source:
        read_to_the_end(source)
        assert source.status.index_fault is not None
        assert source.status.index_fault.endswith("No space left on device")
    assert [path.name for path in folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made_by":null}', "\x00"])
def test_a_damaged_manifest_is_not_used(text: str, log: Path, folder: Path) -> None:
    index_of(log, folder)
    [manifest] = folder.glob("*.json")
    manifest.write_text(text)
    assert not is_hit(log, folder)
    assert store_in(folder).entries() == []


def test_an_index_of_another_version_is_not_used(
    log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(log, folder)
    monkeypatch.setattr(module, "FORMAT", module.FORMAT + 1)
    assert not is_hit(log, folder)


def test_rows_of_another_log_are_thrown_away(tmp_path: Path, log: Path, folder: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(text_of(LINES[:200]))
    index_of(log, folder)
    [own] = folder.glob("*.json")
    index_of(other, folder)
    [foreign] = set(folder.glob("*.json")) - {own}
    mine = json.loads(own.read_text())
    forged = json.loads(foreign.read_text()) | {"files": mine["files"]}
    del forged["checksum"]
    own.write_text(json.dumps(forged | {"checksum": module._checksum(forged)}))
    with closing(opened(log, folder)) as source:
        assert source.status.events == 200
        assert read_to_the_end(source).matched == 300
        assert source.status.index_fault


@UNMEASURED
def test_reading_that_is_stopped_leaves_the_rows_of_the_index(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(v1_lines(v1_chain(2000))))
    index_of(log, folder)
    with closing(opened(log, folder)) as source:
        batches = source.batches()
        read = next(batches).events.height
        batches.close()
        status, page = source.status, page_of(source)
        assert has_index(source)
        assert status.stopped
        assert page.matched == status.events == 2000
        assert status.as_read.events == read
        checks = page.rows["check"]
        assert checks.head(2000 - read).null_count() == 2000 - read > 0
        assert checks.tail(read).null_count() == 0


def test_small_logs_and_logs_that_are_not_kept_get_none(log: Path, folder: Path) -> None:
    index_of(log, folder, min_bytes=log.stat().st_size + 1)
    with closing(open_archive([str(log)], keep=False, indexes=store_in(folder))) as source:
        read_whole(source)
    assert not folder.exists()


@UNMEASURED
def test_the_one_not_used_for_longest_is_removed(tmp_path: Path, folder: Path) -> None:
    logs = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, path in enumerate(logs):
        path.write_bytes(text_of(LINES))
        if number < 2:
            index_of(path, folder)
    for path in folder.glob("*.json"):
        os.utime(path, ns=(1, 1))
    assert is_hit(logs[0], folder)  # which makes it the one used last
    size = max(path.stat().st_size for path in folder.glob("*.rows"))
    index_of(logs[2], folder, max_bytes=size * 5 // 2)
    assert [is_hit(path, folder) for path in logs] == [True, False, True]


def test_indexes_are_private_shown_and_cleared(log: Path, folder: Path) -> None:
    index_of(log, folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    [entry] = store_in(folder).entries()
    assert entry.paths == (str(log.resolve()),)
    assert entry.bytes > 10_000
    assert store_in(folder).clear() >= entry.bytes
    assert store_in(folder).entries() == []
    assert store_in(folder.with_name("none")).clear() == 0


def test_a_folder_that_cannot_be_made_hurts_nobody_and_is_named(log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "indexes"
    with closing(opened(log, folder)) as source:
        assert read_to_the_end(source).matched == 300
        fault = source.status.index_fault
        assert fault == f"no index of this log could be written: {folder}: Not a directory"
    assert not is_hit(log, folder)


@UNMEASURED
def test_the_lines_that_could_not_be_read_are_kept_too(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of([*LINES[:100], b"no event", *LINES[100:], b"{"]))
    index_of(log, folder)
    with closing(opened(log, folder)) as source:
        shown = source.malformed(first=0, limit=10)
        assert shown.height == source.status.malformed == 2
        read_to_the_end(source)
        assert_frame_equal(source.malformed(first=0, limit=10), shown)
        assert source.status.index_fault is None


@UNMEASURED
@pytest.mark.parametrize("of", ["", "*.json", "*.rows"])
@pytest.mark.parametrize("mode", [0o020, 0o004])
def test_an_index_that_others_could_have_written_is_not_used(
    of: str, mode: int, log: Path, folder: Path
) -> None:
    index_of(log, folder)
    path = next(folder.glob(of)) if of else folder
    path.chmod(path.stat().st_mode | mode)
    assert not is_hit(log, folder)
    (folder / "forged").touch()
    index_of(log, folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not (folder / "forged").exists()
    assert is_hit(log, folder)


def test_the_folder_of_another_user_is_left_alone(
    log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(log, folder)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with closing(opened(log, folder)) as source:
        assert not has_index(source)
        read_to_the_end(source)
        assert str(source.status.index_fault).endswith("it belongs to another user")


def test_while_one_console_writes_another_does_not(log: Path, folder: Path) -> None:
    with store_in(folder)._locked() as is_ours:
        assert is_ours
        assert index_of(log, folder).matched == 300
        assert not is_hit(log, folder)


@UNMEASURED
def test_rows_in_use_outlive_their_files(log: Path, folder: Path) -> None:
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        store_in(folder).clear()
        assert_frame_equal(page_of(source).rows.drop("check"), whole.rows.drop("check"))


def test_a_packed_log_has_its_lines_when_it_is_unpacked(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "audit.jsonl.gz"
    log.write_bytes(gzip.compress(text_of(LINES)))
    whole = index_of(log, folder)
    with closing(opened(log, folder)) as source:
        page = page_of(source)
        assert_frame_equal(page.rows.drop("check", "raw"), whole.rows.drop("check", "raw"))
        assert page.rows["raw"].null_count() == 300
        assert_frame_equal(read_to_the_end(source).rows, whole.rows)
    log.write_bytes(gzip.compress(text_of(LINES)) + gzip.compress(text_of(LINES[:1])))
    assert not is_hit(log, folder)


@UNMEASURED
def test_the_columns_are_those_of_a_page(log: Path, folder: Path) -> None:
    index_of(log, folder)
    with closing(opened(log, folder)) as source:
        rows = page_of(source).rows
    assert_frame_equal(rows.head(0), pl.DataFrame(schema=PAGE))
