"""How the figures of this project grow with the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from benchmarks.measure import Result
from benchmarks.report import number

WIDTH = 20
"""Columns of the chart for what grows as the log does."""
NOISE = 1.15
"""A steeper growth than this is called worse than linear; two runs of one size differ by less."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A figure at each size of the log.

    Attributes:
        title: of the figure.
        values: as they are printed.
        exponents: between a size and the next; 0 does not grow, 1 grows as the log does.
        exponent: between the smallest and the largest size.
    """

    title: str
    values: Sequence[str]
    exponents: Sequence[float]
    exponent: float


def chart(results: Sequence[tuple[int | None, Result]]) -> str:
    """Draw how each figure grows; empty where only one size was measured."""
    sizes = sorted({events for events, _ in results if events is not None})
    rows = _growths(results, sizes)
    if len(sizes) < 2 or not rows:
        return ""
    headings = ("figure", *(f"{size:,}" for size in sizes))
    cells = [headings, *((row.title, *row.values) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    axis = f"{'flat':<{WIDTH - 6}}linear"
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(line, widths, strict=True)), drawn))
        for line, drawn in zip(cells, (axis, *map(_bar, rows)), strict=True)
    )


def _growths(results: Sequence[tuple[int | None, Result]], sizes: Sequence[int]) -> list[Growth]:
    by_title: dict[str, dict[int, Result]] = {}
    for events, result in results:
        if events is not None:
            by_title.setdefault(result.figure.title, {})[events] = result
    return [_growth(at) for at in by_title.values() if len(at) == len(sizes) > 1]


def _growth(at: dict[int, Result]) -> Growth:
    sizes = sorted(at)
    costs = [(size, _cost(at[size], size)) for size in sizes]
    results = [at[size] for size in sizes]
    return Growth(
        results[0].figure.title,
        [number(one.outcomes[0].median, one.figure.unit) for one in results],
        [_exponent(*pair) for pair in pairwise(costs)],
        _exponent(costs[0], costs[-1]),
    )


def _cost(result: Result, events: int) -> float:
    """Give what all events cost together: seconds, or bytes by those of the file."""
    ours = result.outcomes[0].median
    return {"s": ours, "events/s": events / ours}.get(result.figure.unit, ours * events)


def _exponent(small: tuple[int, float], large: tuple[int, float]) -> float:
    return log(large[1] / small[1]) / log(large[0] / small[0])


def _bar(growth: Growth) -> str:
    drawn = "█" * max(0, round(growth.exponent * WIDTH))
    worse = "  WORSE THAN LINEAR" if max(growth.exponents) > NOISE else ""
    return f"{drawn:<{WIDTH}} {growth.exponent:.2f}{worse}"
