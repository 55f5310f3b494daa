"""Ctrl+C and closed doors: said in one line, exit code 130, nothing left behind."""

from __future__ import annotations

import gzip
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.main import COMMANDS, run
from tests.cli.program import PATIENCE_SECONDS, PROGRAM, children_of, run_program, started
from tests.support.effort import UNMEASURED
from tests.terminal import Terminal

MORE_THAN_A_PIPE_HOLDS = (2 << 20) + 300_001
"""Odd, so that a reader that asks for round pieces waits for the rest of one."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def long_log(demo_log: Path, tmp_path: Path) -> Path:
    """Many members of one gzip file: little to write, long to verify."""
    path = tmp_path / "long.jsonl.gz"
    member = gzip.compress(demo_log.read_bytes(), compresslevel=1)
    path.write_bytes(member * 60)
    return path


@pytest.fixture
def endless_input() -> Iterator[tuple[int, int]]:
    """A pipe whose writing end nobody closes; filled by `fill`.

    The test closes its reading end once a program holds it: should that end early,
    writing fails instead of waiting for ever.
    """
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)


def fill(writing: int, demo_log: Path) -> None:
    """Write more than the pipe holds: when this comes back, somebody reads it."""
    data = demo_log.read_bytes()[:MORE_THAN_A_PIPE_HOLDS]
    while data:
        data = data[os.write(writing, data) :]


@UNMEASURED
def test_progress_is_shown_and_taken_away_when_interrupted(
    long_log: Path, tmp_path: Path, temporary: Path
) -> None:
    with (tmp_path / "stdout").open("wb") as stdout:
        with Terminal([*PROGRAM, "verify", str(long_log)], stdout=stdout.fileno()) as terminal:
            terminal.wait_for(lambda text: " events · " in text and not text.startswith("0 "))
            terminal.signal(signal.SIGINT)
            assert terminal.wait_for_end() == 130
            lines = [line for line in terminal.text.splitlines() if line]
        assert os.fstat(stdout.fileno()).st_size == 0
    assert lines[0].startswith("audit-console: interrupted after ")
    assert "there is no verdict" in "".join(lines)
    assert "Traceback" not in "".join(lines)
    assert children_of(temporary) == []


@UNMEASURED
def test_a_report_is_not_begun_when_interrupted(
    long_log: Path, tmp_path: Path, temporary: Path
) -> None:
    target = tmp_path / "report.txt"
    with Terminal([*PROGRAM, "verify", str(long_log), "-o", str(target)]) as terminal:
        terminal.wait_for(lambda text: " events · " in text)
        terminal.type(b"\x03")
        assert terminal.wait_for_end() == 130
    assert children_of(tmp_path) == ["long.jsonl.gz", "temporary"]
    assert children_of(temporary) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_program_that_is_ended_leaves_no_copy_of_what_was_piped_in(
    endless_input: tuple[int, int],
    demo_log: Path,
    temporary: Path,
    number: signal.Signals,
    code: int,
) -> None:
    reading, writing = endless_input
    with started("verify", "-", stdin=reading) as process:
        os.close(reading)
        fill(writing, demo_log)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == code
    assert (stdout, stderr) == (b"", b"audit-console: interrupted\n")
    assert children_of(temporary) == []


def test_the_console_can_be_left_while_standard_input_stays_open(
    endless_input: tuple[int, int], demo_log: Path, temporary: Path
) -> None:
    reading, writing = endless_input
    with Terminal([*PROGRAM, "-"], stdin=reading) as terminal:
        os.close(reading)
        terminal.wait_for(lambda text: "audit-console" in text)
        fill(writing, demo_log)
        terminal.type(b"\x11")
        assert terminal.wait_for_end() == 3
        assert terminal.attributes == terminal.attributes_before
    assert children_of(temporary) == []


A_CONSOLE_OVER_A_SCAN_WITHOUT_END = """
import sys, threading
from pathlib import Path
from audit_console.cli import main
from audit_console.cli.screen import show
from audit_console.sources.memory import MemorySource
from audit_console.tui.belongings import Belongings
from tests.tui.support import make_lines

class Endless(MemorySource):
    def tally(self, where, **asked):
        if where:
            threading.Event().wait()
        return super().tally(where, **asked)

kept = Belongings(Path(sys.argv[1]), Path(sys.argv[1]))
source = Endless(make_lines(50))
main.console.run = lambda words: show(["log"], kept=kept, open_log=lambda places: source)
sys.exit(main.main())
"""


@UNMEASURED
@pytest.mark.parametrize("asked", [b"/user:user-1", b"/user:user-1\r"], ids=["typed", "asked"])
def test_leaving_the_screen_waits_for_no_scan(tmp_path: Path, asked: bytes) -> None:
    command = [sys.executable, "-c", A_CONSOLE_OVER_A_SCAN_WITHOUT_END, str(tmp_path)]
    with Terminal(command) as terminal:
        terminal.wait_for(lambda text: "INCOMPLETE" in text and "row 1 of 50" in text)
        terminal.type(asked)
        waits = (lambda text: "…" in text) if asked.endswith(b"1") else _shows_the_filter
        terminal.wait_for(waits)
        terminal.type(b"\x11")
        assert terminal.wait_for_end() == 3
        assert terminal.attributes == terminal.attributes_before


def _shows_the_filter(text: str) -> bool:
    return "─ user:user-1 ─" in text


SLOW_INDEX = """
import sys, threading, time
from audit_console.cli import main
from audit_console.sources.cancelling import INDEX_THREAD

def write():
    time.sleep(float(sys.argv[1]))  # as long as a large log takes
    print("written", flush=True)

main._SECONDS_TO_STOP = 0.1
threading.Thread(target=write, name=INDEX_THREAD, daemon=True).start()
main._end_threads(int(sys.argv[2]))
"""


@UNMEASURED
@pytest.mark.parametrize(("seconds", "code", "written"), [("1", 0, "written\n"), ("1000", 143, "")])
def test_an_index_is_waited_for_unless_the_program_is_ended_from_outside(
    seconds: str, code: int, written: str
) -> None:
    ended = run_program(seconds, str(code), command=(sys.executable, "-c", SLOW_INDEX))
    assert ended.stdout == written
    assert ("writing the index" in ended.stderr) == bool(written)


@UNMEASURED
def test_an_index_is_left_by_ctrl_c() -> None:
    with started("1000", "1", command=(sys.executable, "-c", SLOW_INDEX)) as program:
        assert program.stderr is not None
        assert b"Ctrl+C leaves it" in program.stderr.readline()
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE_SECONDS) == 1


def test_an_interrupt_while_a_class_is_made_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    def command(arguments: Sequence[str]) -> ExitCode:
        del arguments
        type("Made", (), {"field": Interrupting()})
        return ExitCode.PASS

    monkeypatch.setitem(COMMANDS, "verify", command)
    assert run(["verify"]) is ExitCode.INTERRUPTED
