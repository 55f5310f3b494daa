"""Puts the orchestrator's events, given by their time, in the order of their links.

A table does not tell in which order its rows were written, and the time of an event is
taken a little before its hash. Events that were written at about the same time may so be
given in another order than that in which they are linked; how they are linked tells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

import polars as pl

from audit_console.columns.schema import CHECKED
from audit_console.core.run import FORK_WINDOW

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
"""Columns of events, their hashes among them."""

_begin = attrgetter("start")


class LinkOrder:
    """Holds events back until those that may stand before them have been seen."""

    def __init__(self, schema: Schema = CHECKED, held: int = FORK_WINDOW) -> None:
        self._held = held
        self._waiting = pl.DataFrame(schema=schema)

    def add(self, events: pl.DataFrame) -> pl.DataFrame:
        """Take the next events, with their columns; give those that are due."""
        ordered = in_link_order(pl.concat([self._waiting, events]))
        due = max(0, ordered.height - self._held)
        self._waiting = ordered.slice(due)
        return ordered.head(due)

    def rest(self) -> pl.DataFrame:
        """Give the last events."""
        return self._waiting


def in_link_order(events: pl.DataFrame) -> pl.DataFrame:
    """Put each event behind the one that it links to; where nothing tells, time does."""
    before = _linked_rows(events)
    number = pl.int_range(events.height, dtype=pl.Int64, eager=True)
    begins = ((before != number - 1) | before.is_null()).arg_true().to_list()
    if len(begins) < 2 or before.gather(begins).null_count() == len(begins):
        return events
    parts = [
        range(begin, end) for begin, end in zip(begins, [*begins[1:], events.height], strict=True)
    ]
    order = [row for part in _in_order(parts, before.gather(begins).to_list()) for row in part]
    return events[order]


def _linked_rows(events: pl.DataFrame) -> pl.Series:
    """Give, for each event, the row of the one it links to, null if that is not here."""
    hashes = events.select(previous_hash="event_hash").with_row_index("row")
    first = hashes.drop_nulls().unique("previous_hash", keep="first", maintain_order=True)
    linked = events.select("previous_hash").join(
        first, on="previous_hash", how="left", maintain_order="left"
    )
    return linked["row"].cast(pl.Int64)


def _in_order(parts: Sequence[range], before: Sequence[int | None]) -> Iterator[range]:
    """Give parts, each behind the part with the row that it follows.

    Args:
        parts: rows that follow one another, in the order of time.
        before: for each part the row that it follows, None where that is not known.
    """
    home = [None if row is None else bisect_right(parts, row, key=_begin) - 1 for row in before]
    followers: dict[int, list[int]] = {}
    roots = []
    for number, part in enumerate(home):
        if part is None or part == number:
            roots.append(number)
        else:
            followers.setdefault(part, []).append(number)
    seen: set[int] = set()
    for root in [*roots, *range(len(parts))]:  # all: links that go round have no first
        waiting = [root]
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                yield parts[number]
                after, last = followers.get(number, []), parts[number][-1]
                waiting += reversed([one for one in after if before[one] != last])
                waiting += reversed([one for one in after if before[one] == last])
