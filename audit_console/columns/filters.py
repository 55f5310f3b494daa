"""A filter as an expression over event columns; `core.filters.matches` fixes its meaning."""

from __future__ import annotations

import polars as pl

from audit_console.core.filters import Equals, Filter


def keeps(where: Filter) -> pl.Expr:
    """True for the events that `where` keeps, never null."""
    return pl.all_horizontal(pl.lit(value=True), *(_holds(term) for term in where.terms))


def _holds(term: Equals) -> pl.Expr:
    field = pl.col(term.field)
    if term.value is None:
        return field.is_null()
    if isinstance(term.value, str):
        field = field.cast(pl.String)
    return (field == term.value).fill_null(value=False)
