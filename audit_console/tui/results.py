"""What is said above a result, which of its rows stand out, and which events are behind a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit_console.core.filters import Between, FieldName, Filter, equals
from audit_console.core.narrowing import value_term, within
from audit_console.core.query.stages import Timeline
from audit_console.core.timespan import bin_number, bin_start
from audit_console.core.wording import count
from audit_console.search.reviews import REVIEWS, Review, over_threshold
from audit_console.tui.painting import Line, Span
from audit_console.tui.steps import Look
from audit_console.tui.widgets.result_table import field_values

if TYPE_CHECKING:  # Polars need not be there for the first paint
    import polars as pl


def review_of(look: Look) -> Review | None:
    """Give the review that a look began as."""
    return next((review for review in REVIEWS if review.name == look.review), None)


def marked_rows(look: Look, frame: pl.DataFrame) -> frozenset[int]:
    """Give the rows that call for attention in the review that the look began as."""
    review = review_of(look)
    return frozenset() if review is None else frozenset(over_threshold(review, frame))


def note_of(look: Look, frame: pl.DataFrame, key: str, *, partial: bool) -> Line:
    """Say what the result is, in a review what calls for attention, else what `key` does."""
    so_far = (Span("  ◐ so far: not all was read", "warn"),) if partial else ()
    rows = Span(f" {count(frame.height, 'row')}", "heading")
    review = review_of(look)
    if review is None:
        return (rows, *so_far, Span(f"  · {key} shows the events behind a row", "muted"))
    title = Span(f" {review.title}: ", "name")
    sentence = Span(f"  {review.sentence}", "muted")
    limit = review.threshold
    if limit is None:
        return (title, rows, *so_far, sentence)
    over = len(marked_rows(look, frame))
    how_many = Span(f" ▲ {over:,}", "bad") if over else Span(" ✔ none", "ok")
    of_rows = Span(f" of {count(frame.height, limit.column)} {limit.side} {limit.number:,}")
    return (title, how_many, of_rows, *so_far, sentence)


def events_behind(look: Look, row: Mapping[str, Any]) -> Look:
    """Give the look at the events that a row of a result was made of."""
    if row.get("id") is not None:
        return replace(
            look, where=Filter((equals(FieldName.ID, row["id"]),)), stages=(), review=None
        )
    where = look.where
    every = next((stage.every for stage in look.stages if isinstance(stage, Timeline)), None)
    time = row.get("time")
    if every is not None and isinstance(time, datetime):
        end = bin_start(bin_number(time, every) + 1, every)
        where = within(where, Between(time, end))
    terms = [value_term(value) for value in field_values(row)]
    return replace(look, where=where.with_terms(*terms), stages=(), review=None)
