"""A facet as lines: a heading, its values with count, share and course, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from audit_console.core.caseless import literal
from audit_console.core.filters import (
    WEEKDAYS,
    AnyOf,
    Exact,
    Field,
    FieldName,
    Filter,
    Has,
    Inside,
    Like,
    Match,
    Not,
    Range,
    Term,
)
from audit_console.core.matching import fits
from audit_console.core.query import event_field
from audit_console.core.query.fields import quoted
from audit_console.core.safe_text import safe_text
from audit_console.tui.painting import ELLIPSIS, Line, Span, fit
from audit_console.tui.wording import number

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from audit_console.search.facets import Facet, FacetValue, Picked

FIRST_VALUES = 8
MORE_VALUES = 100
"""Values that are shown at first, and that each opening of more adds."""

MISSING = "(missing)"
TEXTLESS = "(no text)"
INCLUDED, EXCLUDED = "●", "○"

_BARS = " ▁▂▃▄▅▆▇█"
_FEWEST_WITH_COURSE = 29
_FEWEST_WITH_LONG_COURSE = 47
_SHORT_COURSE = 6
_NARROWEST_NAME = 11
_SHARE = 4
_CURSOR = "▏"
_PROSE = frozenset({FieldName.AGENT, FieldName.ERROR})
"""Fields whose values differ at their start; all others are names, which differ at their end."""


class Kind(StrEnum):
    """What a line is."""

    HEADING = "heading"
    VALUE = "value"
    MISSING = "missing"
    MORE = "more"
    NOTE = "note"


class FacetLine(NamedTuple):
    """A line of the pane; `text` is the value on it."""

    line: Line
    field: str
    kind: Kind
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How a facet is shown, and what of it.

    Attributes:
        field: as a query names it.
        open: whether its values are shown.
        rare: whether rare values come first.
        within: part of the values to show.
        typing: whether that part is being typed.
        limit: values to show.
        facet: its numbers, None until they are there.
        picked: the values to show, None until they are there.
        picking: whether other values are being found.
        waiting: whether the numbers answer an earlier question than the one asked.
        failure: why there are none.
    """

    field: str
    open: bool = False
    rare: bool = False
    within: str = ""
    typing: bool = False
    limit: int = FIRST_VALUES
    facet: Facet | None = None
    picked: Picked | None = None
    picking: bool = False
    waiting: bool = False
    failure: str = ""

    @property
    def is_old(self) -> bool:
        """Whether what is shown will be replaced at once."""
        return self.waiting or self.picking


def facet_lines(shown: Shown, where: Filter, width: int) -> list[FacetLine]:
    """Word a facet on lines of `width` cells; values in force in the filter are marked."""
    lines = [FacetLine(_heading(shown, width), shown.field, Kind.HEADING)]
    if shown.failure:
        note = (Span(f"   ✘ {shown.failure}", "bad"),)
        return [*lines, FacetLine(note, shown.field, Kind.NOTE)]
    if shown.open and shown.facet is not None and shown.picked is not None:
        values = _Values(shown.facet, shown.picked, where, width)
        lines += values.lines(whole=not shown.within)
    if shown.is_old:
        return [line._replace(line=_dimmed(line.line)) for line in lines]
    return lines


def _dimmed(line: Line) -> Line:
    return tuple(Span(span.text, "muted") for span in line)


def _heading(shown: Shown, width: int) -> Line:
    right = _number_of_values(shown, width)
    room = max(0, width - 3 - cell_len(right) - 1)
    name = safe_text(shown.field)
    name = fit(name, min(cell_len(name), room), keep_end=True)
    note = _end_of(_note(shown), room - cell_len(name))
    blank = " " * (room - cell_len(name) - cell_len(note))
    symbol = "▾" if shown.open else "▸"
    return (
        Span(f" {symbol} ", "heading"),
        Span(name, "heading"),
        Span(note, "key"),
        Span(f"{blank} "),
        Span(right, "bad" if shown.failure else ""),
    )


def _note(shown: Shown) -> str:
    order = " rare" if shown.rare else ""
    if not shown.within and not shown.typing:
        return order
    return f"{order} /{safe_text(shown.within)}{_CURSOR if shown.typing else ''}"


