"""`audit-console evidence`, the real program on real files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audit_console.core.matching import Marks
from audit_console.demo.break_in import INTRUDER_ADDRESS
from audit_console.evidence.package import check_script
from audit_console.search.marks import MarkStore
from tests.cli.conftest import chain
from tests.cli.program import children_of, run_here, run_program, spoken_line

QUERY = f"ip:{INTRUDER_ADDRESS}"


def test_a_package_of_the_demo_is_checked_by_its_own_script(demo_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "case.zip"
    completed = run_program("evidence", str(demo_log), QUERY, "-o", str(target))
    assert (completed.returncode, completed.stdout) == (0, "")
    wanted = f'"ip_address":"{INTRUDER_ADDRESS}"'.encode()
    lines = [line for line in demo_log.read_bytes().splitlines(keepends=True) if wanted in line]
    with zipfile.ZipFile(target) as archive:
        assert archive.read("events.jsonl") == b"".join(lines)
        report = json.loads(archive.read("report.json"))
        archive.extractall(tmp_path / "case")
    log_hash = hashlib.sha256(demo_log.read_bytes()).hexdigest()
    assert [file["sha256"] for file in report["source"]["files"]] == [log_hash]
    isolated = [sys.executable, "-I", "-S", str(tmp_path / "case" / "check.py")]
    for place in ([], [str(target)]):
        checked = subprocess.run(
            [*isolated, *place], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert f"Proven: {len(lines) - 1} under the head over the first 44668 of" in checked.stdout
        assert "Without a proof: 1, because the content differs" in checked.stdout
    changed = bytearray(target.read_bytes())
    changed[len(changed) // 2] ^= 1
    target.write_bytes(changed)
    refused = subprocess.run([*isolated, str(target)], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stdout.startswith("REFUSED: ")


def test_it_says_what_was_packed_and_how_far_it_is_vouched_for(
    whole_log: Path, tmp_path: Path
) -> None:
    completed = run_here("evidence", str(whole_log), "", "-o", str(tmp_path / "case.zip"))
    assert "40 events packed" in completed.stderr
    assert "40 with a proof, 0 of them vouched for from outside the log" in completed.stderr


def test_the_marks_of_the_user_go_with_the_events(
    whole_log: Path, tmp_path: Path, user_directories: Path
) -> None:
    event = chain(40)[7]
    store = MarkStore(user_directories / "xdg_data_home" / "audit-console" / "marks.jsonl")
    store.change((event.id, event.event_hash), Marks(note="seen by the guard"))
    target = tmp_path / "case.zip"
    assert run_here("evidence", str(whole_log), "", "-o", str(target)).returncode == 0
    with zipfile.ZipFile(target) as archive:
        (marked,) = [json.loads(line) for line in archive.read("marks.jsonl").splitlines()]
    assert (marked["id"], marked["note"]) == (event.id, "seen by the guard")


def test_a_query_may_begin_with_not(whole_log: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "case.zip")
    completed = run_here("evidence", str(whole_log), "-o", target, "-rid:user-3")
    assert "39 events packed" in completed.stderr


def test_a_package_replaces_a_file_only_when_told_so(whole_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "case.zip"
    target.write_text("earlier")
    refused = run_here("evidence", str(whole_log), "", "-o", str(target))
    assert refused.returncode == 2
    assert "--force" in spoken_line(refused)
    assert target.read_text() == "earlier"
    forced = run_here("evidence", str(whole_log), "", "-o", str(target), "--force")
    assert forced.returncode == 0
    assert zipfile.is_zipfile(target)
    assert children_of(tmp_path) == ["case.zip", "whole.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{log}", "-o", "{target}"], "a log and a query are needed"),
        (["{log}", ""], "the package needs a file"),
        (["{log}", "", "-o", "-"], "the package needs a file"),
        (["{log}", "user:", "-o", "{target}"], "column"),
        (["{log}", "| top user 5", "-o", "{target}"], "a package holds events"),
        (["{log}", "", "-o", "{log}", "--force"], "is the log itself"),
    ],
)
def test_a_wrong_request_is_said_and_nothing_is_left(
    whole_log: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    before = whole_log.read_bytes()
    places = {"log": str(whole_log), "target": str(tmp_path / "case.zip")}
    completed = run_here("evidence", *(word.format(**places) for word in arguments))
    assert completed.returncode == 2
    assert said in spoken_line(completed)
    assert children_of(tmp_path) == ["whole.jsonl"]
    assert whole_log.read_bytes() == before


def test_a_log_that_cannot_be_packed_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "notes.jsonl"
    log.write_text("no event\n")
    completed = run_here("evidence", str(log), "", "-o", str(tmp_path / "case.zip"))
    assert completed.returncode == 4
    assert children_of(tmp_path) == ["notes.jsonl"]


def test_the_script_is_printed() -> None:
    completed = run_here("evidence", "--script")
    assert (completed.returncode, completed.stdout) == (0, check_script())


def test_a_key_and_a_policy_make_a_package_that_stands(whole_log: Path, tmp_path: Path) -> None:
    log_key = str(tmp_path / "log.key")
    names = ["audit.example.org/test", "console.example.org/alice"]
    log = run_here("keys", "new", "--log", names[0], "-o", log_key).stdout.strip()
    console = run_here("keys", "new", names[1]).stdout.strip()
    (tmp_path / "policy.txt").write_text(f"log {log}\nwitness me {console}\nquorum me\n")
    place, policy = str(whole_log), ["--policy", str(tmp_path / "policy.txt")]
    note = str(tmp_path / "note.txt")
    signed = run_here("checkpoint", "create", place, "--key", log_key, "--cosign", "-o", note)
    assert signed.returncode == 0, signed.stderr
    target = str(tmp_path / "case.zip")
    packed = run_here("evidence", place, "", "-o", target, *policy, "--checkpoint", note)
    assert "40 with a proof, 40 of them vouched for" in packed.stderr
    (tmp_path / "check.py").write_text(check_script(), "utf-8")
    checked = subprocess.run(
        [sys.executable, "-I", "-S", "check.py", "case.zip", *policy, "--key", console],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout
    assert f"The package is signed by {console} at " in checked.stdout
    assert "The head over the first 40 is signed by 'audit.example.org/test+" in checked.stdout
