"""What the console remembers of logs."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from audit_console.cli.opening import open_source
from audit_console.cli.screen import Trusting
from audit_console.core.vouchers import Remembered
from audit_console.errors import AuditConsoleError
from audit_console.integrity.memory import WitnessMemory
from audit_console.sources import archive
from audit_console.sources.archive import files
from audit_console.sources.archive.files import ArchiveFile
from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import CHAIN, Keys, verdict_of
from tests.support.effort import UNMEASURED


def test_the_console_remembers_what_it_verified(whole_log: Path, tmp_path: Path) -> None:
    assert verdict_of(str(whole_log)) == (3, {"NO_CHECKPOINT": 1})
    assert verdict_of(str(whole_log)) == (0, {})
    shown = run_here("memory", "show").stdout.split("\t")
    assert shown[:2] == [CHAIN, "40"]
    lines = whole_log.read_bytes().splitlines(keepends=True)
    older = tmp_path / "older.jsonl"
    older.write_bytes(b"".join(lines[:30]))
    assert verdict_of(str(older)) == (1, {"ROLLBACK": 1})
    assert verdict_of(str(whole_log)) == (0, {})
    assert run_here("memory", "forget", CHAIN).returncode == 0
    assert run_here("memory", "forget", CHAIN).returncode == 2
    assert run_here("memory", "show").stdout == ""
    assert verdict_of(str(older)) == (3, {"NO_CHECKPOINT": 1})


@UNMEASURED
@pytest.mark.parametrize(
    "command",
    [
        "verify LOG",
        "search LOG ''",
        "evidence LOG '' -o OUT",
        "checkpoint create LOG --key KEY",
        "retention preview LOG",
    ],
)
def test_what_is_remembered_is_read_before_the_log_is_listed(
    whole_log: Path, keys: Keys, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    remembered, find_files = WitnessMemory.all, files.find_files

    def all_remembered(memory: WitnessMemory) -> dict[str, Remembered]:
        read.append("memory")
        return remembered(memory)

    def found(places: Sequence[str]) -> list[ArchiveFile]:
        read.append("log")
        return find_files(places)

    monkeypatch.setattr(WitnessMemory, "all", all_remembered)
    monkeypatch.setattr(archive, "find_files", found)
    named = {"LOG": str(whole_log), "KEY": keys.log, "OUT": str(whole_log.with_suffix(".zip"))}
    words = [named.get(word, word) for word in shlex.split(command)]
    completed = run_here(*words)
    assert completed.returncode in {0, 3}, completed.stderr
    assert read[:2] == ["memory", "log"]


def test_the_screen_holds_no_log_to_what_was_seen_of_it_since_it_was_opened(
    whole_log: Path,
) -> None:
    lines = whole_log.read_bytes().splitlines(keepends=True)
    whole_log.write_bytes(b"".join(lines[:30]))
    trusting = Trusting(None)
    with closing(trusting.opener(partial(open_source, keep=True))([str(whole_log)])) as source:
        more = whole_log.with_name("more.jsonl")
        more.write_bytes(b"".join(lines))
        assert verdict_of(str(more)) == (3, {"NO_CHECKPOINT": 1})
        verification = trusting(source, stop=Event(), on_progress=lambda _: None)
    assert verification.counts == {"NO_CHECKPOINT": 1}


@pytest.fixture
def broken_memory(user_directories: Path) -> Path:
    folder = user_directories / "xdg_state_home" / "audit-console"
    folder.mkdir(parents=True)
    (folder / "witness.json").write_text("{", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("broken_memory")
def test_a_broken_memory_is_no_reason_not_to_show_a_log(whole_log: Path) -> None:
    trusting = Trusting(None)
    with (
        closing(trusting.opener(partial(open_source, keep=True))([str(whole_log)])) as source,
        pytest.raises(AuditConsoleError, match="what this console remembers cannot be read"),
    ):
        trusting(source, stop=Event(), on_progress=lambda _: None)


def test_a_broken_memory_is_said_and_a_lost_one_too(whole_log: Path, broken_memory: Path) -> None:
    broken = run_here("verify", str(whole_log))
    assert broken.returncode == 4
    assert "what this console remembers cannot be read" in spoken_line(broken)
    shutil.rmtree(broken_memory)
    broken_memory.write_text("a file in the way")
    lost = run_here("verify", str(whole_log))
    assert lost.returncode in {3, 4}
    assert "audit-console: " in lost.stderr


def test_a_memory_without_a_log_says_so() -> None:
    shown = run_here("memory", "show")
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "no log is remembered yet" in spoken_line(shown)
