from __future__ import annotations

from pathlib import Path
from threading import enumerate as threads

import pytest

from audit_console.cli.cache import indexes_folder
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.main import run
from audit_console.sources.archive import IndexStore, open_archive
from tests.support.effort import UNMEASURED
from tests.support.reading import read_whole


@pytest.fixture
def indexed(demo_log: Path) -> Path:
    """The demo, whose index was written."""
    source = open_archive(
        [str(demo_log)], keep=True, indexes=IndexStore(indexes_folder(), min_bytes=0)
    )
    read_whole(source)
    source.close()
    for thread in threads():
        if thread.name == "index":
            thread.join()
    return demo_log


def test_nothing_is_kept_at_first(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "show"]) == ExitCode.PASS
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "no index is kept" in shown.err
    assert run(["cache", "clear"]) == ExitCode.PASS
    assert "removed: 0 bytes" in capfd.readouterr().err


@UNMEASURED
def test_indexes_are_shown_and_removed(indexed: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "show"]) == ExitCode.PASS
    [line] = capfd.readouterr().out.splitlines()
    used, size, *files = line.split("\t")
    assert used.endswith("Z")
    assert int(size) > 0
    assert any(str(indexed) in file for file in files)
    assert run(["cache", "clear"]) == ExitCode.PASS
    assert run(["cache", "show"]) == ExitCode.PASS
    assert capfd.readouterr().out == ""


def test_a_folder_that_cannot_be_read_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    folder = indexes_folder()
    folder.parent.mkdir(parents=True)
    folder.touch()
    assert run(["cache", "clear"]) == ExitCode.ERROR
    assert str(folder) in capfd.readouterr().err
