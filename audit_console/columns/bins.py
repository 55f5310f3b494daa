"""Bins of equal length that times are in, numbered as `core.timespan` numbers them."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from audit_console.columns.schema import TIME
from audit_console.core.timespan import FIRST, TICK, Duration

SPARSE = 64
"""Times in order are looked up by where each bin starts, if they are so many times the bins."""

_BEFORE_EPOCH = -int(FIRST.timestamp()) * 1_000_000


class Bins(NamedTuple):
    """The bins of events: that of each is so many behind `first`, in as few bytes as hold it."""

    first: int
    behind: pl.Series


def bins_of(times: pl.Series, every: Duration) -> Bins:
    """Tell which bin each time is in.

    Args:
        times: none is missing.
        every: length of a bin.
    """
    if times.is_empty():
        return Bins(0, pl.Series([], dtype=pl.UInt8))
    if times.is_sorted():
        first, last = _numbers(times.gather([0, -1]), every)
        if (last - first) * SPARSE < times.len():
            return Bins(first, _in_order(times, pl.int_range(first, last + 1, eager=True), every))
    numbers = _numbers(times, every)
    first = numbers.to_frame("bin").select(pl.col("bin").min()).item()
    return Bins(first, (numbers - first).shrink_dtype().rechunk())


def _numbers(times: pl.Series, every: Duration) -> pl.Series:
    return times.to_frame("time").select(bin_number(pl.col("time"), every)).to_series()


def _in_order(times: pl.Series, numbers: pl.Series, every: Duration) -> pl.Series:
    """Put each number where the times of its bin are, found by bisection.

    Bin by bin: `numpy.repeat` holds the interpreter's lock until it has gone over all rows.
    """
    starts = numbers[1:].to_frame("bin").select(bin_start(pl.col("bin"), every)).to_series()
    ends = [*times.search_sorted(starts), times.len()]
    behind = (numbers - numbers[0]).shrink_dtype()
    of_times = np.empty(times.len(), behind.to_numpy().dtype)
    for number, (begin, end) in zip(behind, pairwise([0, *ends]), strict=True):
        of_times[begin:end] = number
    return pl.Series(of_times).set_sorted()


def bin_number(time: pl.Expr, every: Duration) -> pl.Expr:
    """Number the bins of UTC times."""
    if every.span is not None:
        return (time.dt.timestamp("us") + _BEFORE_EPOCH) // (every.span // TICK)
    months = (time.dt.year().cast(pl.Int64) - 1) * 12 + time.dt.month() - 1
    return months // every.months


def bin_start(number: pl.Expr, every: Duration) -> pl.Expr:
    """Give the times at which bins start, by their numbers."""
    number = number.cast(pl.Int64)
    if every.span is not None:
        return (number * (every.span // TICK) - _BEFORE_EPOCH).cast(TIME)
    months = number * every.months
    return pl.datetime(months // 12 + 1, months % 12 + 1, 1, time_unit="us", time_zone="UTC")
