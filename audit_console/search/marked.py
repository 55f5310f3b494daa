"""Marked events and what is noted on them, as JSON lines or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from audit_console.core.event import format_time
from audit_console.core.filters import Expression, Field, FieldName, Has, Like, Or, Term
from audit_console.core.matching import Marks
from audit_console.search.printing import csv_bytes
from audit_console.search.question import Question

MARKED: Expression = Or(
    (
        Term(Field(FieldName.STAR), Like("yes")),
        Term(Field(FieldName.TAG), Has()),
        Term(Field(FieldName.NOTE), Has()),
    )
)
"""Keeps the events that a reader has noted something on."""

_COLUMNS = {
    "id": pl.String,
    "seq": pl.Int64,
    "time": pl.String,
    "type": pl.String,
    "user": pl.String,
    "action": pl.String,
    "resource": pl.String,
    "result": pl.String,
    "ip": pl.String,
    "star": pl.String,
    "tags": pl.String,
    "note": pl.String,
    "event_hash": pl.String,
}


def print_marks(question: Question, form: str) -> Iterator[bytes]:
    """Print the marked events that a question keeps, oldest first.

    Args:
        question: which events, and the marks.
        form: `jsonl`, tags as a list; or `csv`, tags between spaces and no value a formula.

    Raises:
        SourceError: the log cannot be looked at.
    """
    marked = question.narrowed(MARKED)
    if form == "jsonl":
        return (_json_line(row) for rows in _pages(marked) for row in rows)
    return (_csv(rows, with_header=number == 0) for number, rows in enumerate(_pages(marked)))


def _pages(marked: Question) -> Iterator[list[dict[str, Any]]]:
    """Give the rows page by page; one empty page for none."""
    for rows in marked.in_time_order():
        yield [_row(event, marked) for event in rows.iter_rows(named=True)]


def _row(event: Mapping[str, Any], marked: Question) -> dict[str, Any]:
    marks = marked.marks.get((event["id"], event["event_hash"]), Marks())
    return {
        "id": event["id"],
        "seq": event["seq"],
        "time": format_time(event["timestamp"]),
        "type": event["event_type"],
        "user": event["user_id"],
        "action": event["action"],
        "resource": f"{event['resource_type']}/{event['resource_id']}",
        "result": event["result"],
        "ip": event["ip_address"],
        "star": marks.star,
        "tags": sorted(marks.tags),
        "note": marks.note,
        "event_hash": event["event_hash"],
    }


def _json_line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=True).encode() + b"\n"


def _csv(rows: Sequence[Mapping[str, Any]], *, with_header: bool) -> bytes:
    flat = [
        {**row, "star": "yes" if row["star"] else "no", "tags": " ".join(row["tags"])}
        for row in rows
    ]
    return csv_bytes(pl.DataFrame(flat, schema=_COLUMNS), with_header=with_header)
