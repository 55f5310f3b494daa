"""The program with its event loop watched: `python -m benchmarks.watched STOPS ARGUMENT…`.

While the loop is busy, or waits for the interpreter's lock, no key is taken in and nothing is
painted. Such stops are written to the file STOPS as they end, one line for each.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from audit_console.cli.main import main

SECONDS_BETWEEN_BEATS = 0.002
SHORTEST_STOP = 0.005


class Stop(NamedTuple):
    """A time in which the loop took nothing in.

    Attributes:
        ended: when, as `time.perf_counter` counts, which is one clock for all processes.
        seconds: how long.
        cpu_seconds: how much of it the loop's own thread worked.
    """

    ended: float
    seconds: float
    cpu_seconds: float

    @classmethod
    def read(cls, line: str) -> Self:
        """Read a line of the file."""
        return cls(*map(float, line.split()))

    def __str__(self) -> str:
        return " ".join(map(str, self))


class Heart:
    """Beats in a loop, and writes down when a beat comes late."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stops: TextIO) -> None:
        self._loop = loop
        self._stops = stops
        self._cpu_before = 0.0
        loop.call_soon(self._rest)

    def _rest(self) -> None:
        self._cpu_before = time.thread_time()
        due = time.perf_counter() + SECONDS_BETWEEN_BEATS
        self._loop.call_later(SECONDS_BETWEEN_BEATS, self._beat, due)

    def _beat(self, due: float) -> None:
        now = time.perf_counter()
        stop = Stop(now, now - due, time.thread_time() - self._cpu_before)
        if stop.seconds >= SHORTEST_STOP:
            print(stop, file=self._stops, flush=True)
        self._rest()


class WatchedLoops(asyncio.DefaultEventLoopPolicy):
    """Gives each loop a heart."""

    def __init__(self, stops: TextIO) -> None:
        super().__init__()
        self._stops = stops

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Make a loop as the default does, and watch it."""
        loop = super().new_event_loop()
        Heart(loop, self._stops)
        return loop


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w", encoding="ascii") as stops:
        asyncio.set_event_loop_policy(WatchedLoops(stops))
        sys.argv[1:] = sys.argv[2:]
        sys.exit(main())
