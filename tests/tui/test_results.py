"""What is said of the table that the stages of a query make."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from audit_console.search.reviews import REVIEWS, Review
from audit_console.sources.memory import MemorySource
from audit_console.tui.results import note_of
from audit_console.tui.steps import Look
from tests.tui.support import make_app, make_lines, until_loaded, until_shown


@pytest.mark.parametrize(
    ("highest", "said"),
    [(11, "▲ 1 of 2 counts above 10"), (10, "✔ none of 2 counts above 10")],
)
def test_a_review_says_how_many_rows_call_for_attention(highest: int, said: str) -> None:
    rows = pl.DataFrame({"ip": ["203.0.113.9", "203.0.113.10"], "count": [highest, 3]})
    note = note_of(Look(review="failed-logins"), rows, "Enter", partial=False)
    assert said in "".join(span.text for span in note)


def test_that_not_all_was_read_is_said_before_what_a_review_is_about() -> None:
    rows = pl.DataFrame({"ip": ["203.0.113.9"], "count": [3]})
    note = note_of(Look(review="failed-logins"), rows, "Enter", partial=True)
    assert "so far" in note[-2].text


@pytest.mark.parametrize(
    "review", [one for one in REVIEWS if "|" in one.text], ids=lambda review: review.name
)
async def test_what_a_review_is_about_is_not_cut(tmp_path: Path, review: Review) -> None:
    app = make_app(MemorySource(make_lines(60)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("V", *["down"] * REVIEWS.index(review), "enter")
        await until_shown(pilot, f" {review.title}: ")
        await until_shown(pilot, f" {review.sentence}")