def _end_of(text: str, width: int) -> str:
    """Cut at the front: what is typed last stays in sight."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) >= width:
        text = text[1:]
    return ELLIPSIS + text if width > 0 else ""


def _number_of_values(shown: Shown, width: int) -> str:
    if shown.failure:
        return "✘"
    waits = f"{ELLIPSIS} " if shown.is_old else ""
    if shown.facet is None:
        return waits.strip()
    text = number(shown.facet.distinct)
    if shown.within and shown.picked is not None:
        text = f"{number(shown.picked.found)} of {text}"
    if not shown.facet.partial:
        return waits + text
    return f"{waits}≥{text}" + (" so far" if width >= _FEWEST_WITH_COURSE else "")


class _Values:
    """The lines below a heading, in columns that fit all of them."""

    def __init__(self, facet: Facet, picked: Picked, where: Filter, width: int) -> None:
        self._picked = picked
        self._field = event_field(facet.field)
        self._name_of_field = facet.field
        self._where = where
        self._width = width
        counts = [value.count for value in (*picked.values, picked.absent)]
        self._count = max(map(len, map(number, [*counts, picked.counts.textless])))
        self._course = _course_width(facet.bins, width)
        room = width - 3 - 1 - self._count - (self._course + 1 if self._course else 0)
        self._share = _SHARE if room - _SHARE - 1 >= _NARROWEST_NAME else 0
        self._name = max(1, room - (self._share + 1 if self._share else 0))

    def lines(self, *, whole: bool) -> Iterator[FacetLine]:
        """Give the lines; of a search, only what was found."""
        picked = self._picked
        for value in (*picked.values, *(self._in_force() if whole else ())):
            yield self._line(value, Kind.VALUE, value_text(value.text or ""))
        if whole and picked.absent.count:
            yield self._line(picked.absent, Kind.MISSING, MISSING)
        if whole and picked.counts.textless:
            yield self._textless(picked.counts.textless)
        more = picked.found - len(picked.values)
        if more:
            yield self._note(f"{ELLIPSIS} {number(more)} more", Kind.MORE)
        if not whole and not picked.found:
            yield self._note("no value has this part", Kind.NOTE)
        if not picked.counts.matched:
            yield self._note("no events", Kind.NOTE)

    def _in_force(self) -> Sequence[FacetValue]:
        """Give the values in force that are not among those picked first."""
        there = [value.text for value in self._picked.values if value.text is not None]
        absent = in_force(self._where, self._field, there)
        return [value for value in self._picked.others if value.text in absent]

    def _note(self, text: str, kind: Kind) -> FacetLine:
        return FacetLine((Span(f"   {text}", "muted"),), self._name_of_field, kind)

    def _textless(self, count: int) -> FacetLine:
        counted = f"{number(count):>{self._count}}"
        line = (Span(f"   {fit(TEXTLESS, self._name)} {counted}", "muted"),)
        return FacetLine(line, self._name_of_field, Kind.NOTE)

    def _line(self, value: FacetValue, kind: Kind, text: str) -> FacetLine:
        is_name = self._field.name not in _PROSE
        name = fit(safe_text(text), self._name, keep_end=is_name)
        line = [
            Span(f" {mark_of(self._where, self._field, value.text)} ", "key"),
            Span(name, "muted" if kind is Kind.MISSING else ""),
            Span(f" {number(value.count):>{self._count}}"),
        ]
        if self._share:
            line.append(Span(f" {share_text(value.share):>{_SHARE}}", "muted"))
        if self._course:
            line.append(Span(f" {sparkline(value.spans, self._course)}", "name"))
        return FacetLine(tuple(line), self._name_of_field, kind, value.text)


def _course_width(bins: int, width: int) -> int:
    if width < _FEWEST_WITH_COURSE:
        return 0
    return bins if width >= _FEWEST_WITH_LONG_COURSE else min(bins, _SHORT_COURSE)


def value_text(text: str) -> str:
    """Word a value so that it is none of the words of the pane, nor looks empty."""
    is_taken = text in (MISSING, TEXTLESS) or text.startswith(('"', ELLIPSIS))
    return quoted(text) if is_taken or not text or text != text.strip() else text


def share_text(share: float) -> str:
    """Print a share on four cells: neither nothing nor everything, unless it is."""
    if 0 < share <= 0.005:  # which would be rounded down
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{share:.0%}"


def sparkline(counts: Sequence[int], width: int) -> str:
    """Draw counts on `width` cells, neighbours taken together; the highest is a full block."""
    length = -(-len(counts) // width)
    sums = [sum(counts[start : start + length]) for start in range(0, len(counts), length)]
    highest = max(sums, default=0)
    steps = len(_BARS) - 1
    drawn = "".join(_BARS[-(-count * steps // highest) if count else 0] for count in sums)
    return f"{drawn:<{width}}"


def mark_of(where: Filter, field: Field, text: str | None) -> str:
    """Tell by a symbol whether a filter names a value to keep it or to drop it."""
    kept = {
        is_kept is (text is not None)  # what is missing is kept where having a value is not
        for is_kept, match in _claims(where, field)
        if _names(match, field, text)
    }
    if not kept:
        return " "
    return EXCLUDED if False in kept else INCLUDED


def in_force(where: Filter, field: Field, there: Sequence[str] = ()) -> list[str]:
    """List the values that a filter spells out and that are not there."""
    matches = [match for _, match in _claims(where, field)]
    absent = [match for match in matches if not any(_names(match, field, text) for text in there)]
    texts = (_spelled(match, field) for match in absent)
    return list(dict.fromkeys(text for text in texts if text is not None))


def _claims(where: Filter, field: Field) -> Iterator[tuple[bool, Match]]:
    """Give each match on the field, and whether what fits it is kept."""
    for term in where.active:
        part = term.part if isinstance(term, Not) else term
        if isinstance(part, Term) and part.field == field:
            matches = part.match.matches if isinstance(part.match, AnyOf) else (part.match,)
            for match in matches:
                yield not isinstance(term, Not), match


def _names(match: Match, field: Field, text: str | None) -> bool:
    if text is None or match == Has():
        return text is None and match == Has()
    return fits(match, (_as_compared(field, text),))


def _as_compared(field: Field, text: str) -> str | int:
    """Give a value as matching compares it."""
    if field.name is FieldName.WEEKDAY:
        return WEEKDAYS.index(text) + 1
    return int(text) if field.name in (FieldName.SEQ, FieldName.HOUR) else text


def _spelled(match: Match, field: Field) -> str | None:
    match match:
        case Exact(text):
            return text
        case Like(pattern):
            return literal(pattern)
        case Inside(network) if network.num_addresses == 1:
            return str(network.network_address)
        case Range(Decimal() as low, high) if low == high and not field.path:
            return WEEKDAYS[int(low) - 1] if field.name is FieldName.WEEKDAY else str(low)
        case _:
            return None
