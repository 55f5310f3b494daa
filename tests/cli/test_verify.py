"""`audit-console verify`, the real program on real files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, children_of, run_here, run_program, spoken_line, started
from tests.support.effort import UNMEASURED


def test_a_tampered_log_fails(demo_log: Path) -> None:
    completed = run_program("verify", str(demo_log))
    assert completed.returncode == 1
    assert completed.stderr == ""
    lines = completed.stdout.splitlines()
    assert lines[0].startswith("FAIL: 2 faults found, ")
    assert lines[-1] == f"{lines[0]} (exit code 1)"
    assert "EVENT_HASH_MISMATCH" in completed.stdout
    assert "GAP" in completed.stdout


def test_a_whole_log_without_checkpoint_is_incomplete(whole_log: Path) -> None:
    completed = run_here("verify", str(whole_log))
    assert completed.returncode == 3
    assert completed.stdout.startswith("INCOMPLETE: ")


def test_the_missing_checkpoint_can_be_allowed(whole_log: Path) -> None:
    completed = run_here("verify", str(whole_log), "--allow-unanchored", "--format", "json")
    assert completed.returncode == 0
    document = json.loads(completed.stdout)
    assert (document["verdict"], document["exit_code"]) == ("INCOMPLETE", 0)


@UNMEASURED
def test_allowing_the_missing_checkpoint_allows_nothing_else(
    demo_log: Path, tmp_path: Path
) -> None:
    assert run_here("verify", "--allow-unanchored", str(demo_log)).returncode == 1
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert run_here("verify", "--allow-unanchored", str(empty)).returncode == 3


@UNMEASURED
def test_json_says_what_the_log_holds(demo_log: Path) -> None:
    completed = run_here("verify", str(demo_log), "--format", "json")
    document = json.loads(completed.stdout)
    assert completed.returncode == document["exit_code"] == 1
    assert document["schema"] == "audit-console/verification/1"
    assert document["counts"] == {"EVENT_HASH_MISMATCH": 1, "GAP": 1, "NO_CHECKPOINT": 1}
    (chain,) = document["chains"]
    (file,) = document["source"]["files"]
    assert chain["chain"] == "audit.example.org/demo"
    assert chain["events"] == chain["verified"] + chain["failed"] + chain["not_checked"]
    assert (file["bytes"], file["lines"]) == (demo_log.stat().st_size, chain["events"])
    printed = subprocess.run(
        ["sha256sum", str(demo_log)], capture_output=True, text=True, check=True
    )
    assert file["sha256"] == printed.stdout.split()[0]


@UNMEASURED
@pytest.mark.parametrize(
    ("form", "beginning"), [("markdown", "# FAIL: 2 faults found, "), ("html", "<!DOCTYPE html>\n")]
)
def test_a_report_for_people_goes_into_a_file(
    demo_log: Path, tmp_path: Path, form: str, beginning: str
) -> None:
    target = tmp_path / "report"
    completed = run_here("verify", str(demo_log), "--format", form, "-o", str(target))
    assert (completed.returncode, completed.stdout) == (1, "")
    assert target.read_text("utf-8").startswith(beginning)
    verdict = "FAIL: 2 faults found, 44,667 lines read"
    assert spoken_line(completed) == f"audit-console: {target}: {verdict}"


@pytest.mark.parametrize(
    ("name", "beginning"), [("r.md", "# INCOMPLETE: "), ("r.html", "<!DOCTYPE"), ("r.json", "{")]
)
def test_the_ending_of_a_file_names_the_form_of_a_report(
    whole_log: Path, tmp_path: Path, name: str, beginning: str
) -> None:
    target = tmp_path / name
    assert run_here("verify", str(whole_log), "-o", str(target)).returncode == 3
    assert target.read_text("utf-8").startswith(beginning)


def test_standard_input_is_a_source(whole_log: Path) -> None:
    completed = run_program("verify", "-", "--format", "json", stdin=whole_log.read_bytes())
    assert completed.returncode == 3
    assert json.loads(completed.stdout)["chains"][0]["verified"] == 40


def test_compressed_and_rotated_files_are_one_log(whole_log: Path, tmp_path: Path) -> None:
    lines = whole_log.read_bytes().splitlines(keepends=True)
    folder = tmp_path / "rotated"
    folder.mkdir()
    (folder / "audit.000000000000.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[:25])))
    (folder / "audit.jsonl").write_bytes(b"".join(lines[25:]))
    completed = run_here("verify", str(folder), "--format", "json")
    document = json.loads(completed.stdout)
    assert completed.returncode == 3
    assert document["counts"] == {"NO_CHECKPOINT": 1}
    assert [file["lines"] for file in document["source"]["files"]] == [25, 15]


def test_a_file_named_like_a_command_is_opened_behind_dashes(
    whole_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(whole_log, "verify")
    for arguments in (["./verify"], ["--", "verify"]):
        line = spoken_line(run_here(*arguments))
        assert "the console needs a terminal" in line
    assert run_here("verify", "verify").returncode == 3


def test_a_reader_that_goes_away_is_no_error(demo_log: Path) -> None:
    with started("verify", str(demo_log)) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


def expect_a_full_device_to_be_said(*arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        completed = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert completed.returncode == 4
    assert "No space left" in spoken_line(completed)


def test_a_full_device_is_said(demo_log: Path) -> None:
    expect_a_full_device_to_be_said("verify", str(demo_log))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["retention", "apply", "-h"]])
def test_help_for_a_full_device_is_no_success(arguments: list[str]) -> None:
    expect_a_full_device_to_be_said(*arguments)


def test_a_report_goes_into_a_new_file(demo_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    completed = run_here("verify", str(demo_log), "--format", "json", "-o", str(target))
    assert (completed.returncode, completed.stdout) == (1, "")
    assert json.loads(target.read_text("utf-8"))["verdict"] == "FAIL"
    assert children_of(tmp_path) == ["report.json"]


def test_a_report_replaces_a_file_only_when_told_so(whole_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("earlier")
    refused = run_here("verify", str(whole_log), "-o", str(target))
    assert refused.returncode == 2
    assert "--force" in spoken_line(refused)
    assert target.read_text() == "earlier"
    forced = run_here("verify", str(whole_log), "-o", str(target), "--force")
    assert forced.returncode == 3
    assert target.read_text("utf-8").startswith("INCOMPLETE")


@pytest.mark.parametrize("pattern", ["whole.jsonl", "*.jsonl"])
def test_a_report_never_replaces_the_log(whole_log: Path, pattern: str) -> None:
    before = whole_log.read_bytes()
    place = str(whole_log.parent / pattern)
    completed = run_here("verify", place, "-o", str(whole_log), "--force")
    assert completed.returncode == 2
    assert "is the log itself" in spoken_line(completed)
    assert whole_log.read_bytes() == before


def test_a_report_that_cannot_be_written_leaves_nothing(whole_log: Path, tmp_path: Path) -> None:
    nowhere = run_here("verify", str(whole_log), "-o", str(tmp_path / "no" / "report.txt"))
    assert nowhere.returncode == 4
    assert "no folder" in spoken_line(nowhere)
    folder = run_here("verify", str(whole_log), "-o", str(tmp_path))
    assert folder.returncode == 2
    assert "is a folder" in spoken_line(folder)
    assert children_of(tmp_path) == ["whole.jsonl"]
