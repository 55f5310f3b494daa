"""What waits in a queue is stored when the program ends, however it ends by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.archives import is_whole, stored_ticks
from tests.support.ticks import CHAIN
from tests.support.trusting import log_key
from tests.writer.processes import ROOT

PREPARE = """
import multiprocessing.util, os, sys
from audit_console.errors import SinkUnavailable
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


def run(code: str, path: Path) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
@pytest.mark.usefixtures("measured_programs")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_waits_is_stored(tmp_path: Path, end: str) -> None:
    assert run(PREPARE + end, tmp_path / "audit.jsonl") == []
    assert stored_ticks(tmp_path) == list(range(150 if "(50,)" in end else 50))
    assert is_whole(tmp_path)


FORK_CLOSED = """
log_ticks()
log.close()
if os.fork() == 0:
    try:
        log_ticks(50)
    except SinkUnavailable as error:
        print(error)
    sys.exit()
os.wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
@pytest.mark.usefixtures("measured_programs")
def test_a_logger_that_is_closed_is_closed_in_a_forked_child(tmp_path: Path) -> None:
    assert run(PREPARE + FORK_CLOSED, tmp_path / "audit.jsonl") == ["the logger is closed"]
    assert stored_ticks(tmp_path) == list(range(50))


CHILD = """
import multiprocessing, sys
from audit_console.writer import ArchiveSink, AuditLogger, Signing
from tests.support.ticks import CHAIN, tick


class Telling(ArchiveSink):
    def sync(self):
        super().sync()
        print("on disk", flush=True)


def log_ticks(path, key, background):
    log = AuditLogger(
        Telling(path, chain=CHAIN), sync="os", background=background, signing=Signing(key)
    )
    for number in range(5):
        log.log_event(**tick(number))


if __name__ == "__main__":
    path, key, method, background = sys.argv[1:]
    child = multiprocessing.get_context(method).Process(
        target=log_ticks, args=(path, key, background == "background")
    )
    child.start()
    child.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
@pytest.mark.usefixtures("measured_programs")
@pytest.mark.parametrize("background", ["foreground", "background"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_of_multiprocessing_syncs_and_signs_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, background: str
) -> None:
    program, key, folder = tmp_path / "program.py", tmp_path / "log.key", tmp_path / "log"
    program.write_text(CHILD, encoding="utf-8")
    log_key(CHAIN).store(key)
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    arguments = [str(folder / "audit.jsonl"), str(key), method, background]
    command = [sys.executable, str(program), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "on disk" in ended.stdout
    assert stored_ticks(folder) == list(range(5))
    (checkpoint,) = (folder / "audit.checkpoints.jsonl").read_text("utf-8").splitlines()
    assert checkpoint.split(r"\n")[1] == "5"
