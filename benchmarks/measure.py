"""What a figure is, and how one is taken.

Everything measured runs in a process of its own. On Linux a child's peak memory starts
from its parent's, so the process that measures must stay small: it imports no engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OURS = "audit-console"


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: a value in the figure's unit, and the process's peak memory."""

    value: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Contestant:
    """Someone who does the work of a figure."""

    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure should be: our value, or its ratio to the first peer's."""

    text: str
    at_most: float | None = None
    at_least: float | None = None
    ratio_at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """Work that is measured; the first contestant is this project, the others are its peers."""

    group: str
    title: str
    unit: str
    contestants: Sequence[Contestant]
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The samples of one contestant, in the order taken."""

    name: str
    samples: Sequence[Sample]

    @property
    def median(self) -> float:
        """Median value."""
        return median(sample.value for sample in self.samples)

    @property
    def low(self) -> float:
        """Least value."""
        return min(sample.value for sample in self.samples)

    @property
    def high(self) -> float:
        """Greatest value."""
        return max(sample.value for sample in self.samples)

    @property
    def peak_bytes(self) -> int:
        """Greatest peak memory."""
        return max(sample.peak_bytes for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Result:
    """A figure as taken."""

    figure: Figure
    outcomes: Sequence[Outcome]

    def ratio(self, peer: Outcome) -> float:
        """Our median over the peer's."""
        return self.outcomes[0].median / peer.median

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        target, ours = self.figure.target, self.outcomes[0]
        if target is None:
            return None
        if target.ratio_at_most is not None:
            return self.ratio(self.outcomes[1]) <= target.ratio_at_most
        return (target.at_most is None or ours.median <= target.at_most) and (
            target.at_least is None or ours.median >= target.at_least
        )


def take(figure: Figure, repetitions: int) -> Result:
    """Let the contestants run in turn, so that a noisy moment hits all of them."""
    samples: list[list[Sample]] = [[] for _ in figure.contestants]
    for _ in range(repetitions):
        for contestant, taken in zip(figure.contestants, samples, strict=True):
            taken.append(contestant.run())
    names = [contestant.name for contestant in figure.contestants]
    return Result(figure, [Outcome(*pair) for pair in zip(names, samples, strict=True)])


def run_task(name: str, place: Path | str, *, expect: int) -> Sample:
    """Time one of `benchmarks.tasks` in a fresh process; the value is in seconds.

    Raises:
        RuntimeError: the task failed or did not handle the amount expected.
    """
    output, _, peak_bytes, exit_code = run_to_end(
        [sys.executable, "-m", "benchmarks.tasks", name, str(place)]
    )
    if exit_code:
        raise RuntimeError(f"{name} failed with exit code {exit_code}")
    report = json.loads(output)
    if report["amount"] != expect:
        raise RuntimeError(f"{name} handled {report['amount']:,} of {expect:,}")
    return Sample(report["seconds"], peak_bytes)


class Run(NamedTuple):
    """A program that ran to its end."""

    output: str
    seconds: float
    peak_bytes: int
    exit_code: int


def run_to_end(command: Sequence[str]) -> Run:
    """Run a program, timed from before its start until after its end."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output)
        peak_bytes = reap(process)
        seconds = time.perf_counter() - start
        output.seek(0)
        return Run(output.read().decode(), seconds, peak_bytes, process.returncode)


def reap(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process to end and give its peak memory in bytes."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def evict(file: Path) -> None:
    """Drop the file from the page cache, where the system can, so that it is read cold."""
    if hasattr(os, "posix_fadvise"):
        with file.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
