"""The canonical v1 lines of a block as events, whole columns at a time."""

from __future__ import annotations

import polars as pl

from audit_console.columns.hashing import v1_hash
from audit_console.columns.schema import CHECKED, RESULT, TIME
from audit_console.core.codec import EVENT_HASH_TAIL, MAX_ENTRY_BYTES, V1_KEYS, is_details
from audit_console.core.event import Scheme
from audit_console.sources.archive.blocks import Block
from audit_console.sources.archive.cutting import Cut, Flags, Positions, cut
from audit_console.sources.archive.times import LENGTH, read_times

_TIMES = ("recorded_at", "timestamp")
_VERBATIM = ("seq", "result", "details")
_TEXTS = tuple(key for key in V1_KEYS[1:] if key not in _TIMES + _VERBATIM)

_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_SCALAR = rf"{_STRING}|{_NUMBER}|true|false|null"
NESTED = 3
"""Details that nest no deeper are told to be an object by a pattern, others one by one."""


def _object(depth: int) -> str:
    member = f"{_STRING}:{_value(depth - 1)}"
    return rf"\{{(?:{member}(?:,{member})*)?\}}"


def _value(depth: int) -> str:
    if depth == 0:
        return f"(?:{_SCALAR})"
    item = _value(depth - 1)
    return rf"(?:{_SCALAR}|{_object(depth)}|\[(?:{item}(?:,{item})*)?\])"


_DETAILS = rf"^(?:null|{_object(NESTED)})$"

_HOLDS = (
    pl.col("raw").is_not_null()
    & (pl.col("length") - EVENT_HASH_TAIL <= MAX_ENTRY_BYTES)
    & (pl.col("seq") == pl.col("seq").cast(pl.Int64, strict=False).cast(pl.String))
    & ~pl.col("seq").str.starts_with("-")
    & pl.all_horizontal(pl.col(_TIMES).is_not_null())
    & pl.col("result").cast(RESULT, strict=False).is_not_null()
)

_DERIVED = {
    "scheme": pl.lit(Scheme.V1.value),
    "details": pl.when(pl.col("details") != "null").then("details"),
    "computed_hash": v1_hash("raw"),
    "canonical": pl.lit(value=True),
}
_COLUMNS = [
    _DERIVED.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in CHECKED.items()
]


def canonical_v1(block: Block, lines: pl.DataFrame) -> pl.DataFrame:
    """Give the events (`columns.schema.CHECKED`) of the lines that are v1 in canonical form.

    Args:
        block: where the lines are.
        lines: `columns.schema.LINE` and `raw`, the line, null where it is no text.
    """
    if lines.is_empty():
        return pl.DataFrame(schema=CHECKED)
    begins = lines["offset"].cast(pl.Int64).to_numpy() - block.offset
    pieces = cut(block.data, begins, begins + lines["length"].to_numpy())
    whole = lines.hstack(_values(lines["raw"], pieces, begins)).with_columns(_times(pieces))
    holds = pl.Series(pieces.holds) & _are_details(whole["details"])
    kept = whole.select(_HOLDS.fill_null(value=False)).to_series() & holds
    return (whole if kept.all() else whole.filter(kept)).select(_COLUMNS)


def _values(raw: pl.Series, pieces: Cut, begins: Positions) -> pl.DataFrame:
    """Take the values out of the lines; texts are unescaped, all others as they stand."""
    spans = {"raw": raw.cast(pl.Binary)}
    for key, span in pieces.spans.items():
        begin = pl.Series(span.begin - begins)
        if span.absent is not None:
            begin = _only(begin, ~span.absent)
        length = pl.Series(span.end - span.begin).cast(pl.UInt64)
        spans |= {f"{key}.begin": begin, f"{key}.length": length}
    values = pl.DataFrame(spans).select(
        pl.col("raw").bin.slice(f"{key}.begin", f"{key}.length").cast(pl.String).alias(key)
        for key in _TEXTS + _VERBATIM
    )
    for key in _TEXTS:
        rows = pl.Series(pieces.rows_with_escapes(key))
        if not rows.is_empty():
            values = values.with_columns(_unescaped(values[key], rows))
    return values


def _only(series: pl.Series, kept: Flags) -> pl.Series:
    """Put null where a value is not kept."""
    return pl.select(pl.when(pl.Series(kept)).then(series).alias(series.name)).to_series()


def _unescaped(texts: pl.Series, rows: pl.Series) -> pl.Series:
    quoted = pl.select('"' + pl.lit(texts.gather(rows)) + '"').to_series()
    return texts.scatter(rows, quoted.str.json_decode(pl.String))


def _times(pieces: Cut) -> list[pl.Series]:
    """Read the times; null where there is none."""
    columns = []
    for key in _TIMES:
        micros, holds = read_times(pieces.characters(key, LENGTH))
        span = pieces.spans[key]
        holds &= span.end - span.begin == LENGTH
        moments = pl.Series(key, micros).cast(TIME)
        columns.append(moments if holds.all() else _only(moments, holds))
    return columns


def _are_details(values: pl.Series) -> pl.Series:
    """Tell which values are a JSON object or null."""
    shallow = values.str.contains(_DETAILS)
    rows = (~shallow).arg_true()
    if rows.is_empty():
        return shallow
    deep = [is_details(value) for value in values.gather(rows)]
    return shallow.scatter(rows, pl.Series(deep, dtype=pl.Boolean))
