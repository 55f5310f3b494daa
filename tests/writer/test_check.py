"""The check of the writer says what the console says."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.findings import Code, FindingClass
from audit_console.writer.check import check_files, main
from tests.support.archives import log_ticks
from tests.support.chains import (
    branch,
    event,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.judging import judge_archive
from tests.support.places import text_of
from tests.support.pruned import record as prune_record

NOTHING_VOUCHES = "nothing outside the log vouches for its end: events cut off there leave no trace"
CHAIN = v1_chain(8)
LINES = v1_lines(CHAIN)


def respelled(line: bytes) -> bytes:
    return line.replace(b'{"v":1,', b'{ "v":1,', 1)


LOGS: dict[str, Sequence[bytes]] = {
    "whole": LINES,
    "empty": [],
    "content": [*LINES[:3], LINES[3].replace(b"change 3", b"change 9"), *LINES[4:]],
    "gap": [*LINES[:3], *LINES[5:]],
    "head missing": LINES[2:],
    "malformed": [*LINES[:3], b"noise", *LINES[3:]],
    "blank lines": [*LINES[:3], b"", b"  ", *LINES[3:]],
    "respelled": [*LINES[:3], respelled(LINES[3]), *LINES[4:]],
    "twice": [*LINES, LINES[4]],
    "fork": [*LINES, *v1_lines(branch(CHAIN, 5, 6))],
    "second genesis": [*LINES, *v1_lines(linked([replace(CHAIN[0], action="other")]))],
    "clock": v1_lines(linked([CHAIN[0], replace(CHAIN[1], recorded_at=CHAIN[0].timestamp)])),
    "two chains": [*LINES, *v1_lines(v1_chain(3, chain="example.org/second"))],
}


def write(folder: Path, lines: Sequence[bytes]) -> Path:
    path = folder / "audit.jsonl"
    path.write_bytes(text_of(lines))
    return path


@pytest.mark.parametrize("lines", LOGS.values(), ids=LOGS)
def test_it_finds_what_the_console_finds(tmp_path: Path, lines: Sequence[bytes]) -> None:
    path = write(tmp_path, lines)
    if not lines:
        assert list(check_files([path]).findings.counts) == [Code.EMPTY]
        return
    check = check_files([path])
    console = judge_archive(path)
    assert check.findings.counts == console.counts
    assert sorted((one.code, one.line or 0) for one in check.findings.kept) == sorted(
        (one.code, one.line or 0) for one in console.findings
    )


def test_half_a_line_at_the_end_is_a_notice(tmp_path: Path) -> None:
    path = write(tmp_path, LINES)
    path.write_bytes(path.read_bytes() + b'{"v":1,')
    counts = check_files([path]).findings.counts
    assert counts == {Code.TORN_TAIL: 1, Code.NO_CHECKPOINT: 1}


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_without_end_is_never_held(tmp_path: Path, end: bytes) -> None:
    path = write(tmp_path, LINES)
    with path.open("ab") as file:
        file.truncate(file.tell() + (64 << 20))
        file.seek(0, os.SEEK_END)
        file.write(end)
    tracemalloc.start()
    found = check_files([path]).findings
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.counts == judge_archive(path).counts == {Code.OVERSIZE: 1, Code.NO_CHECKPOINT: 1}
    assert peak < 8 << 20


def test_another_format_is_not_judged(tmp_path: Path) -> None:
    path = write(tmp_path, orchestrator_lines(orchestrator_chain(2)))
    findings = check_files([path]).findings
    assert findings.counts == {Code.MALFORMED: 2, Code.EMPTY: 1}
    assert findings.class_counts[FindingClass.FAULT] == 2


def pruned(folder: Path, event_type: str = "system_event", reason: str = "retention") -> Path:
    record = prune_record(CHAIN, 3) | {"reason": reason}
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    told = replace(event(8), event_type=event_type, action="retention.prune", details=text)
    chain = [*CHAIN, *linked([told], CHAIN[-1].event_hash or "")]
    (folder / "audit.prunes.jsonl").write_text(f"{text}\n\n", encoding="utf-8")
    return write(folder, v1_lines(chain[3:]))


@pytest.mark.parametrize("reason", ["retention", "a\u2028b\x85c"])
def test_a_pruned_log_is_no_fault(tmp_path: Path, reason: str) -> None:
    path = pruned(tmp_path, reason=reason)
    found = check_files([path]).findings.counts
    assert found == judge_archive(path).counts
    assert Code.PRUNED_PREFIX in found
    assert not found.keys() & {Code.PRUNE_RECORD_NOT_IN_CHAIN, Code.PRUNE_RECORD_INVALID}


def test_no_event_but_one_of_the_system_tells_of_a_prune(tmp_path: Path) -> None:
    path = pruned(tmp_path, event_type="workflow_update")
    found = check_files([path]).findings.counts
    assert found == judge_archive(path).counts
    assert Code.PRUNE_RECORD_NOT_IN_CHAIN in found


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audit_console.writer.check", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


@pytest.mark.usefixtures("measured_programs")
def test_it_is_a_program(tmp_path: Path) -> None:
    log_ticks(tmp_path, 3)
    ended = run(tmp_path / "audit.jsonl")
    assert (ended.returncode, ended.stderr) == (3, "")
    assert ended.stdout.splitlines() == [
        "INCOMPLETE: 3 events, 0 unreadable lines",
        f"NO_CHECKPOINT {NOTHING_VOUCHES}",
    ]


def test_it_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, [*LINES[:3], LINES[3].replace(b"change 3", b"change 9"), b"\x1b[2J"])
    assert main([str(path)]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("FAIL: 4 events, 1 unreadable line\n")
    assert f"EVENT_HASH_MISMATCH the content of seq 3 differs from its hash ({path}:4)" in printed
    assert "\x1b" not in printed


def test_it_says_what_it_cannot_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hint = "Name the files of the log in its order, unpacked: audit.0*.jsonl audit.jsonl"
    assert main([str(tmp_path / "nowhere.jsonl")]) == 4
    missing = f"{tmp_path}/nowhere.jsonl: No such file or directory. {hint}\n"
    assert capsys.readouterr().err == missing
    assert main(["."]) == 4
    assert capsys.readouterr().err == f".: Is a directory. {hint}\n"
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_what_is_packed_is_not_called_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "audit.000000000000.jsonl.gz"
    packed.write_bytes(gzip.compress(text_of(LINES)))
    assert main([str(packed)]) == 4
    said = capsys.readouterr()
    assert (said.out, said.err.partition(". ")[0]) == ("", f"{packed}: packed")
