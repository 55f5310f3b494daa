"""The stored line as an expression over columns, byte for byte as `core.codec` prints it.

The expressions read *wire* columns: one per key of the line, named like the key,
strings as they are, times as text, and `v`, `result` and `details` as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from audit_console.columns.schema import TIME
from audit_console.core.codec import V1_KEYS

Escape = Callable[[pl.Expr], pl.Expr]

ORCHESTRATOR_KEYS = (
    "id",
    "timestamp",
    "event_type",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "result",
    "details",
    "ip_address",
    "user_agent",
    "request_id",
    "previous_hash",
    "event_hash",
)
V1_NULLABLE = frozenset(
    {"user_id", "result_error", "details", "ip_address", "user_agent", "request_id"}
)
ORCHESTRATOR_NULLABLE = V1_NULLABLE | {"previous_hash", "event_hash"}
_AS_THEY_ARE = frozenset({"v", "seq", "result", "details"})

_ESCAPED = ['"', "\\", *map(chr, range(0x20))]
_ESCAPES = [json.dumps(character)[1:-1] for character in _ESCAPED]


def escaped(text: pl.Expr) -> pl.Expr:
    """Escape strings as JSON does."""
    return text.str.replace_many(_ESCAPED, _ESCAPES)


def unescaped(text: pl.Expr) -> pl.Expr:
    """Leave strings as they are: for those that hold nothing to escape."""
    return text


def quoted(text: pl.Expr, escape: Escape = escaped) -> pl.Expr:
    """Print strings as JSON; null stays null."""
    return pl.concat_str(pl.lit('"'), escape(text), pl.lit('"'))


def v1_line(escape: Escape = escaped) -> pl.Expr:
    """Build the line of format v1; null where a value that may not be null is."""
    return _line(V1_KEYS, V1_NULLABLE, escape)


def orchestrator_line(escape: Escape = escaped) -> pl.Expr:
    """Build the line of the orchestrator's JSONL; null where a needed value is."""
    return _line(ORCHESTRATOR_KEYS, ORCHESTRATOR_NULLABLE, escape)


def _line(keys: tuple[str, ...], nullable: frozenset[str], escape: Escape) -> pl.Expr:
    """Join the keys' values, with as few pieces as possible: literals run up to the next value."""
    parts: list[pl.Expr] = []
    literal = "{"
    for key in keys:
        literal += f'"{key}":'
        if key in nullable:
            value, quote = _or_null(key, escape), ""
        elif key in _AS_THEY_ARE:
            value, quote = pl.col(key).cast(pl.String), ""
        else:
            value, quote = escape(pl.col(key)), '"'
        parts += [pl.lit(literal + quote), value]
        literal = quote + ","
    return pl.concat_str(*parts, pl.lit(literal.removesuffix(",") + "}"))


def _or_null(key: str, escape: Escape) -> pl.Expr:
    value = pl.col(key) if key in _AS_THEY_ARE else quoted(pl.col(key), escape)
    return value.fill_null("null")


def v1_wire(events: pl.DataFrame) -> pl.DataFrame:
    """Turn v1 events (`columns.schema.EVENT` and their hashes) into wire columns."""
    return events.select(
        pl.lit("1").alias("v"),
        *(_wire_column(key, events.schema[key]) for key in V1_KEYS[1:]),
    )


def _wire_column(key: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == TIME:
        return pl.col(key).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if key == "result":
        return quoted(pl.col(key).cast(pl.String), unescaped).alias(key)
    return pl.col(key) if key == "seq" else pl.col(key).cast(pl.String)
