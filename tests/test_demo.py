"""The made-up log: reproducible, whole before the tampers, alive, and with its story."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import GENESIS_HASH, AuditEvent
from audit_console.core.findings import Code, FindingClass, Verdict
from audit_console.core.hashing import event_hash
from audit_console.demo import CHAIN, TAMPERS
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support.effort import UNMEASURED

pytestmark = UNMEASURED  # all of a log of seven weeks, which is made and read elsewhere too

INTRUDER = "203.0.113.66"


@pytest.fixture(name="events")
def _events(events_of_the_demo: list[AuditEvent]) -> list[AuditEvent]:
    return events_of_the_demo


@pytest.fixture
def intrusion(events: list[AuditEvent]) -> list[AuditEvent]:
    return [event for event in events if event.ip_address == INTRUDER]


def test_the_chain_is_whole_before_the_tampers(events: list[AuditEvent]) -> None:
    assert 40_000 <= len(events) <= 48_000
    previous = GENESIS_HASH
    for seq, event in enumerate(events):
        assert (event.chain, event.seq, event.previous_hash) == (CHAIN, seq, previous)
        assert event.event_hash == event_hash(event)
        previous = event.event_hash or ""


def test_its_times_are_fixed_and_recorded_in_order(events: list[AuditEvent]) -> None:
    recorded = [event.recorded_at or "" for event in events]
    assert recorded == sorted(recorded)
    assert min(event.timestamp for event in events).startswith("2026-10-05T")
    assert max(event.timestamp for event in events).startswith("2026-11-22T")
    assert all(event.timestamp <= (event.recorded_at or "") for event in events)


def test_ids_are_unique(events: list[AuditEvent]) -> None:
    assert len({event.id for event in events}) == len(events)


def test_it_is_the_same_in_every_process(demo_log: Path, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, audit_console.demo as d; d.write_demo(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0"},
    )
    assert _sha256(tmp_path / demo_log.name) == _sha256(demo_log)


def test_it_has_the_variety_of_a_real_log(events: list[AuditEvent]) -> None:
    assert len({event.event_type for event in events}) == 12
    assert {event.result for event in events} == {"success", "failure", "partial_success"}
    assert len({event.user_id for event in events}) >= 20
    for field in ("user_id", "ip_address", "user_agent", "request_id", "details", "result_error"):
        values = Counter(getattr(event, field) for event in events)
        assert values[None], f"{field} is never missing"
        assert min(values.values()) <= 3, f"{field} has no rare value"


def test_people_work_by_day_and_services_at_night(events: list[AuditEvent]) -> None:
    people = [event for event in events if "." in (event.user_id or "")]
    by_day = sum(6 <= event.occurred_at.hour < 20 for event in people)
    assert by_day / len(people) > 0.95
    assert {event.user_id for event in events if event.occurred_at.hour == 1} >= {
        "svc-scheduler",
        "svc-ingest",
        "svc-backup",
    }


def test_a_brute_force_succeeds(intrusion: list[AuditEvent]) -> None:
    attempts = [event.result for event in intrusion if event.resource_type == "user"]
    assert attempts[-1] == "success"
    assert set(attempts[:-1]) == {"failure"}
    assert len(attempts) > 100
    assert {event.user_id for event in intrusion} == {"marek.novak"}


def test_a_secret_is_read_at_night_and_a_workflow_deleted(intrusion: list[AuditEvent]) -> None:
    told = Counter((event.event_type, event.result) for event in intrusion)
    assert told["authorization", "failure"] >= 4
    assert told["secret_access", "success"] == 1
    assert told["api_key_create", "success"] == 1
    assert told["workflow_delete", "success"] == 1
    assert all(event.occurred_at.hour in {2, 3} for event in intrusion)


def test_nothing_runs_in_the_deleted_workflow(events: list[AuditEvent]) -> None:
    name = "ledger-reconciliation"
    runs = [event for event in events if event.resource_id.startswith(name)]
    gone = next(event for event in runs if event.event_type == "workflow_delete")
    after = runs[runs.index(gone) + 1 :]
    assert after
    assert {event.result_error for event in after} == {"workflow not found"}


def test_each_tamper_changes_exactly_its_line(events: list[AuditEvent], demo_log: Path) -> None:
    whole = [encode_line(event) for event in events]
    stored = demo_log.read_text(encoding="utf-8").splitlines()
    for tamper in TAMPERS.values():
        (line,) = [line for line in whole if tamper.concerns(line)]
        assert tamper.change(line) != line
    assert len(stored) == len(whole) - 1
    assert len(set(stored) - set(whole)) == 1
    assert len(set(whole) - set(stored)) == 2


def test_the_whole_chain_lacks_only_a_checkpoint(events: list[AuditEvent]) -> None:
    verification = verify(MemorySource.of_events(events))
    assert verification.verdict is Verdict.INCOMPLETE
    assert dict(verification.counts) == {Code.NO_CHECKPOINT: 1}
    assert verification.verified == len(events)


def test_the_demo_log_fails_for_its_tampers_alone(demo_log: Path) -> None:
    source = open_archive([str(demo_log)], keep=False)
    try:
        verification = verify(source)
    finally:
        source.close()
    assert verification.verdict is Verdict.FAIL
    faults = Counter(
        finding.code
        for finding in verification.findings
        if finding.finding_class is FindingClass.FAULT
    )
    assert faults == Counter(tamper.code for tamper in TAMPERS.values())
    assert set(verification.counts) == {*faults, Code.NO_CHECKPOINT}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
