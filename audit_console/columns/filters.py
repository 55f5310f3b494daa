"""A filter as an expression over event columns; `core.matching.matches` fixes its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial, reduce
from ipaddress import IPv4Network, IPv6Network

import polars as pl

from audit_console.columns.details import are_in_range, rows_of, values_at
from audit_console.columns.selection import codes_in
from audit_console.core.caseless import RUST, pattern_regex
from audit_console.core.codec import MAX_SEQ
from audit_console.core.filters import (
    MARKS,
    SEARCHED,
    TEXT_ATTRIBUTES,
    And,
    AnyOf,
    Around,
    Between,
    Exact,
    Expression,
    Field,
    FieldName,
    Filter,
    Has,
    Inside,
    Like,
    Match,
    Not,
    Or,
    Range,
    Regex,
    Term,
    Text,
)
from audit_console.core.matching import NO_MARKS, MarkKey, Marks, fits, is_inside, mark_values
from audit_console.core.regexes import regex_for


def keeps(where: Filter, marks: Mapping[MarkKey, Marks] = NO_MARKS) -> pl.Expr:
    """True for the events that `where` keeps, never null.

    It reads the columns of `columns.schema.PAGE` without `raw`. What cannot be said by
    expressions alone is computed on whole columns, so the frame must be in memory.
    """
    parts = (_holds(term, marks) for term in where.active)
    return pl.all_horizontal(pl.lit(value=True), *parts)


def reads(where: Filter, names: Collection[FieldName]) -> bool:
    """Tell whether one of these fields can decide if `where` keeps an event."""
    return any(_reads(term, names) for term in where.active)


def _reads(expression: Expression, names: Collection[FieldName]) -> bool:
    match expression:
        case And(parts) | Or(parts):
            return any(_reads(part, names) for part in parts)
        case Not(part):
            return _reads(part, names)
        case Text():
            return False
        case Term(field):
            return field.name in names


def _holds(expression: Expression, marks: Mapping[MarkKey, Marks]) -> pl.Expr:
    match expression:
        case And(parts):
            return pl.all_horizontal(_holds(part, marks) for part in parts)
        case Or(parts):
            return pl.any_horizontal(_holds(part, marks) for part in parts)
        case Not(part):
            return ~_holds(part, marks)
        case Text(pattern):
            return _holds_text(pattern)
        case Term(field, match):
            return _fits(field, match, marks)


def _holds_text(pattern: str) -> pl.Expr:
    regex = pattern_regex(pattern, RUST, whole=False)

    def holds(text: pl.Expr) -> pl.Expr:
        return text.str.contains(regex).fill_null(value=False)

    return pl.any_horizontal(_judged_once(pl.col(name), holds) for name in SEARCHED)


def _fits(field: Field, match: Match, marks: Mapping[MarkKey, Marks]) -> pl.Expr:
    if field.name is FieldName.DETAILS:
        judge = partial(_details_fit, field.path, match)
        return pl.col("details").map_batches(judge, return_dtype=pl.Boolean)
    if field.name in MARKS:
        return _marks_fit(field.name, match, marks)
    value, fits_one = _VALUES.get(field.name, _TEXT)
    column = pl.col(TEXT_ATTRIBUTES[field.name]) if value is None else value
    return _each(match, lambda part: fits_one(column, part))


def _each(match: Match, fits_one: Callable[[Match], pl.Expr]) -> pl.Expr:
    """Ask for each alternative; a missing value fits none."""
    return pl.any_horizontal(fits_one(part).fill_null(value=False) for part in _parts(match))


def _parts(match: Match) -> Sequence[Match]:
    """Split alternatives, except for whole texts, which are looked up all at once."""
    if not isinstance(match, AnyOf):
        return (match,)
    exact = tuple(part for part in match.matches if isinstance(part, Exact))
    if len(exact) < 2:
        return match.matches
    return (AnyOf(exact), *(part for part in match.matches if not isinstance(part, Exact)))


def _text_fits(text: pl.Expr, match: Match) -> pl.Expr:
    match match:
        case Has():
            return text.is_not_null()
        case Exact() | AnyOf():
            return _is_one_of(text, match)
        case Like(pattern):
            return text.str.contains(pattern_regex(pattern, RUST, whole=True))
        case Regex(pattern):
            return text.str.contains(regex_for(pattern, RUST))
        case Inside(network):
            return _is_inside(text, network)
        case _:
            return pl.lit(value=False)


def _resource_fits(text: pl.Expr, match: Match) -> pl.Expr:
    """Judge resources by their two parts where that is enough: no texts are made."""
    kind, id_ = pl.col("resource_type"), pl.col("resource_id")
    match match:
        case Has():
            return kind.is_not_null() & id_.is_not_null()
        case Exact() | AnyOf() if len(ids := _ids_by_kind(match)) <= FEW_KINDS:
            fitting = (
                _category_fits(kind, Exact(one)) & _category_fits(id_, AnyOf(tuple(of_kind)))
                for one, of_kind in ids.items()
            )
            return pl.any_horizontal(pl.lit(value=False), *fitting)
        case _:
            return _text_fits(text, match)


def _ids_by_kind(match: Exact | AnyOf) -> dict[str, list[Exact]]:
    """Cut whole resources into type and id wherever they can be cut: either may hold a slash.

    It ends with one type too many: a resource of a log may be a million slashes.
    """
    ids: dict[str, list[Exact]] = {}
    for resource in _whole_texts(match):
        for slash in re.finditer("/", resource):
            kind, id_ = resource[: slash.start()], resource[slash.end() :]
            ids.setdefault(kind, []).append(Exact(id_))
            if len(ids) > FEW_KINDS:
                return ids
    return ids


def _is_one_of(text: pl.Expr, match: Exact | AnyOf) -> pl.Expr:
    if isinstance(match, Exact):
        return text == match.text
    return text.is_in(pl.Series(_whole_texts(match), dtype=pl.String).implode())


def _whole_texts(match: Exact | AnyOf) -> list[str]:
    parts = (match,) if isinstance(match, Exact) else match.matches
    return [part.text for part in parts if isinstance(part, Exact)]


def _is_inside(text: pl.Expr, network: IPv4Network | IPv6Network) -> pl.Expr:
    if isinstance(network, IPv4Network):
        octets = text.str.extract_groups(_IPV4)
        parts = (octets.struct.field(str(place + 1)).cast(pl.UInt32) for place in range(4))
        number = reduce(lambda before, part: before * 256 + part, parts)
        first, last = int(network.network_address), int(network.broadcast_address)
        return number.is_between(first, last)
    inside = partial(_of_distinct, lambda value: is_inside(value, network))
    return text.map_batches(inside, return_dtype=pl.Boolean)


def _number_fits(number: pl.Expr, match: Match) -> pl.Expr:
    match match:
        case Has():
            return number.is_not_null()
        case Range(low, high, low_open, high_open):
            wide = number.cast(_wide_enough(low, high))
            above = number.is_not_null() if low is None else wide >= int(low) + low_open
            below = number.is_not_null() if high is None else wide <= int(high) - high_open
            goes_round = low is not None and high is not None and high < low
            return above | below if goes_round else above & below
        case _:
            return pl.lit(value=False)


def _wide_enough(*bounds: Decimal | None) -> type[pl.DataType]:
    """Give the type to compare in: that of `seq`, which is not copied, if it holds the bounds."""
    fits = all(abs(bound) < MAX_SEQ for bound in bounds if bound is not None)
    return pl.Int64 if fits else pl.Int128


def _time_fits(moment: pl.Expr, match: Match) -> pl.Expr:
    match match:
        case Has():
            return moment.is_not_null()
        case Between(start, end):
            after = pl.lit(value=True) if start is None else moment >= start
            return after if end is None else after & (moment < end)
        case Around():
            raise ValueError("around: must be resolved before it is used")
        case _:
            return pl.lit(value=False)


def _hour_fits(moment: pl.Expr, match: Match) -> pl.Expr:
    return _number_fits(moment.dt.hour(), match)


def _weekday_fits(moment: pl.Expr, match: Match) -> pl.Expr:
    return _number_fits(moment.dt.weekday(), match)


def _category_fits(column: pl.Expr, match: Match) -> pl.Expr:
    if match == Has():
        return column.is_not_null()
    return _judged_once(column, lambda text: _each(match, partial(_text_fits, text)))


def _judged_once(column: pl.Expr, judge: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Judge the texts of a column, each category once."""
    return column.map_batches(partial(_of_fitting_category, judge), return_dtype=pl.Boolean)


