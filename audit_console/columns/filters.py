"""A filter as an expression over event columns; `core.filters.matches` fixes its meaning."""

from __future__ import annotations

import polars as pl

from audit_console.core.codec import MAX_SEQ
from audit_console.core.filters import Equals, Filter


def keeps(where: Filter) -> pl.Expr:
    """True for the events that `where` keeps, never null."""
    return pl.all_horizontal(pl.lit(value=True), *(_holds(term) for term in where.terms))


def _holds(term: Equals) -> pl.Expr:
    field = pl.col(term.field)
    if term.value is None:
        return field.is_null()
    if isinstance(term.value, str) == (term.field == "seq"):
        return pl.lit(value=False)  # text is never equal to a number
    if isinstance(term.value, int):
        return _is_number(field, term.value)
    return (field.cast(pl.String) == term.value).fill_null(value=False)


def _is_number(field: pl.Expr, value: int) -> pl.Expr:
    if not 0 <= value <= MAX_SEQ:
        return pl.lit(value=False)
    return (field == value).fill_null(value=False)
