"""An archive that has an index: its rows are there while its files are read and verified."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.sources.archive import ArchiveSource, IndexStore, open_archive
from audit_console.sources.protocol import Batch
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.reading import read_whole
from tests.tui.support import (
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    until_loaded,
    until_shown,
)

GATE_OPENS_SOON = 60


class Held(ArchiveSource):
    """Reads its files when the gate is open."""

    gate: threading.Event

    def batches(self) -> Generator[Batch]:
        assert self.gate.wait(GATE_OPENS_SOON)
        yield from super().batches()


def held(log: Path, folder: Path) -> Held:
    """Open a log that was indexed before."""
    store = IndexStore(folder, min_bytes=0)
    with closing(open_archive([str(log)], keep=True, indexes=store)) as source:
        read_whole(source)
        for thread in threading.enumerate():
            if thread.name == "index":
                thread.join()
    again = open_archive([str(log)], keep=True, indexes=store)
    again.__class__ = Held
    assert isinstance(again, Held)
    again.gate = threading.Event()
    return again


@UNMEASURED
async def test_the_rows_of_the_index_are_shown_and_said_to_be(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(make_lines(300)))
    source = held(log, tmp_path / "indexes")
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "from the index")
        await until_shown(pilot, "action 0 ")
        header, *_, completeness, _ = screen_lines(app)
        assert "300 events" in header
        assert "checking 0 %" in header
        assert "… from the index" in completeness
        assert "being verified" in completeness
        assert "✔ 2026-11-01" not in screen_text(app)
        source.gate.set()
        await until_loaded(pilot)
        assert "300 of 300 matched" in screen_text(app)
        assert "from the index" not in screen_text(app)


@UNMEASURED
async def test_stopping_leaves_the_rows_of_the_index_and_says_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of([*make_lines(1_500), b"no event"]))
    source = held(Path(log.name), tmp_path / "indexes")  # of a long name the end is out of sight
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "being verified")
        await pilot.press("b")
        await until_shown(pilot, "1 line could not be read · from the index")
        await until_shown(pilot, "audit.jsonl:1,501")
        await pilot.press("escape", "escape")
        source.gate.set()
        await until_loaded(pilot)
        header, *_, completeness, _ = screen_lines(app)
        assert "1,500 events" in header
        assert "partial" in header
        assert "◐ from the index" in completeness
        assert "not verified" in completeness
        assert "action 0 " in screen_text(app)
        await pilot.press("3")
        await until_shown(pilot, "verified · 0 failed")
        assert "1,500" not in "".join(screen_lines(app)[1:])


async def test_an_index_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_bytes(text_of(make_lines(3)))
    folder = tmp_path / "file" / "indexes"
    folder.parent.touch()
    source = open_archive([str(log)], keep=True, indexes=IndexStore(folder, min_bytes=0))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "no index of this log could be written")


@UNMEASURED
async def test_an_index_that_is_not_that_of_the_log_is_said_to_be_thrown_away(
    tmp_path: Path,
) -> None:
    log = tmp_path / "audit.jsonl"
    lines = make_lines(300)
    log.write_bytes(text_of(lines))
    source = held(log, tmp_path / "indexes")
    log.write_bytes(text_of(lines[:250]))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "300 events")
        source.gate.set()
        await until_shown(pilot, "not that of this log")
        await until_loaded(pilot)
        await until_shown(pilot, "250 of 250 matched")
