"""What is said of the table that the stages of a query make."""

from __future__ import annotations

import polars as pl
import pytest

from audit_console.tui.results import note_of
from audit_console.tui.steps import Look


@pytest.mark.parametrize(
    ("highest", "said"), [(11, "▲ 1 with count above 10"), (10, "✔ none with count above 10")]
)
def test_a_review_says_how_many_rows_call_for_attention(highest: int, said: str) -> None:
    rows = pl.DataFrame({"ip": ["203.0.113.9", "203.0.113.10"], "count": [highest, 3]})
    note = note_of(Look(review="failed-logins"), rows, "Enter", partial=False)
    assert said in "".join(span.text for span in note)
