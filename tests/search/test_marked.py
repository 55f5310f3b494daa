from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.matching import MarkKey, Marks
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.search import question as question_module
from audit_console.search.marked import MARKED, print_marks
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from tests.support.chains import event, linked
from tests.support.reading import read_whole

EVENTS = linked(event(seq) for seq in range(6))
MARKS = {
    (EVENTS[1].id, EVENTS[1].event_hash): Marks(star=True),
    (EVENTS[3].id, EVENTS[3].event_hash): Marks(tags=frozenset({"case-7", "b"}), note="=1+1"),
    (EVENTS[4].id, EVENTS[4].event_hash): Marks(note='said "no",\nthen left'),
    (EVENTS[5].id, "0" * 64): Marks(star=True),
}


def question(marks: Mapping[MarkKey, Marks] = MARKS, where: Filter = EVERYTHING) -> Question:
    source = read_whole(MemorySource.of_events(EVENTS))
    return Question(source, where, marks)


def rows_of(question: Question) -> list[dict[str, str]]:
    printed = b"".join(print_marks(question, "csv")).decode()
    return list(csv.DictReader(io.StringIO(printed)))


def test_it_is_what_the_query_says() -> None:
    query = parse("star:yes OR tag:* OR note:*", Anchor(datetime(2026, 11, 23, tzinfo=UTC)))

    assert query.where == Filter((MARKED,))


def test_json_lines_hold_what_is_noted() -> None:
    printed = b"".join(print_marks(question(), "jsonl")).splitlines()
    rows = [json.loads(line) for line in printed]

    assert [row["seq"] for row in rows] == [1, 3, 4]
    assert rows[1] == {
        "id": EVENTS[3].id,
        "seq": 3,
        "time": EVENTS[3].timestamp,
        "type": "config_change",
        "user": "user-3",
        "action": "change 3",
        "resource": "configuration/setting/3",
        "result": "failure",
        "ip": "203.0.113.9",
        "star": False,
        "tags": ["b", "case-7"],
        "note": "=1+1",
        "event_hash": EVENTS[3].event_hash,
    }


def test_in_csv_no_note_is_a_formula() -> None:
    rows = rows_of(question())

    assert [row["note"] for row in rows] == ["", "'=1+1", 'said "no",\nthen left']
    assert [row["tags"] for row in rows] == ["", "b case-7", ""]
    assert [row["star"] for row in rows] == ["yes", "no", "no"]
    assert rows[0]["time"] == EVENTS[1].timestamp


def test_the_filter_stays_in_force() -> None:
    query = parse("user:user-4", Anchor(datetime(2026, 11, 23, tzinfo=UTC)))

    assert [row["seq"] for row in rows_of(question(where=query.where))] == ["4"]


def test_nothing_marked_is_an_empty_result() -> None:
    unmarked = question({})

    assert b"".join(print_marks(unmarked, "jsonl")) == b""
    assert b"".join(print_marks(unmarked, "csv")).startswith(b"id,seq,time,")


def test_it_goes_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_module, "PAGE_ROWS", 2)

    assert [row["seq"] for row in rows_of(question())] == ["1", "3", "4"]
