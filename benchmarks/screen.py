"""How soon the real program answers, on a command line and in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Sample, Target, evict, run_to_end
from benchmarks.terminal import Terminal, first_rows, until_verified

PROGRAM = str(Path(sys.executable).with_name("audit-console"))
PRESSES = 100
"""Of each key on a log of 1 M events and more; on a small one, which tries the program, a fifth."""
KEYS = {"down": [b"\x1b[B"], "page down": [b"\x1b[6~"], "to the end and back": [b"G", b"g"]}


def start_figures() -> Iterator[Figure]:
    """Give the figures that depend on no log."""
    yield Figure(
        "help",
        "--help, whole process",
        "s",
        [
            _process(OURS, [PROGRAM, "--help"]),
            _process("python -c pass", [sys.executable, "-c", ""]),
        ],
        Target("< 0.15 s", at_most=0.15),
    )
    yield Figure(
        "first-paint",
        "start to first paint, no log",
        "s",
        [Contestant(OURS, lambda: _until_painted([PROGRAM], _anything))],
        Target("< 0.8 s", at_most=0.8),
    )


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events."""
    file = log_of(events)
    presses = PRESSES if events >= 1_000_000 else PRESSES // 5
    yield Figure(
        "first-rows",
        "start to the first events on the screen",
        "s",
        [Contestant(OURS, lambda: _until_first_rows(file))],
    )
    for name, keys in KEYS.items():
        yield Figure(
            "keys",
            f"key to painted frame, slowest 5 %: {name}",
            "s",
            [Contestant(OURS, partial(_slow_press, file, keys, presses))],
            Target("< 50 ms", at_most=0.05),
        )


def _process(name: str, command: list[str]) -> Contestant:
    def run() -> Sample:
        ended = run_to_end(command)
        if ended.exit_code:
            raise RuntimeError(f"{command} failed with exit code {ended.exit_code}")
        return Sample(ended.seconds, ended.peak_bytes)

    return Contestant(name, run)


def _anything(terminal: Terminal) -> bool:
    return "audit-console" in terminal.text


def _until_first_rows(file: Path) -> Sample:
    evict(file)
    return _until_painted([PROGRAM, str(file)], first_rows)


def _until_painted(command: list[str], shown: Callable[[Terminal], bool]) -> Sample:
    with Terminal(command) as terminal:
        seconds = terminal.wait_until(lambda: shown(terminal)) - terminal.started
        terminal.quit()
    return Sample(seconds, terminal.peak_bytes)


def _slow_press(file: Path, keys: list[bytes], presses: int) -> Sample:
    with Terminal([PROGRAM, str(file)]) as terminal:
        until_verified(terminal)
        seconds = [terminal.press(key) for key in islice(cycle(keys), presses)]
        terminal.quit()
    return Sample(quantiles(seconds, n=20)[-1], terminal.peak_bytes)
