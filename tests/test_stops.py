"""The screen takes keys in at any time, whatever is read or counted beside it.

What is held against the limit is how long the thread of the screen worked without a pause:
that depends on the program, and not on what else the machine does.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Sequence

import pytest

from benchmarks.logs import log_of
from benchmarks.stops import stops_of
from benchmarks.watched import Stop, WatchedLoops

EVENTS = 100_000
LONGEST_STOP = 0.05
RUNS = 3
"""What the program does, it does in each run; a processor that is shared is slower in one."""
TRACERS = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def longest(stops: Sequence[Stop]) -> float:
    return max((stop.cpu_seconds for stop in stops), default=0.0)


def test_the_screen_never_stops_while_a_log_is_loaded_and_filtered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in TRACERS:  # following every line of the program takes longer than the program
        monkeypatch.delenv(variable, raising=False)
    runs = (stops_of(log_of(EVENTS)) for _ in range(RUNS))
    assert any(longest([*run.loading, *run.filtering]) < LONGEST_STOP for run in runs)


def test_a_stop_is_seen() -> None:
    async def stop() -> None:
        await asyncio.sleep(0)
        begun = time.thread_time()
        while time.thread_time() - begun < LONGEST_STOP:
            pass

    written = io.StringIO()
    loop = WatchedLoops(written).new_event_loop()
    loop.run_until_complete(stop())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    seen = [Stop.read(line) for line in written.getvalue().splitlines()]
    assert longest(seen) >= LONGEST_STOP
