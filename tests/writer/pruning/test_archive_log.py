"""The small files beside a log: what a loss of power leaves, what the log tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_console.core.beside import HOLDS, PRUNES
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.core.prunes import PRUNE_EVENT_TYPE
from audit_console.errors import PruneRefused
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.writer import ArchiveSink, AuditLogger, RetentionManager
from audit_console.writer.pruning.recording import PruneStep
from tests.support.archives import stored_events
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED
from tests.support.retention import POLICY, REQUEST, aged_chain, day, hold, plan_of, pruner, store

EVENTS = aged_chain(30)
PLAN = plan_of(EVENTS, 0, 12, 12)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}
HELD = HoldChange("add", hold("user:user-4"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store(tmp_path, EVENTS, (4, 8, 20))


def left_in(text: str, left: str) -> bytes:
    """Give what is left of a line: its beginning, zeros of the file system, or nothing lacks."""
    return {"half": text[:50].encode(), "zeros": bytes(len(text)), "no end": text.encode()}[left]


@UNMEASURED
@pytest.mark.parametrize("left", ["half", "zeros", "no end"])
def test_a_record_that_was_not_written_to_its_end(path: Path, left: str) -> None:
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, day(40))
    assert PruneStep.TOLD in steps
    steps.close()
    record, _, _ = json.loads(path.with_suffix(".prune.pending").read_text())
    beside = path.with_suffix(PRUNES)
    beside.write_bytes(left_in(record, left))
    pruner(path).finish()
    assert dict(verify(open_archive([str(path.parent)], keep=False)).counts) == PRUNED
    assert beside.read_text().splitlines() == [record]
    assert pruner(path).find(POLICY, day(60)) is not None


@pytest.mark.parametrize("left", ["half", "zeros", "no end"])
def test_a_hold_that_was_not_written_to_its_end(path: Path, left: str) -> None:
    text = HoldChange("add", hold("user:user-2", "h0")).text
    beside = path.with_suffix(HOLDS)
    beside.write_bytes(left_in(text, left))
    first = [] if left != "no end" else ["h0"]
    assert [one.id for one in pruner(path)._log.holds()] == first
    pruner(path).change_holds(HELD, day(40))
    assert [one.id for one in pruner(path)._log.holds()] == [*first, "h1"]
    torn = [file.read_bytes() for file in path.parent.glob("audit.holds.torn.*")]
    assert torn == ([] if first else [left_in(text, left)])
    assert beside.read_bytes().endswith(b"\n")


BROUGHT_DOWN: dict[str, Callable[[str], str]] = {
    "taken away": lambda _: "",
    "changed": lambda line: line.replace("user:user-4", "user:nobody"),
    "ended by hand": lambda line: line + line.replace('"add"', '"remove"'),
}


@pytest.mark.parametrize("how", BROUGHT_DOWN)
def test_a_hold_that_the_log_tells_of_is_not_lifted_beside_it(path: Path, how: str) -> None:
    pruner(path).change_holds(HELD, day(40))
    beside = path.with_suffix(HOLDS)
    line = beside.read_text()
    beside.write_text(BROUGHT_DOWN[how](line))
    retention = RetentionManager(
        ArchiveSink(path, chain=CHAIN), days=POLICY.days, clock=lambda: day(22)
    )
    with pytest.raises(PruneRefused, match=r"tells of hold h1 .*; nothing is deleted") as refused:
        retention.cleanup()
    assert "the details of the event retention.hold.add" in (refused.value.hint or "")
    assert stored_events(path.parent)[:30] == EVENTS
    beside.write_text(line)
    assert retention.cleanup() == 4


def test_what_only_reads_like_a_hold_is_none(path: Path) -> None:
    with AuditLogger(ArchiveSink(path, chain=CHAIN)) as log:
        for kind, details in ((PRUNE_EVENT_TYPE, {"v": 1}), ("config_change", HELD.members)):
            log.log_event(
                event_type=kind,
                action=HELD.action,
                resource_type="system",
                resource_id=CHAIN,
                details=details,
            )
    assert pruner(path)._log.told_holds() == []
    assert list(pruner(path).steps(PLAN, POLICY, REQUEST, day(40)))[-1] is PruneStep.FINISHED