def _of_fitting_category(judge: Callable[[pl.Expr], pl.Expr], column: pl.Series) -> pl.Series:
    """Judge each category once, then look for the fitting ones."""
    dtype = column.dtype
    if not isinstance(dtype, pl.Enum | pl.Categorical):
        return _judged(column, judge)
    codes = column.to_physical()
    categories = pl.int_range(codes_in(codes), eager=True).cast(codes.dtype).cat.to(dtype)
    fitting = categories.filter(_judged(categories.cast(pl.String), judge))
    return column.is_in(fitting.implode()).fill_null(value=False)


def _judged(texts: pl.Series, judge: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    return texts.to_frame("text").select(judge(pl.col("text"))).to_series()


def _of_distinct(judge: Callable[[str], bool], texts: pl.Series) -> pl.Series:
    """Judge each distinct text once."""
    distinct = texts.drop_nulls().unique()
    fitting = [text for text in distinct if judge(text)]
    return texts.is_in(pl.Series(fitting, dtype=pl.String).implode())


def _details_fit(path: tuple[str, ...], match: Match, details: pl.Series) -> pl.Series:
    values = values_at(details, path)
    parts = match.matches if isinstance(match, AnyOf) else (match,)
    fitting = [values.filter(_detail_fits(values["text"], part))["row"] for part in parts]
    return rows_of(pl.concat(fitting), details.len())


def _detail_fits(texts: pl.Series, match: Match) -> pl.Series:
    match match:
        case Has():
            return pl.repeat(True, texts.len(), eager=True)
        case Range():
            return are_in_range(texts, match)
        case _:
            return _judged(texts, lambda text: _each(match, partial(_text_fits, text)))


def _marks_fit(name: FieldName, match: Match, marks: Mapping[MarkKey, Marks]) -> pl.Expr:
    """Find the few marked events by id, then compare their hashes."""
    unmarked = fits(match, mark_values(name, Marks()))
    others = {key for key, of in marks.items() if fits(match, mark_values(name, of)) != unmarked}
    identity = pl.struct("id", "event_hash")
    is_other = identity.map_batches(partial(_are_marked, others), return_dtype=pl.Boolean)
    return ~is_other if unmarked else is_other


def _are_marked(keys: set[MarkKey], identities: pl.Series) -> pl.Series:
    ids = pl.Series([event_id for event_id, _ in keys], dtype=pl.String)
    candidates = identities.struct.field("id").is_in(ids.implode()).arg_true()
    rows = [
        row for row in candidates if (identities[row]["id"], identities[row]["event_hash"]) in keys
    ]
    return rows_of(pl.Series(rows, dtype=pl.UInt32), identities.len())


_OCTET = "(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
_IPV4 = rf"\A{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}\z"

_Fits = Callable[[pl.Expr, Match], pl.Expr]

FEW_KINDS = 8
"""Types of resources that are compared with each event; of more, the texts are made."""

_TIME = pl.col("timestamp")
_RESOURCE = pl.concat_str("resource_type", pl.lit("/"), "resource_id")
_TEXT: tuple[pl.Expr | None, _Fits] = (None, _text_fits)
_VALUES: dict[FieldName, tuple[pl.Expr | None, _Fits]] = {
    FieldName.TIME: (_TIME, _time_fits),
    FieldName.HOUR: (_TIME, _hour_fits),
    FieldName.WEEKDAY: (_TIME, _weekday_fits),
    FieldName.SEQ: (pl.col("seq"), _number_fits),
    FieldName.RESOURCE: (_RESOURCE, _resource_fits),
    FieldName.CHECK: (pl.col("check"), _category_fits),
    FieldName.TYPE: (None, _category_fits),
    FieldName.IP: (None, _category_fits),
    FieldName.RID: (None, _category_fits),
    FieldName.ACTION: (None, _category_fits),
    FieldName.USER: (None, _category_fits),
    FieldName.RTYPE: (None, _category_fits),
    FieldName.RESULT: (None, _category_fits),
    FieldName.AGENT: (None, _category_fits),
    FieldName.CHAIN: (None, _category_fits),
}
"""Where the values of a field are, None for the column named like the attribute, and how
they are judged: texts with few distinct values once for each of these."""
