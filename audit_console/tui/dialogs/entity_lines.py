"""The lines of an entity card, each with the value that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from audit_console.core.narrowing import Value
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.search.entity import Busiest, Listing, Summary
from audit_console.tui.durations import duration
from audit_console.tui.painting import Line, Span, fit
from audit_console.tui.widgets.facet_lines import MISSING, value_text
from audit_console.tui.wording import RESULTS, moment, number

WIDEST_VALUE = 60
BAR_CELLS = 12
_VALUE_LIMIT = 200
_COUNT_CELLS = 12
_SHARE_CELLS = 6
_WAITING = Span("…", "muted")

TITLES: Mapping[str, tuple[str, str]] = {
    "result": ("result", "results"),
    "type": ("type", "types"),
    "user": ("user", "users"),
    "ip": ("address", "addresses"),
    "action": ("action", "actions"),
    "resource": ("resource", "resources"),
    "agent": ("agent", "agents"),
    "error": ("error", "errors"),
}
"""What one value of a listed field is called, and several."""


class CardLine(NamedTuple):
    """A line of a card. `values` is what the events have besides that it counts, if it counts."""

    line: Line
    values: tuple[Value, ...] | None = None


def summary_lines(summary: Summary | None, busiest: Busiest | None) -> Iterator[CardLine]:
    """Word when and how often a value is there; what is not known yet is `…`."""
    if summary is None:
        yield from (_fact(name, _WAITING) for name in ("events", "first seen", "last seen"))
    else:
        yield from _seen_lines(summary)
    if summary is not None and not summary.matched:
        return
    if busiest is None:
        yield from (_fact(name, _WAITING) for name in ("busiest hour", "busiest day"))
        return
    hour, day = busiest
    yield _fact(
        "busiest hour",
        Span(moment(hour.start, width=19)[:16]),
        Span(f" UTC  {count(hour.events, 'event')}", "muted"),
    )
    yield _fact(
        "busiest day",
        Span(moment(day.start, width=19)[:10]),
        Span(f" UTC  {count(day.events, 'event')}", "muted"),
    )


def _seen_lines(summary: Summary) -> Iterator[CardLine]:
    so_far = ", so far: the log is being read" if summary.partial else ""
    events = _fact(
        "events",
        Span(number(summary.matched)),
        Span(f" of {number(summary.read)}{_share(summary.matched, summary.read)}", "muted"),
        Span(so_far, "warn"),
    )
    yield events._replace(values=())
    if summary.first is None or summary.last is None:
        return
    yield _fact("first seen", Span(moment(summary.first, width=19)), Span(" UTC", "muted"))
    length = duration(summary.last - summary.first)
    yield _fact(
        "last seen",
        Span(moment(summary.last, width=19)),
        Span(f" UTC  {length} later" if summary.last > summary.first else " UTC", "muted"),
    )


def _fact(name: str, *spans: Span) -> CardLine:
    return CardLine((Span(f" {name:<13}", "muted"), *spans))


def _share(part: int, whole: int) -> str:
    return f", {percent(part, whole)}" if whole else ""


def percent(part: int, whole: int) -> str:
    """Print a share; only nothing is 0 % and only all is 100 %."""
    rounded = round(100 * part / whole)
    if rounded == 0 and part:
        return "<1%"
    return ">99%" if rounded == 100 and part < whole else f"{rounded}%"


def listing_lines(name: str, listing: Listing | None, matched: int, width: int) -> list[CardLine]:
    """Word the values of a field under a title.

    Args:
        name: of the field.
        listing: None while it is counted.
        matched: events of the card.
        width: cells of a line.
    """
    if listing is None:
        return [CardLine(()), CardLine((Span(f" {TITLES[name][1]} ", "heading"), _WAITING))]
    one, several = TITLES[name]
    if not listing.distinct:
        return [CardLine(()), CardLine((Span(f" no {several}", "muted"),))]
    title = f" {number(listing.distinct)} {one if listing.distinct == 1 else several}"
    lines = [CardLine(()), CardLine((Span(title, "heading"),))]
    lines += [_value_line(value, events, matched, width) for value, events in listing.shown]
    if listing.more:
        lines.append(CardLine((Span(f"   … {number(listing.more)} more, less common", "muted"),)))
    if listing.missing:
        missing = Value(listing.shown[0][0].field, None)
        lines.append(_value_line(missing, listing.missing, matched, width))
    return lines


def _value_line(value: Value, events: int, matched: int, width: int) -> CardLine:
    room = width - 3 - _COUNT_CELLS - _SHARE_CELLS
    has_bar = room > WIDEST_VALUE // 2 + BAR_CELLS
    cells = max(4, min(WIDEST_VALUE, room - (BAR_CELLS + 2 if has_bar else 0)))
    name = _name(value)
    spans = [
        Span("   "),
        Span(fit(name.text, cells, keep_end=True), name.role),
        Span(number(events).rjust(_COUNT_CELLS)),
        Span(percent(events, max(matched, events)).rjust(_SHARE_CELLS), "muted"),
    ]
    if has_bar and matched:
        spans.append(Span("  " + "▪" * round(BAR_CELLS * min(1, events / matched)), "rule"))
    return CardLine(tuple(spans), (value,))


def _name(value: Value) -> Span:
    if value.text is None:
        return Span(worded(value), "muted")
    if value.field.name == "result" and value.text in RESULTS:
        return RESULTS[value.text]
    return Span(safe_text(worded(value), limit=_VALUE_LIMIT), "name")


def worded(value: Value) -> str:
    """Word a value so that it is neither blank nor looks as if it were missing."""
    return MISSING if value.text is None else value_text(value.text)


def in_columns(parts: Sequence[Iterable[CardLine]], columns: int) -> list[list[CardLine]]:
    """Share parts among columns of about the same height, in their order."""
    lengths = [list(part) for part in parts]
    total = sum(map(len, lengths))
    shared: list[list[CardLine]] = [[] for _ in range(columns)]
    at = 0
    for part in lengths:
        is_full = len(shared[at]) + len(part) // 2 > total / columns
        if shared[at] and is_full and at < columns - 1:
            at += 1
            part = part if part[0].line else part[1:]  # noqa: PLW2901 - no blank line on top
        shared[at] += part
    return shared
