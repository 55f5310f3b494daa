"""Event hashes over columns, the same as `core.hashing` computes one by one."""

from __future__ import annotations

import polars as pl
from polars_hash import col as hashable
from polars_hash import concat_str as hashable_concat

from audit_console.core.codec import EVENT_HASH_TAIL

LEAF = "\x00"
"""What a hash covers before an entry or a line."""


def v1_hash(raw: str) -> pl.Expr:
    """Hash the entries of canonical v1 lines held in the column `raw`; lower-case hex."""
    entry = pl.col(raw).str.head(-EVENT_HASH_TAIL)
    return hashable_concat(pl.lit(LEAF), entry).chash.sha2_256()


def prefixed_hash(column: str) -> pl.Expr:
    """Hash texts that begin with `LEAF` already; lower-case hex."""
    return hashable(column).chash.sha2_256()


def line_hash(raw: str) -> pl.Expr:
    """Hash whole lines held in the column `raw` as Merkle leaves; lower-case hex."""
    return hashable_concat(pl.lit(LEAF), pl.col(raw)).chash.sha2_256()


def orchestrator_hash(event_type: pl.Expr, resource_type: pl.Expr, result: pl.Expr) -> pl.Expr:
    """Hash the eight fields that the orchestrator covers, from the columns of its lines.

    Args:
        event_type: its snake-case name.
        resource_type: its snake-case name.
        result: its snake-case name, without the failure's message.
    """
    moment = pl.col("timestamp").str.strip_suffix("Z").str.strip_suffix("+00:00")
    return hashable_concat(
        pl.col("id"),
        pl.concat_str(moment, pl.lit("+00:00")),
        event_type,
        pl.col("action"),
        resource_type,
        pl.col("resource_id"),
        result,
        pl.col("previous_hash").fill_null(""),
        separator="|",
    ).chash.sha2_256()
