"""The screen takes keys in at any time, whatever is read or counted beside it.

What is held against the limit is how long the thread of the screen worked without a pause:
that depends on the program, and little on what else the machine does.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Sequence

from benchmarks.logs import log_of
from benchmarks.stops import stops_of
from benchmarks.watched import Stop, WatchedLoops
from tests.support.effort import UNMEASURED

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines

EVENTS = 100_000
LONGEST_STOP = 0.05
RUNS = 3
"""What the program does, it does in each run; a processor that is shared is slower in one."""


def longest(stops: Sequence[Stop]) -> float:
    return max((stop.cpu_seconds for stop in stops), default=0.0)


def test_the_screen_never_stops_while_a_log_is_loaded_and_filtered() -> None:
    runs = (stops_of(log_of(EVENTS)) for _ in range(RUNS))
    assert any(longest([*run.loading, *run.filtering]) < LONGEST_STOP for run in runs)


async def written_to(stops: io.StringIO) -> None:
    while not stops.getvalue():  # noqa: ASYNC110 - the heart has no other way to tell
        await asyncio.sleep(0)


def test_a_stop_is_seen() -> None:
    async def stop() -> None:
        await asyncio.sleep(0)
        begun = time.thread_time()
        while time.thread_time() - begun < LONGEST_STOP:
            pass

    written = io.StringIO()
    loop = WatchedLoops(written).new_event_loop()
    loop.run_until_complete(stop())
    loop.run_until_complete(written_to(written))
    loop.close()
    seen = [Stop.read(line) for line in written.getvalue().splitlines()]
    assert longest(seen) >= LONGEST_STOP
