"""The standing reviews; Enter asks one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.search.reviews import REVIEWS, Review
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_pane import Paragraph, TextPane


class ReviewsDialog(Dialog[Review]):
    """Answers the review to ask."""

    CSS_PATH: ClassVar[str] = "reviews.tcss"

    def compose(self) -> ComposeResult:
        """Make the list and the text of the review under its cursor."""
        box = Vertical(LineList(id="reviews"), TextPane(id="review"), classes="dialog")
        box.border_title = "reviews"
        box.border_subtitle = "Enter asks · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Fill the list."""
        width = max(len(review.title) for review in REVIEWS)
        lines = [review_line(review, width) for review in REVIEWS]
        self.query_one("#reviews", LineList).set_lines(lines)
        self.query_one("#reviews").focus()

    @on(LineList.Moved, "#reviews")
    def _show(self, event: LineList.Moved) -> None:
        self.query_one(TextPane).show(review_text(REVIEWS[event.index]))

    @on(LineList.Chosen, "#reviews")
    def _choose(self, event: LineList.Chosen) -> None:
        self.dismiss(REVIEWS[event.index])


def review_line(review: Review, width: int) -> Line:
    """Word a review on one line, its title on `width` characters."""
    threshold = f"▲ {review.threshold}" if review.threshold else ""
    return (Span(f" {review.title:<{width}}  "), Span(threshold, "muted"))


def review_text(review: Review) -> list[Paragraph]:
    """Word a review in full."""
    return [
        Paragraph(review.sentence, is_prose=True),
        Paragraph(review.text, "name"),
        Paragraph("Times count from the last event of the log.", "muted", is_prose=True),
    ]
