"""Times as PostgreSQL prints them in UTC."""

from __future__ import annotations

import numpy as np
import polars as pl

from audit_console.columns import times
from audit_console.columns.schema import TIME

_LENGTH = len("2026-01-01 00:00:00.000000")
_BETWEEN = 10
"""Where the day ends: there is a space, and in format v1 a `T`."""

_FORMAT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def read_times(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read times.

    Returns:
        their texts in the spelling of format v1, and the times. What it cannot spell becomes a
        text that is no time, and null.
    """
    read = _read_at_once(texts.str.strip_suffix("+00").str.pad_end(_LENGTH, "0"))
    if read is not None:
        return read
    spelled = pl.select(_six_digits(texts)).to_series()
    found = spelled.str.to_datetime(_FORMAT, time_unit="us", strict=False)
    return spelled, found.dt.replace_time_zone("UTC")


def _read_at_once(texts: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """Read times of six digits without a zone; None if there is anything else."""
    if texts.is_empty() or not texts.str.len_bytes().eq_missing(_LENGTH).all():
        return None
    joined = texts.str.join("").item().encode()
    characters = np.empty((times.LENGTH, len(texts)), np.uint8)
    characters[:_LENGTH] = np.frombuffer(joined, np.uint8).reshape(-1, _LENGTH).T
    if (characters[_BETWEEN] != ord(" ")).any():
        return None
    characters[_BETWEEN] = ord("T")
    characters[_LENGTH] = ord("Z")
    micros, are_times = times.read_times(characters)
    if not are_times.all():
        return None
    day, time = texts.str.head(_BETWEEN), texts.str.slice(_BETWEEN + 1)
    spelled = pl.select(pl.concat_str(day, pl.lit("T"), time, pl.lit("Z"))).to_series()
    return spelled, pl.Series(micros).cast(TIME)


def _six_digits(text: pl.Series) -> pl.Expr:
    return pl.concat_str(
        text.str.slice(0, _BETWEEN),
        pl.lit("T"),
        text.str.slice(_BETWEEN + 1, 8),
        pl.lit("."),
        text.str.slice(20).str.strip_suffix("+00").str.pad_end(6, "0"),
        pl.lit("Z"),
    )
