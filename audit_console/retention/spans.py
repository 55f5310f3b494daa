"""Counts over one span of a chain after the other: what was counted is not counted again.

Events do not change, and they go from the beginning of a chain alone. So as long as a chain has
the same beginning, what two spans have in common counts the same in both.
"""

from __future__ import annotations

from decimal import Decimal

from audit_console.core.filters import Expression, Field, FieldName, Filter, Range, Term, equals
from audit_console.core.query.stages import Count, Limit, Sort
from audit_console.sources.protocol import Source


def events_of(chain: str, first: int, end: int) -> Filter:
    """Keep the events [first, end) of a chain."""
    numbers = Range(Decimal(first), Decimal(end), high_open=True)
    return Filter((equals(FieldName.CHAIN, chain), Term(Field(FieldName.SEQ), numbers)))


def both(one: Filter, other: Filter) -> Filter:
    """Keep what two filters keep."""
    return Filter((*one.active, *other.active))


def count_events(source: Source, where: Filter) -> int:
    """Count the events of a filter."""
    return int(source.counts(where, by=[Count()])[0]["count"][0])


def first_seq(source: Source, where: Filter) -> int | None:
    """Give the seq of the first event of a filter, of which there is one; None without numbers."""
    first = source.tally(where, by=[Sort("seq"), Limit(1)]).row(0, named=True)
    seq: int | None = first["seq"]
    return seq


def changes(counted: range, wanted: range) -> list[tuple[int, range]] | None:
    """List what to add (1) to the counts of a span, or to take away (-1), for those of another.

    None where they have so little in common that counting anew is less.
    """
    ends = (-1, counted.start, wanted.start), (1, counted.stop, wanted.stop)
    parts = [
        (sign if new > old else -sign, range(*sorted((old, new))))
        for sign, old, new in ends
        if new != old
    ]
    return parts if sum(len(part) for _, part in parts) < len(wanted) else None


class Matches:
    """The events of one chain that filters keep, as long as it has the same beginning."""

    def __init__(self, source: Source, chain: str) -> None:
        self._source = source
        self._chain = chain
        self._counted: dict[tuple[Expression, ...], tuple[range, int]] = {}
        self._firsts: dict[tuple[Expression, ...], range] = {}

    def count(self, where: Filter, seqs: range) -> int:
        """Count those in a span.

        Raises:
            SourceError: the log cannot be looked at.
        """
        counted, events = self._counted.get(where.active, (range(0), 0))
        parts = changes(counted, seqs)
        if parts is None:
            parts, events = [(1, seqs)], 0
        for sign, part in parts:
            events += sign * count_events(self._source, self._among(where, part))
        self._counted[where.active] = seqs, events
        return events

    def first(self, where: Filter, seqs: range) -> int:
        """Give the seq of the first of those in a span, of which there is one.

        Raises:
            SourceError: the log cannot be looked at.
        """
        without = self._firsts.get(where.active)
        if without is None or not without.start <= seqs.start <= without.stop < seqs.stop:
            seq = first_seq(self._source, self._among(where, seqs)) or 0
            without = self._firsts[where.active] = range(seqs.start, seq)
        return without.stop

    def _among(self, where: Filter, seqs: range) -> Filter:
        return both(events_of(self._chain, seqs.start, seqs.stop), where)
