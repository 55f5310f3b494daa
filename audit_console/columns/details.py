"""Values inside `details` by the column, as `core.details` finds them one by one.

Most details are *plain*: objects without arrays or escapes, in which each key of the path
stands once. There a regular expression goes from pair to pair, over a few levels of nested
objects, to the one token at the path, and cannot be wrong about it. All others go to
`core.details`, so there is no second opinion on what a path means; rows that cannot hold
the path are left out before.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

import polars as pl

from audit_console.core.details import MAX_DIGITS, NUMBER, number_in, plain_decimal, texts_at
from audit_console.core.filters import Range
from audit_console.core.matching import in_range

VALUES: dict[str, pl.DataType | type[pl.DataType]] = {"row": pl.UInt32, "text": pl.String}
"""One row for each value: the row of its event, and its text, null where it has none."""

_SPACE = r"[ \t\n\r]*"
_STRING = r'"[^"]*"'
_TOKEN = rf'(?:{_STRING}|[^"\[\]{{}}, \t\n\r]+)'
_LEVELS = 2
"""Levels of objects beside the path that are gone over."""

_MOST_KEYS = 8
"""Keys of a path that is found by a regular expression: each of them lengthens it."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_ .:@$#+-]+")
_PLAIN_NUMBER = r"\A(?:0|-?[1-9][0-9]{0,17})\z"
IS_NUMBER = rf"\A{NUMBER.pattern}\z"


def values_at(details: pl.Series, path: tuple[str, ...]) -> pl.DataFrame:
    """Give the values at `path` of every row, as `VALUES`."""
    rows = pl.LazyFrame({"details": details}).with_row_index("row").filter(_may_hold(path[-1]))
    if len(path) > _MOST_KEYS or not all(map(_PLAIN_KEY.fullmatch, path)):
        return _other_values(rows.collect(engine="streaming"), path)
    parted = rows.with_columns(token=_plain_token(path)).collect(engine="streaming")
    plain = _plain_values(parted.filter(pl.col("token").is_not_null()))
    others = parted.filter(pl.col("token").is_null())
    return pl.concat([plain, _other_values(others, path)])


def _may_hold(key: str) -> pl.Expr:
    """Keep details that have the key as it is, or with characters spelled as escapes."""
    details = pl.col("details")
    if not _PLAIN_KEY.fullmatch(key):
        return details.is_not_null()
    return details.str.contains(json.dumps(key), literal=True) | details.str.contains(
        "\\u", literal=True
    )


def _plain_token(path: tuple[str, ...]) -> pl.Expr:
    """Give the token at the path, null unless the details are plain and it is found."""
    details = pl.col("details")
    pair = rf"{_STRING}{_SPACE}:{_SPACE}{_value(_LEVELS)}{_SPACE}"
    steps = (
        rf'\{{{_SPACE}(?:{pair},{_SPACE})*?"{key}"{_SPACE}:{_SPACE}' for key in map(re.escape, path)
    )
    are_single = [details.str.count_matches(json.dumps(key), literal=True) == 1 for key in path]
    is_plain = pl.all_horizontal(*are_single, ~details.str.contains_any(["[", "\\"]))
    return pl.when(is_plain).then(details.str.extract(rf"\A{_SPACE}{''.join(steps)}({_TOKEN})"))


def _value(levels: int) -> str:
    """Write the pattern of a token, or of an object of at most so many levels."""
    if levels == 0:
        return _TOKEN
    pair = rf"{_STRING}{_SPACE}:{_SPACE}{_value(levels - 1)}{_SPACE}"
    return rf"(?:{_TOKEN}|\{{{_SPACE}(?:{pair}(?:,{_SPACE}{pair})*)?\}})"


def _plain_values(rows: pl.DataFrame) -> pl.DataFrame:
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
    is_number = text.str.contains(IS_NUMBER) & (text.str.len_bytes() <= MAX_DIGITS)
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
    number = number_in(text)
    return number is not None and in_range(limits, number)


def rows_of(rows: pl.Series, height: int) -> pl.Series:
    """Give a mask that is true at the given rows."""
    return pl.int_range(height, dtype=pl.UInt32, eager=True).is_in(rows.unique().implode())
