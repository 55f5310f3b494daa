"""`audit-console migrate`."""

from __future__ import annotations

import re

from tests.cli.program import run_here, spoken_line

MIGRATIONS = (
    *("0001 audit_events", "0002 retention", "0003 deletion"),
    *("0004 results", "0005 resources"),
)


def told_of_each(before: str, after: str = "") -> str:
    return "".join(f"{before}{migration}{after}\n" for migration in MIGRATIONS)


def test_a_database_is_migrated_once(empty_database: str) -> None:
    for option, printed in (
        ("--status", told_of_each("", "  pending")),
        ("--dry-run", told_of_each("would apply ")),
        ("--dry-run", told_of_each("would apply ")),
    ):
        completed = run_here("migrate", empty_database, option)
        assert (completed.returncode, completed.stdout) == (0, printed), completed.stderr
    assert run_here("migrate", empty_database).stdout == told_of_each("applied ")
    assert run_here("migrate", empty_database).stdout == "up to date\n"
    told = run_here("migrate", empty_database, "--status").stdout
    assert re.fullmatch(told_of_each("", r"  applied \d{4}-\d\d-\d\dT[\d:.]{15}Z"), told)


def test_a_server_that_is_not_there_is_one_line() -> None:
    completed = run_here("migrate", "postgresql://127.0.0.1:1/audit")
    assert completed.returncode == 4
    assert "Connection refused" in spoken_line(completed)


def test_a_password_belongs_elsewhere() -> None:
    completed = run_here("migrate", "postgresql://bob:hunter2@127.0.0.1:1/audit")
    assert completed.returncode == 2
    assert "PGPASSWORD" in spoken_line(completed)
    assert "hunter2" not in completed.stderr
