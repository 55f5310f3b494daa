"""Counts of equal values, told apart by numbers where there are few, else by hashing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from audit_console.columns.selection import codes_in

FIRST_BLOCK = 1 << 14
"""Rows of the first block."""

BLOCK = 1 << 17
"""Rows that are counted at a time, so that the interpreter is held for a millisecond only; more
where there are many codes, since each block goes over all of them."""

MOST_CODES = 1 << 20
"""Codes that are counted in place."""

LONG_RUN = 1 << 15
"""Rows of a bin, on an average, from which on each is counted by itself."""

FEW = 8
"""Codes, and fewer, that are compared with instead of being added up by their number."""

Numbers = npt.NDArray[np.integer]
"""Whole numbers from 0 on that stand for values, or numbers of bins."""


def counted(keys: pl.DataFrame) -> pl.DataFrame:
    """Count equal rows, in the order in which they stand first: at `place`."""
    if keys.width == 1 and (dense := _dense(keys.to_series())) is not None:
        return _frame([_counted_codes(_blocks(dense.codes, dense.size), dense.size)])
    groups = keys.lazy().with_row_index("place").group_by(keys.columns)
    counts = groups.agg(pl.col("place").min(), pl.len().alias("count")).sort("place")
    return counts.collect(engine="streaming")


def counted_pairs(bins: pl.Series, keys: pl.Series) -> pl.DataFrame:
    """Count equal pairs of a bin and a key as `counted` does."""
    dense = _dense(keys)
    if dense is not None:
        numbers = bins.to_numpy()
        first, last = int(numbers.min()), int(numbers.max())
        count = last - first + 1
        if count * max(dense.size, LONG_RUN) <= numbers.size and bins.is_sorted():
            return _frame(_counted_runs(_ends(numbers, first, last), dense))
        size = count * dense.size
        if size <= MOST_CODES:
            pairs = zip(_blocks(numbers, size), _blocks(dense.codes, size), strict=True)
            both = ((bin_.astype(np.intp) - first) * dense.size + code for bin_, code in pairs)
            return _frame([_counted_codes(both, size)])
    return counted(_as_one(bins, keys))


class _Counts(NamedTuple):
    """How often codes occur, in the order of the places where they stand first."""

    places: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint32]


class _Dense(NamedTuple):
    """Few codes for many rows, all of them below `size`."""

    codes: Numbers
    size: int


def _dense(keys: pl.Series) -> _Dense | None:
    """Give codes as an array if there are few of them for so many rows; a missing one too."""
    if not keys.dtype.is_unsigned_integer():
        return None
    codes = codes_in(keys)
    if codes >= min(keys.len(), MOST_CODES):
        return None
    if not keys.has_nulls():
        return _Dense(keys.to_numpy(), codes)
    return _Dense(keys.cast(pl.UInt32).fill_null(codes).to_numpy(), codes + 1)


def _blocks(numbers: Numbers, codes: int = 0) -> Iterator[Numbers]:
    """Cut into a small block, in which most codes are met first, and large ones."""
    start, rows = 0, FIRST_BLOCK
    while start < numbers.size:
        yield numbers[start : start + rows]
        start, rows = start + rows, max(BLOCK, 2 * codes)


def _ends(sorted_numbers: Numbers, first: int, last: int) -> list[int]:
    """Tell behind which row each number from `first` to `last` ends."""
    wanted = np.arange(first, last + 1).astype(sorted_numbers.dtype)  # another type costs a copy
    ends: list[int] = np.searchsorted(sorted_numbers, wanted, side="right").tolist()
    return ends


def _counted_runs(ends: list[int], dense: _Dense) -> list[_Counts]:
    """Count the codes of each run of rows by themselves: nothing is made of bin and code."""
    runs = pairwise([0, *ends])
    return [_counted_codes(_blocks(dense.codes[a:b], dense.size), dense.size, a) for a, b in runs]


def _counted_codes(blocks: Iterable[Numbers], size: int, start: int = 0) -> _Counts:
    """Count codes below `size` by adding up in place: without hashing.

    Args:
        blocks: the codes, in their order.
        size: what all of them are below.
        start: place of the first.
    """
    counts, places = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    for block in blocks:
        found = _sums(block, size)
        new = (found > 0) & (counts == 0)
        if new.any():
            rows = np.flatnonzero(new[block])[::-1]
            places[block[rows]] = start + rows  # the first row of a code is written last
        counts += found.astype(np.uint32)
        start += block.size
    there = np.flatnonzero(counts)
    there = there[np.argsort(places[there])]
    return _Counts(places[there], counts[there])


def _frame(parts: Sequence[_Counts]) -> pl.DataFrame:
    """Put counts behind each other."""
    place, count = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return pl.DataFrame({"place": place, "count": count})


def _sums(block: Numbers, size: int) -> npt.NDArray[np.intp]:
    """Count each code; very few are looked for one by one, which does not widen them first."""
    if size > FEW:
        return np.bincount(block, minlength=size)
    return np.array([np.count_nonzero(block == code) for code in range(size)])


def distinct(codes: pl.Series) -> int:
    """Count different codes by marking each, several times faster than by hashing them."""
    marks = np.zeros(codes_in(codes), np.bool_)
    for block in _blocks(codes.drop_nulls().to_numpy()):
        if not marks.take(block).all():
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
