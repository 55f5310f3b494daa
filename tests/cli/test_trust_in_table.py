"""Checkpoints of a log in PostgreSQL, and the signature over what retention leaves of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from audit_console.database import connect
from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import CHAIN, Keys
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.retention import aged_chain
from tests.support.trusting import log_key, policy_text
from tests.support.writing import stored_lines

EVENTS = aged_chain(60)
GOING = ("--keep", "20d", "--before", "2026-08-13")
"""The first 12 events, whatever the clock says."""


@pytest.fixture
def table(database: str) -> str:
    """DSN of a sound chain without a checkpoint."""
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    return database


@pytest.fixture
def plan(table: str, tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    done = run_here("retention", "preview", table, *GOING, "--plan", str(path))
    assert done.returncode == 0, done.stderr
    return str(path)


def role(dsn: str, name: str) -> str:
    return make_conninfo(dsn, options=f"-crole={name}")


def checkpoints(dsn: str) -> list[tuple[str, int, int]]:
    """Give chain, size and number of signatures of each note in the table."""
    with closing(connect(dsn)) as connection:
        rows = connection.execute("SELECT chain, size, note FROM audit_checkpoints ORDER BY number")
        return [(chain, size, note.count("— ")) for chain, size, note in rows]


def test_a_checkpoint_of_a_table_is_kept_in_it(table: str, keys: Keys) -> None:
    policy = ("--policy", keys.policy)
    signed = run_here("checkpoint", "create", role(table, "audit_writer"), "--key", keys.log)
    assert signed.returncode == 0, signed.stderr
    assert "added to audit_checkpoints of postgresql://" in spoken_line(signed)
    cosigned = run_here("checkpoint", "create", table, *policy, "--cosign", keys.console)
    assert cosigned.returncode == 0, cosigned.stderr
    assert checkpoints(table) == [(CHAIN, 60, 1), (CHAIN, 60, 2)]
    assert run_here("verify", table, *policy).returncode == 0
    exported = run_here("checkpoint", "export", table, *policy)
    assert exported.stdout.startswith(f"{CHAIN}\n60\n")


@pytest.mark.parametrize("option", ["--key", "--cosign"])
def test_who_may_not_store_one_is_told_in_one_line(table: str, keys: Keys, option: str) -> None:
    with closing(connect(table)) as connection:
        connection.execute(
            "INSERT INTO audit_checkpoints (chain, size, note) VALUES (%s, 60, %s)",
            [CHAIN, "a note of somebody"],
        )
    key = {"--key": keys.log, "--cosign": keys.console}[option]
    refused = run_here("checkpoint", "create", role(table, "audit_reader"), option, key)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "this user may not store checkpoints" in spoken_line(refused)
    assert "GRANT INSERT ON audit_checkpoints" in spoken_line(refused)
    assert len(checkpoints(table)) == 1


def test_a_note_in_a_file_needs_no_right_to_the_table(
    table: str, keys: Keys, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    made = run_here(
        *("checkpoint", "create", role(table, "audit_reader"), "--key", keys.log, "-o", str(note))
    )
    assert made.returncode == 0, made.stderr
    assert note.read_text("utf-8").startswith(f"{CHAIN}\n60\n")
    assert checkpoints(table) == []


def test_a_schema_without_the_table_is_said(empty_database: str, keys: Keys) -> None:
    refused = run_here("checkpoint", "create", empty_database, "--key", keys.log)
    assert refused.returncode == 4
    assert "audit-console migrate" in spoken_line(refused)


@UNMEASURED
def test_what_is_left_of_a_table_is_signed(table: str, plan: str, tmp_path: Path) -> None:
    key, policy = tmp_path / "log.key", tmp_path / "policy.txt"
    log_key().store(key)
    policy.write_text(policy_text(witnesses=()), encoding="utf-8")
    run_here("checkpoint", "create", table, "--key", str(key))
    done = run_here(
        *("retention", "apply", role(table, "audit_retention"), "--plan", plan),
        *("--key", str(key), "--policy", str(policy)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("the rest is PASS: PRUNED_PREFIX\n")
    assert checkpoints(table) == [(CHAIN, 60, 1), (CHAIN, 61, 1)]
    remembered = run_here("memory", "show")
    assert CHAIN in remembered.stdout


def _unreadable(key: Path) -> None:
    log_key().store(key)
    key.chmod(0o644)


def _of_another_chain(key: Path) -> None:
    log_key("audit.example.org/other").store(key)


def _missing(key: Path) -> None:
    pass


@UNMEASURED
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_missing, "No such file"),
        (_unreadable, "others may use"),
        (_of_another_chain, "is the key of audit.example.org/other"),
    ],
)
def test_a_key_that_cannot_sign_is_told_before_anything_is_deleted(
    table: str, plan: str, tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    key = tmp_path / "log.key"
    make(key)
    refused = run_here("retention", "apply", table, "--plan", plan, "--key", str(key))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert reason in spoken_line(refused)
    assert len(stored_lines(table)) == 60


def test_a_right_that_is_missing_is_told_before_anything_is_deleted(
    table: str, plan: str, tmp_path: Path
) -> None:
    key = tmp_path / "log.key"
    log_key().store(key)
    with closing(connect(table)) as connection:
        connection.execute("REVOKE INSERT ON audit_checkpoints FROM audit_retention")
    refused = run_here(
        *("retention", "apply", role(table, "audit_retention"), "--plan", plan, "--key", str(key))
    )
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "this user may not store checkpoints" in spoken_line(refused)
    assert len(stored_lines(table)) == 60


def test_what_is_left_and_not_signed_is_judged_all_the_same(
    table: str, plan: str, tmp_path: Path
) -> None:
    key, policy = tmp_path / "log.key", tmp_path / "policy.txt"
    log_key().store(key)
    policy.write_text(policy_text(), encoding="utf-8")
    done = run_here(
        *("retention", "apply", table, "--plan", plan),
        *("--key", str(key), "--policy", str(policy)),
    )
    assert done.returncode == 1
    assert "this log is not signed: PRUNE_NOT_BACKED" in done.stderr
    assert done.stdout.startswith(f"seq 0 to 11 of {CHAIN} are deleted; the rest is FAIL: ")
    assert len(stored_lines(table)) == 49
