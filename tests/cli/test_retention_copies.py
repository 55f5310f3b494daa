"""Copies that `audit-console retention apply` keeps, as an auditor is handed them."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from audit_console.cli.trusting import memory
from audit_console.database import connect
from tests.cli.program import run_here
from tests.cli.test_retention import EVENTS, KEPT_AS_PARQUET, run
from tests.cli.trusted import make_keys
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.retention import store
from tests.support.trusting import leaves, policy_text, stored

NOT_BACKED = {"PRUNED_PREFIX": 1, "PRUNE_NOT_BACKED": 1}
pytestmark = UNMEASURED  # what keeps a copy and what verifies one has tests of its own


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    store(folder, EVENTS, (8, 20))
    return folder


@pytest.fixture(params=["archive", "table"])
def aged_log(request: pytest.FixtureRequest) -> str:
    if request.param == "archive":
        return str(request.getfixturevalue("log"))
    dsn: str = request.getfixturevalue("database")
    with closing(connect(dsn)) as connection:
        fill(connection, EVENTS)
    return dsn


def prune_twice(log: str, copies: Path, *words: str) -> None:
    """Delete the first 24 events of a log in two prunes, and forget that it was ever seen."""
    copies.mkdir()
    for number, before in enumerate(("2026-08-13", "2026-08-25")):
        plan = str(copies.parent / f"{number}.json")
        seen = run("preview", log, "--keep", "20d", "--before", before, "--plan", plan)
        assert seen.returncode == 0, seen.stderr
        done = run("apply", log, "--plan", plan, "--archive", str(copies), *words)
        assert done.returncode == 0, done.stderr
    assert memory().forget(CHAIN)


def verified(*words: str) -> dict[str, Any]:
    return dict(json.loads(run_here("verify", "--format", "json", *words).stdout))


@pytest.mark.parametrize("form", [".jsonl.zst", ".parquet"])
def test_a_copy_is_verified_alone(aged_log: str, tmp_path: Path, form: str) -> None:
    copies, policy, note = tmp_path / "copies", tmp_path / "policy.txt", tmp_path / "note"
    prune_twice(aged_log, copies, *(KEPT_AS_PARQUET if form == ".parquet" else ()))
    copy = str(copies / f"audit_example_org_test.000000000012{form}")
    alone = verified(copy)
    assert (alone["verdict"], alone["exit_code"]) == ("INCOMPLETE", 3)
    assert alone["counts"] == {"PRUNED_PREFIX": 1, "PRUNE_NOT_BACKED": 1, "NO_CHECKPOINT": 1}
    (chain,) = alone["chains"]
    assert (chain["first_seq"], chain["last_seq"], chain["verified"]) == (12, 23, 12)
    assert [one["pruned_to"] for one in alone["prunes"]] == [12]
    assert verified("--allow-unanchored", copy)["exit_code"] == 3
    policy.write_text(policy_text(witnesses=()), encoding="utf-8")
    note.write_text(stored(leaves(EVENTS), 24, at=None), encoding="utf-8")
    trusted = verified(copy, "--policy", str(policy), "--checkpoint", str(note))
    assert trusted["counts"] == {"PRUNED_PREFIX": 1, "PRUNE_NOT_BACKED": 1}
    assert trusted["exit_code"] == 3
    together = verified(str(copies))
    assert (together["counts"], together["exit_code"]) == ({"NO_CHECKPOINT": 1}, 3)


def test_a_copy_is_given_a_checkpoint_that_witnesses_sign(aged_log: str, tmp_path: Path) -> None:
    copies, keys = tmp_path / "copies", make_keys(tmp_path, CHAIN)
    prune_twice(aged_log, copies)
    for first, before, counts in (
        (0, {"NO_CHECKPOINT": 1}, {}),
        (12, {"NO_CHECKPOINT": 1, **NOT_BACKED}, NOT_BACKED),
    ):
        copy = str(copies / f"audit_example_org_test.{first:012d}.jsonl.zst")
        note = f"{copy}.checkpoint"
        assert verified(copy, "--policy", keys.policy)["counts"] == before
        made = run_here(
            *("checkpoint", "create", copy, "--key", keys.log, "--cosign", keys.console),
            *("-o", note),
        )
        assert made.returncode == 0, made.stderr
        trusted = verified(copy, "--policy", keys.policy, "--checkpoint", note)
        assert (trusted["counts"], trusted["exit_code"]) == (counts, 3 if counts else 0)
        assert memory().forget(CHAIN)


def test_copies_in_two_forms_are_one_log(log: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for number, (before, form) in enumerate((("2026-08-13", ()), ("2026-08-25", KEPT_AS_PARQUET))):
        plan = str(tmp_path / f"{number}.json")
        run("preview", str(log), "--keep", "20d", "--before", before, "--plan", plan)
        done = run("apply", str(log), "--plan", plan, "--archive", str(copies), *form)
        assert done.returncode == 0, done.stderr
    assert memory().forget(CHAIN)
    assert {path.suffix for path in copies.iterdir()} == {".zst", ".parquet", ".jsonl"}
    assert verified(str(copies))["chains"][0]["events"] == 24


def test_copies_opened_with_their_log_are_events_that_were_put_back(
    log: Path, tmp_path: Path
) -> None:
    prune_twice(str(log), tmp_path / "copies")
    (chain,) = verified(str(log), str(tmp_path / "copies"))["chains"]
    assert (chain["first_seq"], chain["verified"], chain["failed"]) == (0, 62, 0)
    for order in ((log, tmp_path / "copies"), (tmp_path / "copies", log)):
        found = verified(*map(str, order))["counts"]
        assert found.pop("EVENT_BELOW_PRUNE_BOUNDARY") == 1
        assert found == {"PRUNE_NOT_BACKED": 1, "NO_CHECKPOINT": 1}


def test_a_copy_without_its_records_says_what_it_needs(log: Path, tmp_path: Path) -> None:
    prune_twice(str(log), tmp_path / "copies")
    copy, records = tmp_path / "old.000000000012.jsonl.zst", tmp_path / "old.prunes.jsonl"
    shutil.copy(tmp_path / "copies" / "audit_example_org_test.000000000012.jsonl.zst", copy)
    unanchored = run_here("verify", str(copy))
    assert (unanchored.returncode, "HEAD_MISSING" in unanchored.stdout) == (1, True)
    said = " ".join(unanchored.stdout.split())
    assert "needs the prune records of its log beside it" in said
    shutil.copy(log / "audit.prunes.jsonl", records)
    assert verified(str(copy))["exit_code"] == 3
