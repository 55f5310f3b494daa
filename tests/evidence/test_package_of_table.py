"""Packages of logs in a real database, checked by the script that is in them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.evidence.package import Packed
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.sources.postgres import open_postgres
from audit_console.writer.pruning.postgres import PostgresPruner
from audit_console.writer.pruning.recording import EventsDeleted
from tests.support.chains import (
    CHAIN,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.packages import Files, files_of, manifest_of, packed, unpacked
from tests.support.postgres import fill
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of
from tests.support.tables import store_orchestrator, store_v1
from tests.support.trusting import leaves, stored, trust_in

pytestmark = UNMEASURED  # what packs an archive packs a table

CHAINED = v1_chain(40)
SELECTED = [3, 10, 17, 24, 31, 38]
OTHER = "audit.example.org/other"


def _packed(dsn: str, query: str = "", trust: Trust = NO_TRUST) -> tuple[Files, Packed]:
    with closing(open_postgres(dsn)) as source:
        package, made = packed(source, query, trust=trust)
    return files_of(package), made


def _checked(files: Files, folder: Path) -> str:
    """Run the package's own script on a Python that knows nothing of this project."""
    script = unpacked(files, folder) / "check.py"
    command = [sys.executable, "-I", "-S", str(script)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    return ran.stdout


def _places(files: Files) -> list[dict[str, object]]:
    return [json.loads(line) for line in files["places.jsonl"].splitlines()]


def _filled(dsn: str, events: list[AuditEvent], size: int) -> None:
    with psycopg.connect(dsn) as connection:
        fill(connection, events)
        connection.execute(
            "INSERT INTO audit_checkpoints (chain, size, note) VALUES (%s, %s, %s)",
            [CHAIN, size, json.loads(stored(leaves(events), size))["note"]],
        )


def test_the_events_of_a_table_are_packed_with_their_proofs(database: str, tmp_path: Path) -> None:
    _filled(database, CHAINED, 32)
    files, made = _packed(database, "user:user-3", trust_in())
    lines = v1_lines(CHAINED)
    assert files["events.jsonl"] == b"".join(lines[seq] + b"\n" for seq in SELECTED)
    assert (made.selected, made.proven, made.vouched) == (6, 6, 5)
    said = _checked(files, tmp_path / "case")
    assert f"Proven: 6 under the head over the first 40 of '{CHAIN}'." in said
    assert "The head over the first 32 is signed by " in said


def test_an_event_of_a_table_stands_in_no_file(database: str) -> None:
    store_v1(database, CHAINED)
    files, _ = _packed(database, "user:user-3")
    assert _places(files) == [
        {"file": None, "line": None, "check": "verified", "tree": 1, "leaf": seq}
        for seq in SELECTED
    ]


def test_chains_of_a_table_have_a_tree_each(database: str, tmp_path: Path) -> None:
    store_v1(database, v1_chain(9, chain=OTHER))
    store_v1(database, CHAINED)
    files, made = _packed(database)
    assert (made.selected, made.proven) == (49, 49)
    trees = {tree["chain"]: tree["size"] for tree in manifest_of(files)["trees"]}
    assert trees == {CHAIN: 40, OTHER: 9}
    _checked(files, tmp_path / "case")


def test_what_is_left_of_a_pruned_table_is_proven(database: str, tmp_path: Path) -> None:
    aged = aged_chain(30)
    _filled(database, aged, 30)
    pruner = PostgresPruner(database, chain=CHAIN)
    for _ in pruner.steps(plan_of(aged, 0, 12, 12), POLICY, REQUEST, day(40)):
        pass
    files, made = _packed(database, "seq:10..20", trust_in())
    assert (made.selected, made.proven, made.vouched) == (9, 9, 9)
    assert f"Proven: 9 under the head over the first 31 of '{CHAIN}'." in _checked(
        files, tmp_path / "case"
    )


def test_what_a_prune_that_was_cut_short_left_has_no_proof(database: str, tmp_path: Path) -> None:
    aged = aged_chain(30)
    _filled(database, aged, 30)
    pruner = PostgresPruner(database, chain=CHAIN, batch_events=5)
    steps = pruner.steps(plan_of(aged, 0, 12, 12), POLICY, REQUEST, day(40))
    while not isinstance(next(steps), EventsDeleted):
        pass
    steps.close()
    files, made = _packed(database, "", trust_in())
    reason = "retention deletes it, and the record of the prune stands in its place"
    assert manifest_of(files)["unproven"] == {reason: 7}
    assert (made.selected, made.proven) == (26, 19)
    _checked(files, tmp_path / "case")


def test_a_row_that_is_no_event_is_packed_as_it_is_shown(database: str, tmp_path: Path) -> None:
    large = (replace(one, action="x" * 70_000) if one.seq == 7 else one for one in CHAINED)
    store_v1(database, linked(large))
    files, made = _packed(database)
    counts = manifest_of(files)["counts"]
    assert (made.selected, counts["events"], counts["malformed"]) == (40, 39, 1)
    _checked(files, tmp_path / "case")


def test_an_edited_row_has_no_proof_and_hides_no_other(database: str, tmp_path: Path) -> None:
    edited = replace(CHAINED[10], action="edited")
    store_v1(database, [*CHAINED[:10], edited, *CHAINED[11:]])
    files, made = _packed(database, "user:user-3")
    assert (made.selected, made.proven) == (6, 5)
    altered = "the content differs from the hash that the event carries"
    assert {place.get("unproven") for place in _places(files)} == {None, altered}
    _checked(files, tmp_path / "case")


def test_rows_of_the_orchestrator_have_no_proof(empty_database: str, tmp_path: Path) -> None:
    lines = orchestrator_lines(orchestrator_chain(5))
    events = [one for one in map(decode_bytes, lines) if isinstance(one, AuditEvent)]
    store_orchestrator(empty_database, events)
    files, made = _packed(empty_database)
    assert (made.selected, made.proven) == (5, 0)
    assert manifest_of(files)["unproven"] == {"the log keeps no lines that could be hashed": 5}
    _checked(files, tmp_path / "case")
