"""A signal handler that uses the logger that it interrupts is refused: nothing stands still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.archives import is_whole, stored_ticks
from tests.writer.processes import ROOT

INTERRUPT = """
import signal, sys
from audit_console.errors import SinkUnavailable
from audit_console.writer import ArchiveSink, AuditLogger, archive, background, storing
from tests.support.ticks import CHAIN, tick

log = AuditLogger(ArchiveSink(sys.argv[1], chain=CHAIN), background={background})
log.log_event(**tick(0))
log.flush()

def handle(*_):
    for use in (lambda: log.log_event(**tick(1)), log.flush, log.close):
        try:
            use()
            print("done")
        except SinkUnavailable as error:
            print(error)

def interrupted(call):
    def during(*given, **named):
        signal.raise_signal(signal.SIGINT)
        return call(*given, **named)
    return during

signal.signal(signal.SIGINT, handle)
{place} = interrupted({place})
{call}
signal.signal(signal.SIGINT, signal.SIG_DFL)
log.close()
"""
"""The signal comes while the main thread holds a lock."""

REFUSED = "this thread was interrupted while it called the same logger"


def printed_by(code: str, folder: Path) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", code, folder / "audit.jsonl"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.usefixtures("measured_programs")
@pytest.mark.parametrize(
    ("background", "place", "call"),
    [
        (False, "archive.write_whole", "log.log_event(**tick(2))"),
        (True, "background.Background._add", "log.log_event(**tick(2))"),
    ],
    ids=["foreground", "background"],
)
def test_a_handler_is_refused_the_logger_that_it_interrupts(
    tmp_path: Path, background: bool, place: str, call: str
) -> None:
    code = INTERRUPT.format(background=background, place=place, call=call)
    assert printed_by(code, tmp_path) == [REFUSED] * 3
    assert stored_ticks(tmp_path) == [0, 2]
    assert is_whole(tmp_path)


def test_a_handler_may_log_while_the_counts_are_asked(tmp_path: Path) -> None:
    code = INTERRUPT.format(background=False, place="storing.replace", call="log.metrics")
    assert printed_by(code, tmp_path) == ["done"] * 3
    assert stored_ticks(tmp_path) == [0, 1]
    assert is_whole(tmp_path)


STORM = """
import signal, sys
from audit_console.errors import SinkUnavailable
from audit_console.writer import ArchiveSink, AuditLogger
from tests.support.ticks import CHAIN, tick

log = AuditLogger(ArchiveSink(sys.argv[1], chain=CHAIN), sync="os", background={background})
stored = left = 0

def handle(*_):
    global left, stored
    left += 1
    try:
        log.log_event(**tick(-1))
        stored += 1
    except SinkUnavailable:
        pass

signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.000_5, 0.000_5)
while left < 200:
    log.log_event(**tick(0))
    stored += 1
signal.setitimer(signal.ITIMER_REAL, 0)
log.close()
print(stored == log.metrics.written)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such timer")
@pytest.mark.parametrize("background", [False, True])
def test_signals_at_any_moment_lose_nothing(tmp_path: Path, background: bool) -> None:
    assert printed_by(STORM.format(background=background), tmp_path) == ["True"]
    assert is_whole(tmp_path)
