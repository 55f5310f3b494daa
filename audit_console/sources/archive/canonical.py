"""The canonical v1 lines of a block as events, whole columns at a time."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from audit_console.columns.hashing import v1_hash
from audit_console.columns.json_objects import is_shallow_object
from audit_console.columns.schema import CHECKED, RESULT
from audit_console.columns.times import LENGTH, read_times
from audit_console.core.codec import (
    CHAIN_NAME,
    EVENT_HASH_TAIL,
    MAX_ENTRY_BYTES,
    V1_KEYS,
    is_details,
)
from audit_console.core.event import Scheme
from audit_console.sources.archive.blocks import Block
from audit_console.sources.archive.cutting import NULLABLE, Cut, Flags, Positions, cut

_NO_TEXTS = {"v", "seq", "recorded_at", "timestamp", "result", "details"}
_TEXTS = tuple(key for key in V1_KEYS if key not in _NO_TEXTS)


def _value_of(key: str) -> pl.Expr:
    """Take a value out of its line; where there is no place to begin, it is null."""
    begin = pl.col(f"{key}.begin")
    if key in NULLABLE:
        begin = pl.when(~pl.col(f"{key}.absent")).then(begin)
    piece = pl.col("raw").cast(pl.Binary).bin.slice(begin, f"{key}.length")
    return piece.cast(pl.String).alias(key)


_TEXT_VALUES = {key: _value_of(key) for key in _TEXTS}
_OTHER_VALUES = [_value_of(key) for key in ("seq", "result", "details")]
_HOLDS = (
    pl.col("holds")
    & pl.col("raw").is_not_null()
    & (pl.col("length") - EVENT_HASH_TAIL <= MAX_ENTRY_BYTES)
    & (pl.col("seq") == pl.col("seq").cast(pl.Int64, strict=False).cast(pl.String))
    & ~pl.col("seq").str.starts_with("-")
    & pl.col("chain").str.contains(f"^{CHAIN_NAME.pattern}$")
    & pl.col("result").cast(RESULT, strict=False).is_not_null()
).fill_null(value=False)
_IS_SHALLOW = ((pl.col("details") == "null") | is_shallow_object("details")).fill_null(value=False)

_DERIVED = {
    "scheme": pl.lit(Scheme.V1.value),
    "details": pl.when(pl.col("details") != "null").then("details"),
    "computed_hash": v1_hash("raw"),
    "line_hash": pl.lit(None),
    "canonical": pl.lit(value=True),
}
_COLUMNS = {
    name: _DERIVED.get(name, pl.col(name)).cast(dtype).alias(name)
    for name, dtype in CHECKED.items()
}


def canonical_v1(block: Block, lines: pl.DataFrame, columns: Collection[str]) -> pl.DataFrame:
    """Give the events of the lines that are v1 in canonical form.

    Args:
        block: where the lines are.
        lines: `columns.schema.LINE` and `raw`, the line, null where it is no text.
        columns: of `columns.schema.CHECKED` that are wanted.
    """
    if lines.is_empty():
        return pl.DataFrame(schema={name: CHECKED[name] for name in columns})
    begins = lines["offset"].cast(pl.Int64).to_numpy() - block.offset
    pieces = cut(block.data, begins, begins + lines["length"].to_numpy())
    texts = [key for key in _TEXTS if key in columns]
    values = [_TEXT_VALUES[key] for key in texts] + _OTHER_VALUES
    whole = lines.hstack(_places(pieces, begins)).with_columns(values)
    for key in texts:
        rows = pieces.rows_with_escapes(key)
        if len(rows):
            whole.replace_column(whole.get_column_index(key), _unescaped(whole[key], rows))
    holds, shallow = whole.select(_HOLDS, shallow=_IS_SHALLOW).get_columns()
    if not shallow.all():
        holds &= shallow | _are_details(whole["details"], holds & ~shallow)
    kept = whole if holds.all() else whole.filter(holds)
    return kept.select(_COLUMNS[name] for name in columns)


def _places(pieces: Cut, begins: Positions) -> pl.DataFrame:
    """Say where in its line each value is, and give those that need no text."""
    columns: dict[str, Positions | Flags] = {}
    for key, span in pieces.spans.items():
        columns[f"{key}.begin"] = span.begin - begins
        columns[f"{key}.length"] = span.end - span.begin
        if span.absent is not None:
            columns[f"{key}.absent"] = span.absent
    holds = pieces.holds
    for key in ("recorded_at", "timestamp"):
        columns[key], are_times = read_times(pieces.characters(key, LENGTH))
        holds = holds & are_times & (columns[f"{key}.length"] == LENGTH)
    return pl.DataFrame(columns | {"holds": holds})


def _unescaped(texts: pl.Series, rows: Positions) -> pl.Series:
    quoted = '"' + texts.gather(rows) + '"'
    return texts.scatter(rows, quoted.str.json_decode(pl.String))


def _are_details(values: pl.Series, asked: pl.Series) -> pl.Series:
    """Tell of the values asked for, one by one, whether they are a JSON object or null."""
    found = [asks and is_details(value) for value, asks in zip(values, asked, strict=True)]
    return pl.Series(found, dtype=pl.Boolean)
