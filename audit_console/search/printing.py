"""What was found, printed: a table, the original lines, CSV or Parquet."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from audit_console.columns.schema import TIME
from audit_console.core.query import Stage, table_columns
from audit_console.core.safe_text import FORMULA, safe_whole
from audit_console.errors import SourceChanged, UsageError
from audit_console.search.question import Question
from audit_console.search.table import TableText

EXPORTED = (
    "check",
    "timestamp",
    "event_type",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "result",
    "result_error",
    "ip_address",
    "user_agent",
    "request_id",
    "details",
    "id",
    "chain",
    "seq",
    "recorded_at",
    "event_hash",
)
"""Columns of an event in CSV and Parquet, out of `columns.schema.PAGE`."""


def print_events(
    question: Question, stages: Sequence[Stage], form: str, *, is_screen: bool = False
) -> Iterator[bytes]:
    """Print the events of a question, or the table that stages make of them.

    Original lines, and Parquet that holds them, come in the order of the log, so that they are
    a log again; events for people and spreadsheets come oldest first.

    Args:
        question: which events.
        stages: what to make of them.
        form: `table`, `jsonl`, `csv` or `parquet`.
        is_screen: whether a terminal shows it.

    Raises:
        UsageError: counts were asked for as original lines.
        SourceChanged: a line is no longer what was read.
    """
    match form:
        case "jsonl":
            return _original_lines(question, stages, is_screen=is_screen)
        case "table":
            events = question.in_time_order()
            return _table(_frames(question, stages, events, listed), is_screen=is_screen)
        case "csv":
            events = question.in_time_order()
            return _csv(_frames(question, stages, events, exported), is_screen=is_screen)
        case _:
            events = question.in_log_order()
            return parquet_bytes(_frames(question, stages, events, exported_with_lines))


def _frames(
    question: Question,
    stages: Sequence[Stage],
    events: Iterator[pl.DataFrame],
    shown: Callable[[pl.DataFrame], pl.DataFrame],
) -> Iterator[pl.DataFrame]:
    if not stages:
        return map(shown, events)
    counts = question.tally(*stages)
    keeps_events = table_columns(stages) is None
    return iter([shown(counts) if keeps_events else counts])


def _original_lines(
    question: Question, stages: Sequence[Stage], *, is_screen: bool
) -> Iterator[bytes]:
    """Give the lines byte for byte; a screen gets them made safe instead."""
    if stages:
        hint = "Choose table, csv or parquet"
        raise UsageError("what stages make of events has no original lines", hint=hint)
    for rows in question.in_log_order():
        for raw in _lines(rows):
            yield f"{safe_whole(raw) if is_screen else raw}\n".encode()


def _lines(rows: pl.DataFrame) -> pl.Series:
    """Give the lines as stored.

    Raises:
        SourceChanged: one is no longer what was read.
    """
    lines = rows["raw"]
    if lines.has_nulls():
        raise SourceChanged("the log changed while it was searched", hint="Search again")
    return lines


def _table(frames: Iterator[pl.DataFrame], *, is_screen: bool) -> Iterator[bytes]:
    table = TableText(shutil.get_terminal_size().columns if is_screen else None)
    for frame in frames:
        for line in table.lines(_as_text(frame)):
            yield f"{line}\n".encode()


def _csv(frames: Iterator[pl.DataFrame], *, is_screen: bool) -> Iterator[bytes]:
    """Give CSV; a screen gets its lines made safe."""
    for number, frame in enumerate(frames):
        data = csv_bytes(frame, with_header=number == 0)
        yield "\n".join(map(safe_whole, data.decode().split("\n"))).encode() if is_screen else data


def parquet_bytes(frames: Iterator[pl.DataFrame]) -> Iterator[bytes]:
    """Give a Parquet file of frames with the same columns."""
    file = io.BytesIO()
    pl.concat(frames).write_parquet(file)
    yield file.getvalue()


def listed(events: pl.DataFrame) -> pl.DataFrame:
    """Give what a table for people shows of events."""
    return events.select(
        pl.col("timestamp").dt.strftime("%Y-%m-%d %H:%M:%S").alias("time (UTC)"),
        pl.col("event_type").alias("type"),
        pl.col("user_id").alias("user"),
        "action",
        pl.concat_str(pl.col("resource_type").cast(pl.String), pl.lit("/"), "resource_id").alias(
            "resource"
        ),
        "result",
        pl.col("result_error").alias("error"),
        pl.col("ip_address").alias("ip"),
        "check",
    )


def exported(events: pl.DataFrame) -> pl.DataFrame:
    """Give what CSV and Parquet hold of events."""
    return events.select(EXPORTED)


def exported_with_lines(events: pl.DataFrame) -> pl.DataFrame:
    """Give what Parquet holds of events: with their lines, it is a log that can be verified.

    What the stages of a query keep comes without lines.

    Raises:
        SourceChanged: a line is no longer what was read.
    """
    rows = exported(events)
    return rows if "raw" not in events.columns else rows.with_columns(line=_lines(events))


def csv_bytes(rows: pl.DataFrame, *, with_header: bool) -> bytes:
    """Print rows as CSV in which no value of the log is a formula to a spreadsheet."""
    text = pl.col(pl.String)
    harmless = (
        pl.when(text.str.contains(FORMULA)).then(pl.lit("'") + text).otherwise(text).name.keep()
    )
    return _as_text(rows).with_columns(harmless).write_csv(include_header=with_header).encode()


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn times into RFC 3339 and names into strings; numbers stay numbers."""
    return rows.with_columns(
        pl.col(TIME).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        pl.col(pl.Categorical, pl.Enum).cast(pl.String),
    )
