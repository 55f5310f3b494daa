"""The stored line as an expression over columns, byte for byte as `core.codec` prints it.

The expressions read *wire* columns: one per key of the line, named like the key,
strings, `v` and `seq` as they are, times as text, `result` and `details` as JSON text.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from audit_console.core.codec import V1_KEYS

_BARE = ("v", "seq", "details")
"""Keys whose values are printed as they are."""


def v1_entry(plain: Collection[str] = (), *, before: str = "") -> pl.Expr:
    """Build the line of format v1 up to its own hash. A null prints as `null`.

    Args:
        plain: columns without a null, a quote, a backslash or a control character. Those of
            strings need nothing but quotes; `result` among them is no JSON.
        before: text to put in front.
    """
    pieces, text = list[pl.Expr](), before + "{"
    for key in V1_KEYS[:-1]:
        is_plain = key in plain and key not in _BARE
        quote = '"' if is_plain else ""
        pieces += [pl.lit(f'{text}"{key}":{quote}'), _value(key, is_plain=is_plain)]
        text = f"{quote},"
    return pl.concat_str(*pieces, pl.lit(text[:-1]))


def v1_line(entry: pl.Expr) -> pl.Expr:
    """Build the line of an entry and the column `event_hash`."""
    return pl.concat_str(entry, pl.lit(',"event_hash":'), quoted(pl.col("event_hash")), pl.lit("}"))


def v1_tail(event_hash: str) -> pl.Expr:
    """Build the end of a line, behind its entry, of a column of hashes without a null."""
    return pl.concat_str(pl.lit(',"event_hash":"'), pl.col(event_hash), pl.lit('"}'))


def orchestrator_line() -> pl.Expr:
    """Build the line of the orchestrator's JSONL. A null prints as `null`."""
    return pl.concat_str(
        pl.lit("{"),
        _members("id", "timestamp", "event_type", "user_id"),
        pl.lit(","),
        _members("action", "resource_type", "resource_id"),
        pl.lit(',"result":'),
        pl.col("result"),
        pl.lit(',"details":'),
        pl.col("details").fill_null("null"),
        pl.lit(","),
        _members("ip_address", "user_agent", "request_id", "previous_hash", "event_hash"),
        pl.lit("}"),
    )


def quoted(text: pl.Expr) -> pl.Expr:
    """Print strings as JSON."""
    return pl.struct(text.alias("_")).struct.json_encode().str.slice(5).str.head(-1)


def _value(key: str, *, is_plain: bool) -> pl.Expr:
    if is_plain:
        return pl.col(key)
    if key in _BARE or key == "result":
        return pl.col(key).cast(pl.String).fill_null("null")
    return quoted(pl.col(key))


def _members(*keys: str) -> pl.Expr:
    """Print `"key":value` for each key, with commas between."""
    return pl.struct(keys).struct.json_encode().str.slice(1).str.head(-1)
