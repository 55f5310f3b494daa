"""What is asked of a log: the events that a filter keeps, with the reader's marks beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from audit_console.core.filters import Expression, Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count

if TYPE_CHECKING:  # the screens name questions before Polars is there
    import polars as pl

    from audit_console.sources.protocol import Cursor, Order, Page, Source


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """A source, a filter in which `around:` is resolved, and marks. Its methods block."""

    source: Source
    where: Filter
    marks: Mapping[MarkKey, Marks] = field(default_factory=lambda: NO_MARKS)

    def tally(self, *stages: Stage) -> pl.DataFrame:
        """Count the events as stages say; see `Source.tally`."""
        return self.source.tally(self.where, by=stages, marks=self.marks)

    def count(self) -> int:
        """Count the events."""
        return int(self.tally(Count()).item())

    def page(self, at: Cursor, limit: int, *, order: Order) -> Page:
        """Give events; see `Source.page`."""
        return self.source.page(self.where, order=order, at=at, limit=limit, marks=self.marks)

    def narrowed(self, *terms: Expression) -> Question:
        """Ask for those of the events that also fit the terms."""
        return replace(self, where=Filter((*self.where.active, *terms)))
