"""Several processes write one archive, and none of them forks its chain."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from audit_console.core.findings import Code
from audit_console.writer.check import check_files
from tests.support.archives import is_whole, judge, stored_events
from tests.support.effort import UNMEASURED
from tests.writer.processes import let_go, start_writer

PROCESSES = int(os.environ.get("WRITERS", "4"))
EVENTS = int(os.environ.get("WRITERS_EVENTS", "60"))


@UNMEASURED
@pytest.mark.parametrize("max_bytes", [1 << 40, 20_000])
def test_processes_at_once_write_one_whole_chain(tmp_path: Path, max_bytes: int) -> None:
    names = [f"writer-{number}" for number in range(PROCESSES)]
    writers = [start_writer(tmp_path, name, EVENTS, max_bytes=max_bytes) for name in names]
    for writer in writers:
        let_go(writer)
    for writer in writers:
        printed, _ = writer.communicate()
        assert writer.returncode == 0
        assert printed.split() == [str(number) for number in range(EVENTS)]
    events = stored_events(tmp_path)
    assert [event.seq for event in events] == list(range(PROCESSES * EVENTS))
    assert Counter(event.user_id for event in events) == dict.fromkeys(names, EVENTS)
    for name in names:
        own = [event.action for event in events if event.user_id == name]
        assert own == [f"tick {number}" for number in range(EVENTS)]
    assert is_whole(tmp_path)


def test_who_verifies_beside_writers_finds_nothing(tmp_path: Path) -> None:
    writers = [start_writer(tmp_path, f"writer-{number}", EVENTS) for number in range(2)]
    for writer in writers:
        let_go(writer)
    seen = []
    while any(writer.poll() is None for writer in writers):
        seen.append(judge(tmp_path))
        counts = check_files([tmp_path / "audit.jsonl"]).findings.counts
        assert set(counts) <= {Code.NO_CHECKPOINT, Code.EMPTY, Code.TORN_TAIL}
    for writer in writers:
        writer.communicate()
    assert all(not judgement.beyond_the_unanchored_end for judgement in seen if judgement.chains)
    assert is_whole(tmp_path)
