from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from audit_console.core.codec import encode_line
from audit_console.core.filters import EVERYTHING
from audit_console.core.matching import Marks
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.errors import UsageError
from audit_console.search import question as question_module
from audit_console.search.exporting import print_export
from audit_console.search.printing import print_events
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from audit_console.tui.dialogs.export import EVENT_FORMS, Form
from tests.support.chains import event, linked
from tests.support.reading import read_whole

EVENTS = linked(replace(event(seq), timestamp=event((seq + 2) % 5).timestamp) for seq in range(5))
"""In another order of time than that in which they were recorded."""

BY_TIME = [3, 4, 0, 1, 2]
MARKS = {(EVENTS[2].id, EVENTS[2].event_hash): Marks(star=True)}


def export(text: str, form: str) -> bytes:
    source = read_whole(MemorySource.of_events(EVENTS))
    query = parse(text, Anchor(datetime(2026, 11, 23, tzinfo=UTC)))
    return b"".join(print_export(Question(source, query.where, MARKS), query.stages, form))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_module, "PAGE_ROWS", 2)


@pytest.mark.parametrize("form", EVENT_FORMS, ids=lambda form: form.name)
def test_every_form_can_be_written(form: Form) -> None:
    assert export("", form.name)


def test_lines_are_those_of_the_log() -> None:
    assert export("", "jsonl").decode().splitlines() == [encode_line(one) for one in EVENTS]


def test_lines_in_parquet_are_in_their_order() -> None:
    assert pl.read_parquet(io.BytesIO(export("", "parquet")))["line"].to_list() == [
        encode_line(one) for one in EVENTS
    ]


def test_rows_for_people_are_in_the_order_of_time() -> None:
    assert pl.read_csv(export("", "csv"))["seq"].to_list() == BY_TIME


def test_a_filter_on_marks_is_in_force() -> None:
    assert export("star:yes", "jsonl").decode().splitlines() == [encode_line(EVENTS[2])]


def test_a_table_is_written_as_it_is() -> None:
    assert export("| count by user | limit 1", "csv") == b"user,count\nuser-3,1\n"
    assert pl.read_parquet(io.BytesIO(export("", "parquet")))["seq"].to_list() == [0, 1, 2, 3, 4]


def test_a_table_has_no_original_lines() -> None:
    with pytest.raises(UsageError, match="no original lines"):
        export("| count", "jsonl")


def test_marks_are_those_of_the_events_before_the_stages() -> None:
    assert export("| count", "marks-jsonl").count(b"\n") == 1
    assert export("-star:yes", "marks-jsonl") == b""


def test_nothing_is_an_empty_file() -> None:
    source = read_whole(MemorySource.of_events([]))
    question = Question(source, EVERYTHING)

    assert b"".join(print_export(question, (), "jsonl")) == b""


@pytest.mark.parametrize("form", ["csv", "table", "jsonl"])
def test_a_terminal_gets_no_controls_of_the_log(form: str) -> None:
    hostile = "\x1b[31mred\x07 \u202e, \"quoted\"\n'=cmd'"
    source = read_whole(MemorySource.of_events(linked([replace(event(0), action=hostile)])))
    question = Question(source, EVERYTHING)
    shown = b"".join(print_events(question, (), form, is_screen=True)).decode()
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert shown.endswith("\n")


def test_a_file_gets_csv_as_it_is() -> None:
    source = read_whole(MemorySource.of_events(linked([replace(event(0), action="\x1b[31mred")])))
    assert b"\x1b[31mred" in b"".join(print_events(Question(source, EVERYTHING), (), "csv"))
