"""What waits in a queue is stored when the program ends, however it ends by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.archives import is_whole, stored_ticks
from tests.writer.processes import ROOT

PREPARE = """
import multiprocessing.util, os, sys
from audit_console.writer import ArchiveSink, AuditLogger
from tests.support.ticks import CHAIN, tick

log = AuditLogger(ArchiveSink(sys.argv[1], chain=CHAIN), background=True)

def log_ticks(first=0):
    for number in range(first, first + 50):
        log.log_event(**tick(number))
"""

ENDS = {
    "end": "log_ticks()",
    "exit": "log_ticks(); sys.exit(0)",
    "exception": "log_ticks(); sys.excepthook = lambda *_: None; 1 / 0",
    "forked child": "log_ticks() if os.fork() == 0 else os.wait()",
    "multiprocessing fork": """
child = multiprocessing.get_context("fork").Process(target=log_ticks)
child.start()
child.join()
""",
    "multiprocessing fork between two of the parent's": """
log_ticks()
log.flush()
child = multiprocessing.get_context("fork").Process(target=log_ticks, args=(50,))
child.start()
child.join()
log_ticks(100)
""",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
@pytest.mark.usefixtures("measured_programs")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_waits_is_stored(tmp_path: Path, end: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PREPARE + end, str(tmp_path / "audit.jsonl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert stored_ticks(tmp_path) == list(range(150 if "(50,)" in end else 50))
    assert is_whole(tmp_path)
