"""What a screen writes to a file, by the name of its form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit_console.core.query import Stage
from audit_console.search.marked import print_marks
from audit_console.search.printing import print_events
from audit_console.search.question import Question

OF_MARKS = "marks-"
"""How forms begin that hold what is noted on events, and not the events."""


def print_export(question: Question, stages: Sequence[Stage], form: str) -> Iterator[bytes]:
    """Print events, the table that stages make of them, or what is noted on them.

    Args:
        question: which events, and the marks.
        stages: of the query; marks are those of the events before them.
        form: `jsonl`, `csv`, `parquet`, `marks-jsonl` or `marks-csv`.

    Raises:
        UsageError: counts were asked for as original lines.
        SourceError: the log cannot be looked at, or changed.
    """
    if form.startswith(OF_MARKS):
        return print_marks(question, form.removeprefix(OF_MARKS))
    return print_events(question, stages, form)
