"""`audit-console migrate`."""

from __future__ import annotations

import re

from tests.cli.program import run_here, spoken_line


def test_a_database_is_migrated_once(empty_database: str) -> None:
    for option, printed in (
        ("--status", "0001 audit_events  pending\n0002 retention  pending\n"),
        ("--dry-run", "would apply 0001 audit_events\nwould apply 0002 retention\n"),
        ("--dry-run", "would apply 0001 audit_events\nwould apply 0002 retention\n"),
    ):
        completed = run_here("migrate", empty_database, option)
        assert (completed.returncode, completed.stdout) == (0, printed), completed.stderr
    applied = run_here("migrate", empty_database).stdout
    assert applied == "applied 0001 audit_events\napplied 0002 retention\n"
    assert run_here("migrate", empty_database).stdout == "up to date\n"
    told = run_here("migrate", empty_database, "--status").stdout
    moment = r"\d{4}-\d\d-\d\dT[\d:.]{15}Z"
    assert re.fullmatch(
        rf"0001 audit_events  applied {moment}\n0002 retention  applied {moment}\n", told
    )


def test_a_server_that_is_not_there_is_one_line() -> None:
    completed = run_here("migrate", "postgresql://127.0.0.1:1/audit")
    assert completed.returncode == 4
    assert "Connection refused" in spoken_line(completed)


def test_a_password_belongs_elsewhere() -> None:
    completed = run_here("migrate", "postgresql://bob:hunter2@127.0.0.1:1/audit")
    assert completed.returncode == 2
    assert "PGPASSWORD" in spoken_line(completed)
    assert "hunter2" not in completed.stderr
