"""Counts of equal values, told apart by numbers where there are few, else by hashing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from audit_console.columns.selection import codes_in

BLOCK = 1 << 20
"""Rows that are counted at a time, so that the interpreter is held for milliseconds only, and
the highest number of codes that are counted in place."""

Numbers = npt.NDArray[np.integer]
"""Whole numbers from 0 on that stand for values, or numbers of bins."""


def counted(keys: pl.DataFrame) -> pl.DataFrame:
    """Count equal rows, in the order in which they stand first: at `place`."""
    if keys.width == 1 and (codes := _dense(keys.to_series())) is not None:
        return _counted_codes(_blocks(codes), 1 + int(codes.max()))
    groups = keys.lazy().with_row_index("place").group_by(keys.columns)
    counts = groups.agg(pl.col("place").min(), pl.len().alias("count")).sort("place")
    return counts.collect(engine="streaming")


def counted_pairs(bins: pl.Series, keys: pl.Series) -> pl.DataFrame:
    """Count equal pairs of a bin and a key as `counted` does."""
    codes = _dense(keys)
    if codes is not None:
        numbers, size = bins.to_numpy(), 1 + int(codes.max())
        first, last = int(numbers.min()), int(numbers.max())
        if (last - first + 1) * size <= BLOCK:
            pairs = zip(_blocks(numbers), _blocks(codes), strict=True)
            both = ((bin_.astype(np.intp) - first) * size + code for bin_, code in pairs)
            return _counted_codes(both, (last - first + 1) * size)
    return counted(_as_one(bins, keys))


def _dense(keys: pl.Series) -> Numbers | None:
    """Give codes as an array if there are few of them for so many rows; a missing one too."""
    if not keys.dtype.is_unsigned_integer() or (codes := codes_in(keys)) >= min(keys.len(), BLOCK):
        return None
    if keys.has_nulls():
        keys = keys.cast(pl.UInt32).fill_null(codes)
    return keys.to_numpy()


def _blocks(numbers: Numbers) -> Iterator[Numbers]:
    return (numbers[start : start + BLOCK] for start in range(0, numbers.size, BLOCK))


def _counted_codes(blocks: Iterable[Numbers], size: int) -> pl.DataFrame:
    """Count codes below `size` by adding up in place: without hashing."""
    counts, places = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    start = 0
    for block in blocks:
        found = np.bincount(block, minlength=size)
        new = (found > 0) & (counts == 0)
        if new.any():
            first = np.zeros(size, np.uint32)
            first[block[::-1]] = np.arange(start, start + block.size, dtype=np.uint32)[::-1]
            places[new] = first[new]
        counts += found.astype(np.uint32)
        start += block.size
    there = counts > 0
    return pl.DataFrame({"place": places[there], "count": counts[there]}).sort("place")


def distinct(codes: pl.Series) -> int:
    """Count different codes by marking each, several times faster than by hashing them."""
    marks = np.zeros(codes_in(codes), np.bool_)
    for block in _blocks(codes.drop_nulls().to_numpy()):
        marks[block] = True
    return int(marks.sum()) + codes.has_nulls()


def _as_one(bins: pl.Series, keys: pl.Series) -> pl.DataFrame:
    """Make one number of a bin and a code, for that is grouped faster; 0 is a missing code."""
    both = pl.DataFrame({"bin": bins, "key": keys})
    if bins.is_empty() or not keys.dtype.is_unsigned_integer():
        return both
    bin_, key = pl.col("bin"), pl.col("key")
    first, last = both.select(first=bin_.min(), last=bin_.max()).row(0)
    codes = 1 + codes_in(keys)
    numbers = (last - first + 1) * codes
    if numbers >= 2**63:
        return both
    dtype = pl.UInt32 if numbers < 2**32 else pl.Int64
    code = key.cast(dtype) + 1
    code = code.fill_null(0) if keys.has_nulls() else code
    number = (bin_.cast(pl.Int64) - first).cast(dtype) * codes + code
    return both.lazy().select(number=number).collect(engine="streaming")
