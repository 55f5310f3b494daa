"""Values inside `details` by the column, as `core.details` finds them one by one.

Most details are *flat*: one object without nested ones, arrays or escapes. There a
regular expression finds the one token behind a key that stands once, and cannot be wrong
about it. All others go to `core.details`, so there is no second opinion on what a path
means; rows that cannot hold the path are left out before.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

import polars as pl

from audit_console.core.details import MAX_DIGITS, plain_decimal, size, texts_at
from audit_console.core.filters import Range
from audit_console.core.matching import in_range

VALUES: dict[str, pl.DataType | type[pl.DataType]] = {"row": pl.UInt32, "text": pl.String}
"""One row for each value: the row of its event, and its text, null where it has none."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_ .:@$#+-]+")
_PLAIN_NUMBER = r"\A(?:0|-?[1-9][0-9]{0,17})\z"
_NUMBER = r"\A-?[0-9]+(?:\.[0-9]+)?\z"


def values_at(details: pl.Series, path: tuple[str, ...]) -> pl.DataFrame:
    """Give the values at `path` of every row, as `VALUES`."""
    rows = pl.LazyFrame({"details": details}).with_row_index("row").filter(_may_hold(path[-1]))
    if len(path) > 1 or not _PLAIN_KEY.fullmatch(path[0]):
        return _other_values(rows.collect(engine="streaming"), path)
    parted = rows.with_columns(token=_flat_token(path[0])).collect(engine="streaming")
    flat = _flat_values(parted.filter(pl.col("token").is_not_null()))
    others = parted.filter(pl.col("token").is_null())
    return pl.concat([flat, _other_values(others, path)])


def _may_hold(key: str) -> pl.Expr:
    """Keep details that have the key as it is, or with characters spelled as escapes."""
    details = pl.col("details")
    if not _PLAIN_KEY.fullmatch(key):
        return details.is_not_null()
    return details.str.contains(json.dumps(key), literal=True) | details.str.contains(
        "\\u", literal=True
    )


def _flat_token(key: str) -> pl.Expr:
    """Give the token behind the key, null unless the details are flat and the key is single."""
    details = pl.col("details")
    token = rf'"{re.escape(key)}"[ \t\n\r]*:[ \t\n\r]*("[^"]*"|[^ \t\n\r,}}]+)'
    is_flat = (
        (details.str.count_matches("{", literal=True) == 1)
        & ~details.str.contains_any(["[", "\\"])
        & (details.str.count_matches(json.dumps(key), literal=True) == 1)
    )
    return pl.when(is_flat).then(details.str.extract(token))


def _flat_values(rows: pl.DataFrame) -> pl.DataFrame:
    """Read tokens as `core.details` reads values."""
    tokens = rows.lazy().select("row", "token").filter(pl.col("token") != "null")
    token = pl.col("token")
    is_text = token.str.starts_with('"')
    is_other = ~is_text & ~token.is_in(["true", "false"]) & ~token.str.contains(_PLAIN_NUMBER)
    judged = tokens.with_columns(other=is_other).collect()
    others = judged.filter("other")["token"].unique()
    text = pl.when(is_text).then(token.str.strip_chars('"')).otherwise(token)
    if others.len():
        plain = {spelling: plain_decimal(spelling) for spelling in others}
        numbers = token.replace_strict(plain, default=None, return_dtype=pl.String)
        text = pl.when("other").then(numbers).otherwise(text)
    return judged.select("row", text=text)


def _other_values(rows: pl.DataFrame, path: tuple[str, ...]) -> pl.DataFrame:
    found = [
        (row, text)
        for row, details in rows.select("row", "details").iter_rows()
        for text in texts_at(details, path)
    ]
    return pl.DataFrame(found, schema=VALUES, orient="row")


def are_in_range(texts: pl.Series, limits: Range) -> pl.Series:
    """Tell which texts are numbers within the bounds, exactly."""
    text, size_ = pl.col("text"), pl.col("size")
    is_number = text.str.contains(_NUMBER) & (text.str.len_bytes() <= MAX_DIGITS)
    bounds = [bound for bound in (limits.low, limits.high) if bound is not None]
    numbers = (
        texts.to_frame("text")
        .lazy()
        .with_columns(size=pl.when(is_number).then(text.cast(pl.Float64, strict=False)))
        .with_columns(
            inside=_roughly_in_range(size_, limits),
            sure=pl.all_horizontal(_is_far(size_, bound) for bound in bounds),
        )
        .collect()
    )
    unsure = numbers.filter(~pl.col("sure"))["text"].unique()
    exact = {one: _is_within(one, limits) for one in unsure}
    judged = text.replace_strict(exact, default=None, return_dtype=pl.Boolean) if exact else None
    inside = pl.col("inside") if judged is None else pl.coalesce(judged, "inside")
    return numbers.select(inside.fill_null(value=False)).to_series()


def _is_far(size: pl.Expr, bound: Decimal) -> pl.Expr:
    """Tell numbers whose side of the bound no rounding can change."""
    return (size - float(bound)).abs() > abs(float(bound)) * 1e-9 + 1e-300


def _roughly_in_range(size: pl.Expr, limits: Range) -> pl.Expr:
    above = pl.lit(value=True) if limits.low is None else size > float(limits.low)
    below = pl.lit(value=True) if limits.high is None else size < float(limits.high)
    return above & below


def _is_within(text: str, limits: Range) -> bool:
    number = size(text)
    return number is not None and in_range(limits, number)


def rows_of(rows: pl.Series, height: int) -> pl.Series:
    """Give a mask that is true at the given rows."""
    return pl.int_range(height, dtype=pl.UInt32, eager=True).is_in(rows.unique().implode())
