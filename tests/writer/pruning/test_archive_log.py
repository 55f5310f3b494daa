"""What a loss of power leaves in the small files beside a log does not stop what comes next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit_console.core.beside import HOLDS, PRUNES
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.writer.pruning.recording import Step
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


@pytest.mark.parametrize("left", ["half", "zeros", "no end"])
def test_a_record_that_was_not_written_to_its_end(path: Path, left: str) -> None:
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, day(40))
    assert Step.TOLD in steps
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
