"""Texts told to be JSON objects by a pattern, whole columns at a time."""

from __future__ import annotations

import polars as pl

from audit_console.core.json_object import MAX_DEPTH

_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_SCALAR = rf"{_STRING}|{_NUMBER}|true|false|null"
NESTED = 3
"""Objects that nest no deeper are told by the pattern."""


def is_shallow_object(column: str) -> pl.Expr:
    """Tell texts that are surely a JSON object without space between its parts.

    Whether another text is one, `core.codec` has to say: one that nests deeper, or has space.
    """
    return pl.col(column).str.contains(_SHALLOW)


def nests_shallow(details: pl.Expr) -> pl.Expr:
    """Tell of texts that may be objects which nest less deep than the codec allows.

    It counts their brackets, those in strings too.
    """
    brackets = (details.str.count_matches(bracket, literal=True) for bracket in "{[")
    return details.str.starts_with("{") & (pl.sum_horizontal(brackets) < MAX_DEPTH)


def _object(depth: int) -> str:
    member = f"{_STRING}:{_value(depth - 1)}"
    return rf"\{{(?:{member}(?:,{member})*)?\}}"


def _value(depth: int) -> str:
    if depth == 0:
        return f"(?:{_SCALAR})"
    item = _value(depth - 1)
    return rf"(?:{_SCALAR}|{_object(depth)}|\[(?:{item}(?:,{item})*)?\])"


_SHALLOW = rf"^{_object(NESTED)}$"
