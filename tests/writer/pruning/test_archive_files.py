"""The files of an archive: those that stay while another stands beside them, or is renamed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_console.core.findings import Code
from audit_console.errors import ChainBroken, PruneRefused, SinkUnavailable
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.writer import ArchiveSink, RetentionManager
from audit_console.writer.pruning.recording import Step
from tests.support.archives import stored_events
from tests.support.chains import CHAIN, v1_lines
from tests.support.places import text_of
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store

EVENTS = aged_chain(300)
OLDEST = "audit.000000000000.jsonl"
PLAN = plan_of(EVENTS, 0, 100, 100)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The active file of a log whose boundary is within a closed one."""
    return store(tmp_path, EVENTS, (200,))


def left_when_told(path: Path) -> None:
    """Stop a prune as soon as the chain tells of it."""
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, day(110))
    assert Step.TOLD in steps
    steps.close()


def packed(folder: Path) -> bytes:
    return gzip.compress((folder / OLDEST).read_bytes(), 1)


LEFT: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "packed in part": (f"{OLDEST}.gz", lambda folder: packed(folder)[:-1000]),
    "packed": (f"{OLDEST}.gz", packed),
    "begins within": ("audit.000000000050.jsonl", lambda _: text_of(v1_lines(EVENTS[50:70]))),
}
"""What is left beside the files of a log: its name and content."""


@pytest.mark.parametrize("left", LEFT)
def test_nothing_is_deleted_where_two_files_hold_the_same_events(path: Path, left: str) -> None:
    name, content = LEFT[left]
    (path.parent / name).write_bytes(content(path.parent))
    before = {file: file.read_bytes() for file in path.parent.glob("*.jsonl*")}
    sink = ArchiveSink(path, chain=CHAIN)
    with pytest.raises(PruneRefused, match=rf"{name}: begins within {OLDEST}; nothing is deleted"):
        RetentionManager(sink, days=10, clock=lambda: day(110)).cleanup()
    assert {file: file.read_bytes() for file in path.parent.glob("*.jsonl*")} == before


def test_a_file_that_comes_to_lie_beside_another_deletes_nothing_of_it(path: Path) -> None:
    left_when_told(path)
    left = path.parent / f"{OLDEST}.gz"
    left.write_bytes(packed(path.parent)[:-1000])
    with pytest.raises(SinkUnavailable, match=r"\.gz is damaged"):
        pruner(path).finish()
    left.unlink()
    pruner(path).finish()
    assert stored_events(path.parent)[:-1] == EVENTS[100:]
    assert dict(verify(open_archive([str(path.parent)], keep=False)).counts) == PRUNED


def test_a_file_that_ends_with_no_event_is_said(path: Path) -> None:
    store(path.parent, EVENTS, (50, 200))
    left_when_told(path)
    with (path.parent / OLDEST).open("ab") as file:
        file.write(b"no event\n")
    with pytest.raises(ChainBroken, match=f"{OLDEST}: its last line is no event"):
        pruner(path).finish()
    assert stored_events(path.parent)[:50] == EVENTS[:50]
