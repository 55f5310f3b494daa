"""The lock of an archive: given back by the dead, waited for, kept from children."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from audit_console.errors import SinkUnavailable
from audit_console.writer import ArchiveSink
from audit_console.writer.locking import exclusive
from tests.support.archives import log_ticks, stored_ticks
from tests.support.ticks import CHAIN
from tests.writer.processes import start

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from audit_console.writer.locking import exclusive

with exclusive(Path(sys.argv[1]), patience=10):
    print("held", flush=True)
    sys.stdin.readline()
"""

FORK_WHILE_LOCKED = """
import os, sys, threading
from pathlib import Path
from audit_console.writer.locking import exclusive

lock = Path(sys.argv[1])
held, done = threading.Event(), threading.Event()

def hold():
    with exclusive(lock, patience=10):
        held.set()
        done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
if os.fork() == 0:
    print("child", flush=True)
sys.stdin.readline()
"""


def test_a_lock_held_by_another_process_is_waited_for_and_then_named(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    holder = start(HOLD_THE_LOCK, tmp_path / "audit.lock")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SinkUnavailable) as unavailable:
        ArchiveSink(tmp_path / "audit.jsonl", chain=CHAIN, patience=0.01)
    assert str(unavailable.value) == (
        f"{tmp_path}/audit.lock: locked by another process for 0.01 s"
    )
    assert unavailable.value.hint
    holder.communicate("\n")
    log_ticks(tmp_path, 1, first=1)
    assert stored_ticks(tmp_path) == [0, 1]


def test_a_lock_held_by_a_killed_process_is_free(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    holder = start(HOLD_THE_LOCK, tmp_path / "audit.lock")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    log_ticks(tmp_path, 1, first=1, patience=0.01)
    assert stored_ticks(tmp_path) == [0, 1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
@pytest.mark.usefixtures("measured_programs")
def test_a_forked_child_keeps_no_lock_of_a_parent_that_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "audit.lock"
    parent = start(FORK_WHILE_LOCKED, lock)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "child\n"
    parent.kill()
    parent.wait()
    with exclusive(lock, patience=0.01):
        pass
    parent.communicate()
