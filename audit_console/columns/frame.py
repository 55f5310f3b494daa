"""Frames out of single events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from audit_console.columns.schema import CHECKED, MALFORMED
from audit_console.core.codec import Malformed
from audit_console.core.event import AuditEvent, Scheme, parse_time
from audit_console.core.hashing import check_hash, leaf_hash

SHOWN_OF_MALFORMED = 4096
"""Bytes of an unreadable line that are kept to be looked at."""

MALFORMED_KEPT = 10_000
"""Unreadable lines of a log that are kept to be looked at; all are counted."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a line is: file index, line number from 1, byte offset and length."""

    file: int
    line: int
    offset: int
    length: int


def event_row(event: AuditEvent, text: str, at: Location) -> tuple[object, ...]:
    """Make a row of `columns.schema.CHECKED` of an event and the line it was read from."""
    hashed = check_hash(event, text)
    return (
        at.file,
        at.line,
        at.offset,
        at.length,
        event.scheme,
        event.chain,
        event.seq,
        event.id,
        None if event.recorded_at is None else parse_time(event.recorded_at),
        parse_time(event.timestamp),
        event.event_type,
        event.user_id,
        event.action,
        event.resource_type,
        event.resource_id,
        event.result,
        event.result_error,
        event.details,
        event.ip_address,
        event.user_agent,
        event.request_id,
        event.previous_hash,
        event.event_hash,
        hashed.computed,
        None if event.scheme is Scheme.V1 else leaf_hash(text.encode()),
        hashed.canonical,
    )


def malformed_row(bad: Malformed, raw: bytes, at: Location) -> tuple[object, ...]:
    """Make a row of `columns.schema.MALFORMED`."""
    start = raw[:SHOWN_OF_MALFORMED]
    return (at.file, at.line, at.offset, at.length, bad.code, bad.reason, start)


def events_frame(rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Put rows of `event_row` together."""
    return pl.DataFrame(list(rows), schema=CHECKED, orient="row")


def malformed_frame(rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Put rows of `malformed_row` together."""
    return pl.DataFrame(list(rows), schema=MALFORMED, orient="row")


def with_more_malformed(kept: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Keep further unreadable lines, as long as they are few."""
    room = MALFORMED_KEPT - kept.height
    return pl.concat([kept, more.head(room)]) if room > 0 else kept
