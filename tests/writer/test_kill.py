"""A writer that is killed loses no event whose call had returned."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from audit_console.core.findings import Code
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from tests.support.archives import is_whole, judge, stored_events
from tests.support.effort import UNMEASURED
from tests.support.ticks import CHAIN, tick
from tests.writer.processes import let_go, start, start_writer

KILLS = int(os.environ.get("KILLS", "12"))

WRITE_GROUPS = """
import sys
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from tests.support.ticks import CHAIN, tick

sink = ArchiveSink(sys.argv[1], chain=CHAIN, rotation=Rotation.size(400_000))
log = AuditLogger(sink)
print("ready", flush=True)
sys.stdin.readline()
for begin in range(0, 1 << 40, 200):
    log.log_events([tick(begin + number, user_id=sys.argv[2]) for number in range(200)])
    print(begin + 199, flush=True)
"""


@UNMEASURED
@pytest.mark.parametrize("groups", [False, True], ids=["one by one", "in groups"])
def test_every_event_whose_call_returned_survives_a_kill(tmp_path: Path, groups: bool) -> None:
    choose = random.Random(7)
    returned: dict[str, int] = {}
    for turn in range(KILLS // 2):
        name = f"writer-{turn}"
        if groups:
            writer = start(WRITE_GROUPS, tmp_path / "audit.jsonl", name)
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        else:
            writer = start_writer(tmp_path, name, 1 << 40, max_bytes=5_000)
        let_go(writer)
        _read_some(writer.stdout, choose.randrange(25))
        writer.kill()
        printed, _ = writer.communicate()
        last = re.findall(r"^(\d+)\n", printed, re.MULTILINE)
        returned[name] = int(last[-1]) if last else -1
        judgement = judge(tmp_path)
        assert not judgement.beyond_the_unanchored_end
        assert {code for code, _ in judgement.notices} <= {Code.TORN_TAIL}
    _go_on(tmp_path)
    events = stored_events(tmp_path)
    assert [event.seq for event in events] == list(range(len(events)))
    for name, last_number in returned.items():
        own = [event.action for event in events if event.user_id == name]
        assert own == [f"tick {number}" for number in range(len(own))]
        assert len(own) > last_number
    assert is_whole(tmp_path)


def _read_some(lines: object, count: int) -> None:
    for _, _line in zip(range(count), iter(lines), strict=False):  # type: ignore[call-overload]
        pass


def _go_on(folder: Path) -> None:
    sink = ArchiveSink(folder / "audit.jsonl", chain=CHAIN, rotation=Rotation.size(5_000))
    with AuditLogger(sink) as log:
        log.log_event(**tick(0, user_id="the next start"))
