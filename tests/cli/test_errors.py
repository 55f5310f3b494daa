"""Whatever cannot be opened is said in one line, with what to do, and exit code 4."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import command_bound_by_permissions, run_here, run_program, spoken_line

WAYS = pytest.mark.parametrize("command", [["verify"], []], ids=["verify", "console"])


@WAYS
def test_a_missing_file(command: list[str], tmp_path: Path) -> None:
    completed = run_here(*command, str(tmp_path / "missing.jsonl"))
    assert completed.returncode == 4
    assert "missing.jsonl: no such file or folder. Check the path." in spoken_line(completed)


@WAYS
@pytest.mark.parametrize(
    "place",
    ["Server=db;Password=hunter2", "postgresql:/u:hunter2@h/d", "uid=a PWD = hunter2"],
)
def test_what_may_hold_a_password_is_not_quoted(command: list[str], place: str) -> None:
    completed = run_here(*command, place)
    assert completed.returncode == 2
    assert "hunter2" not in completed.stdout + completed.stderr
    assert "maybe with a password in it" in spoken_line(completed)


@WAYS
def test_an_empty_name_is_not_this_folder(command: list[str]) -> None:
    completed = run_here(*command, "")
    assert completed.returncode == 2
    assert "the name of a log is empty. Name a file or a folder." in spoken_line(completed)


@WAYS
def test_a_link_that_leads_nowhere(command: list[str], tmp_path: Path) -> None:
    link = tmp_path / "audit.jsonl"
    link.symlink_to(link.name)
    completed = run_here(*command, str(link))
    assert completed.returncode == 4
    assert f"{link}: a link that leads to no file. See where it leads." in spoken_line(completed)


@pytest.mark.parametrize(("typed", "meant"), [("verfy", "verify"), ("check-prof", "check-proof")])
def test_a_mistyped_command_is_offered(typed: str, meant: str) -> None:
    completed = run_here(typed, "audit.jsonl")
    assert completed.returncode == 4
    assert f"or is the command meant: audit-console {meant}." in spoken_line(completed)


@pytest.mark.parametrize(
    "words",
    [
        ("user:alice", "{log}"),
        ("{log}", "user:alice", "result:failure"),
        ("{log}", "-user:alice", "| count"),
    ],
)
@pytest.mark.parametrize("command", ["search", "evidence"])
def test_a_query_in_the_place_of_a_log(
    command: str, words: tuple[str, ...], whole_log: Path
) -> None:
    completed = run_here(command, *(word.format(log=whole_log) for word in words))
    assert completed.returncode == 2
    assert spoken_line(completed).endswith(
        ": a query in the place of a log. The log comes first; the query after it is one word, "
        "in quotes."
    )


@WAYS
def test_a_file_in_the_home_of_nobody(command: list[str]) -> None:
    completed = run_here(*command, "~nobody-of-this-name/audit.jsonl")
    assert completed.returncode == 4
    assert "audit.jsonl: no such file or folder" in spoken_line(completed)


@WAYS
def test_a_folder_without_logs(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    completed = run_here(*command, str(tmp_path))
    assert completed.returncode == 4
    assert "no log in this folder" in spoken_line(completed)


@WAYS
def test_a_binary_file(command: list[str], tmp_path: Path) -> None:
    binary = tmp_path / "program.jsonl"
    binary.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200) + os.urandom(4096))
    completed = run_here(*command, str(binary))
    assert completed.returncode == 4
    assert "not an audit log" in spoken_line(completed)


@WAYS
def test_a_file_without_permission(command: list[str], whole_log: Path) -> None:
    whole_log.chmod(0)
    completed = run_program(*command, str(whole_log), command=command_bound_by_permissions())
    assert completed.returncode == 4
    assert "Permission denied" in spoken_line(completed)


@WAYS
def test_a_folder_without_permission(command: list[str], whole_log: Path) -> None:
    folder = whole_log.parent / "closed"
    folder.mkdir(mode=0)
    completed = run_program(*command, str(folder), command=command_bound_by_permissions())
    assert completed.returncode == 4
    assert "Permission denied" in spoken_line(completed)


@WAYS
@pytest.mark.parametrize(
    "place",
    [
        "postgresql://alice:hunter2@db.example.org/audit",
        "postgres://alice:hunter2@db.example.org/audit",
        "service=audit password=hunter2",
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_named(
    command: list[str], place: str
) -> None:
    completed = run_here(*command, place)
    assert completed.returncode == 2
    assert "put it into ~/.pgpass" in spoken_line(completed)
    assert "hunter2" not in completed.stdout + completed.stderr


@WAYS
@pytest.mark.parametrize("host", ["db.example.org", "x" * 5000], ids=["short", "long"])
def test_an_address_of_no_known_kind_is_refused_and_not_named(
    command: list[str], host: str
) -> None:
    completed = run_here(*command, f"postgre://joe:hunter2@{host}/audit")
    assert completed.returncode == 2
    assert "an address of a kind that is not known here" in spoken_line(completed)
    assert "hunter2" not in completed.stdout + completed.stderr


@WAYS
def test_a_database_is_opened_alone(command: list[str], whole_log: Path) -> None:
    completed = run_here(*command, "service=audit", str(whole_log))
    assert completed.returncode == 2
    assert "a database is one log" in spoken_line(completed)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    completed = run_here("verify", f"host={tmp_path} dbname=audit")
    assert completed.returncode == 4
    line = spoken_line(completed)
    assert "no connection" in line
    assert "Check host and port" in line


def test_folders_that_are_closed_are_said_in_one_line(whole_log: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    plan = tmp_path / "plan.json"
    run_here("retention", "preview", str(whole_log), "--keep", "0d", "--plan", str(plan))
    closed.chmod(0)
    for arguments in (
        ("search", str(whole_log), "", "-o", f"{closed}/days/"),
        ("keys", "show", f"{closed}/key"),
        (*("retention", "apply", str(whole_log), "--plan", str(plan)), "--archive", str(closed)),
        (*("retention", "apply", str(whole_log), "--plan", str(plan)), "--archive", f"{closed}/a"),
    ):
        completed = run_program(*arguments, command=command_bound_by_permissions())
        assert completed.returncode in {2, 4}, arguments
        assert "Permission denied" in spoken_line(completed) or "no folder for" in completed.stderr


def test_a_key_in_a_folder_that_is_closed_is_not_taken_for_none(
    whole_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0)
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    completed = run_program(
        *("evidence", str(whole_log), "", "-o", str(tmp_path / "case.zip")),
        command=command_bound_by_permissions(),
    )
    assert (completed.returncode, "Traceback" in completed.stderr) == (2, False)
    assert "console.key: Permission denied" in completed.stderr


@WAYS
def test_a_hostile_file_name_cannot_steer_the_terminal(command: list[str], tmp_path: Path) -> None:
    completed = run_here(*command, str(tmp_path / "\x1b]0;title\x07\x9b31m\u202e.jsonl"))
    assert completed.returncode == 4
    assert spoken_line(completed).isprintable()


def test_a_hostile_argument_cannot_steer_the_terminal() -> None:
    completed = run_here("verify", "log.jsonl", "--\x1b]0;title\x07\u202e")
    assert completed.returncode == 2
    assert spoken_line(completed).isprintable()


@pytest.mark.parametrize(
    "arguments",
    [["verify"], ["verify", "x", "--format", "pdf"], ["--nonsense"], ["demo", "extra"]],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str]) -> None:
    completed = run_here(*arguments)
    assert completed.returncode == 2
    assert "--help" in spoken_line(completed)


def test_the_console_needs_a_terminal(whole_log: Path) -> None:
    for arguments in ([], [str(whole_log)], ["demo"]):
        completed = run_program(*arguments)
        assert completed.returncode == 2
        assert "audit-console verify" in spoken_line(completed)


def test_nothing_is_piped_in() -> None:
    completed = run_program("verify", "-", stdin=b"")
    assert completed.returncode == 3
    assert "EMPTY" in completed.stdout


@pytest.mark.parametrize(
    ("closed", "code", "said"),
    [
        ("<&-", 0, ""),
        (">&-", 4, "audit-console: cannot write to standard output: Bad file descriptor."),
        ("2>&-", 0, ""),
        ("<&- 2>&- >&-", 4, ""),
    ],
)
def test_a_closed_stream_is_no_fault_of_the_program(
    whole_log: Path, closed: str, code: int, said: str
) -> None:
    command = f'exec "$0" -m audit_console search "$1" "| count" {closed}'
    completed = subprocess.run(
        ["bash", "-c", command, sys.executable, str(whole_log)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == code
    assert "Traceback" not in completed.stderr
    assert said in completed.stderr
