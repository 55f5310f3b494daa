from __future__ import annotations

import io
from datetime import UTC, datetime

import polars as pl
import pytest

from audit_console.core.codec import encode_line
from audit_console.core.filters import EVERYTHING
from audit_console.core.matching import Marks
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.errors import UsageError
from audit_console.search import found
from audit_console.search.exporting import print_export
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from audit_console.tui.screens.export import EVENT_FORMS, Form
from tests.support.chains import event, linked

EVENTS = linked(event(seq) for seq in range(5))
MARKS = {(EVENTS[2].id, EVENTS[2].event_hash): Marks(star=True)}


def export(text: str, form: str) -> bytes:
    source = MemorySource.of_events(EVENTS)
    list(source.batches())
    query = parse(text, Anchor(datetime(2026, 11, 23, tzinfo=UTC)))
    return b"".join(print_export(Question(source, query.where, MARKS), query.stages, form))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "PAGE_ROWS", 2)


@pytest.mark.parametrize("form", EVENT_FORMS, ids=lambda form: form.name)
def test_every_form_can_be_written(form: Form) -> None:
    assert export("", form.name)


def test_lines_are_those_of_the_log() -> None:
    assert export("", "jsonl").decode().splitlines() == [encode_line(one) for one in EVENTS]


def test_a_filter_on_marks_is_in_force() -> None:
    assert export("star:yes", "jsonl").decode().splitlines() == [encode_line(EVENTS[2])]


def test_a_table_is_written_as_it_is() -> None:
    assert export("| count by user | limit 1", "csv") == b"user,count\nuser-0,1\n"
    assert pl.read_parquet(io.BytesIO(export("", "parquet")))["seq"].to_list() == [0, 1, 2, 3, 4]


def test_a_table_has_no_original_lines() -> None:
    with pytest.raises(UsageError, match="no original lines"):
        export("| count", "jsonl")


def test_marks_are_those_of_the_events_before_the_stages() -> None:
    assert export("| count", "marks-jsonl").count(b"\n") == 1
    assert export("-star:yes", "marks-jsonl") == b""


def test_nothing_is_an_empty_file() -> None:
    source = MemorySource.of_events([])
    list(source.batches())
    question = Question(source, EVERYTHING)

    assert b"".join(print_export(question, (), "jsonl")) == b""
