"""How long the screen stops for, while a log is loaded and while it is filtered."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Sample, Target
from benchmarks.terminal import Terminal, first_rows, until_verified
from benchmarks.watched import Stop

FILTERING = (b"a", b"/", *(bytes([key]) for key in b"user:user-1*"), b"\r", b"G", b"g")
"""Facets, a filter that is typed and asked, its last events and its first."""
SECONDS_TO_COUNT = 1.0
"""How long nothing must have been painted for everything to be counted."""


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events."""
    file = log_of(events)
    phases: dict[str, Callable[[Stops], Sequence[Stop]]] = {
        "loading and verifying": lambda stops: stops.loading,
        "filtering, facets open": lambda stops: stops.filtering,
    }
    for phase, stops_in in phases.items():
        yield Figure(
            "stops",
            f"longest stop of the screen: {phase}",
            "s",
            [Contestant(OURS, partial(_longest, file, stops_in))],
            Target("< 50 ms", at_most=0.05),
        )


def _longest(file: Path, stops_in: Callable[[Stops], Sequence[Stop]]) -> Sample:
    stops = stops_of(file)
    return Sample(max((stop.seconds for stop in stops_in(stops)), default=0.0), stops.peak_bytes)


class Stops(NamedTuple):
    """The stops of the screen, by what it did."""

    loading: Sequence[Stop]
    filtering: Sequence[Stop]
    peak_bytes: int


def stops_of(file: Path) -> Stops:
    """Have the program load a log, with its first rows on the screen, and filter it."""
    with tempfile.NamedTemporaryFile(prefix="benchmark-") as written:
        command = [sys.executable, "-m", "benchmarks.watched", written.name, str(file)]
        with Terminal(command) as terminal:
            begun = terminal.wait_until(lambda: first_rows(terminal))
            until_verified(terminal)
            loaded = time.perf_counter()
            for key in FILTERING:
                terminal.press(key)
            terminal.rest(SECONDS_TO_COUNT)
            filtered = time.perf_counter()
            terminal.quit()
        stops = [Stop.read(line) for line in written.read().decode().splitlines()]
    return Stops(
        [stop for stop in stops if begun < stop.ended <= loaded],
        [stop for stop in stops if loaded < stop.ended <= filtered],
        terminal.peak_bytes,
    )
