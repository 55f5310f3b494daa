"""What retention lets go, kept as the Parquet that a search writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.links import LinkMarker
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.retention.copies import Packing
from audit_console.search.printing import exported_with_lines, parquet_bytes

ROWS = 10_000
"""Lines that become columns at a time."""


def _write(stored: BinaryIO, lines: Iterable[bytes]) -> None:
    """Write v1 events, each of which carries its own hash.

    Raises:
        ValueError: one does not.
    """
    stored.writelines(parquet_bytes(_frames(lines)))


def _frames(lines: Iterable[bytes]) -> Iterator[pl.DataFrame]:
    marker, rest, number = LinkMarker(), iter(lines), 0
    while chunk := list(islice(rest, ROWS)):
        texts = [line.decode() for line in chunk]
        rows = [_row(text, at) for at, text in enumerate(texts, number)]
        events = marker.mark(events_frame(rows))
        if not events["event_hash"].eq_missing(events["computed_hash"]).all():
            raise ValueError("an event has another hash than it says")
        yield exported_with_lines(events.with_columns(raw=pl.Series(texts)))
        number += len(chunk)


def _row(text: str, number: int) -> tuple[object, ...]:
    event = decode_bytes(text.encode())
    if not isinstance(event, AuditEvent):
        raise ValueError(event.reason)  # noqa: TRY004 - it is what a line holds that is wrong
    return event_row(event, text, Location(0, number, 0, len(text)))


def _read(path: Path) -> Iterator[bytes]:
    """Give the lines of a file.

    Raises:
        ValueError: it is damaged.
    """
    try:
        lines = pl.read_parquet(path, columns=["line"], glob=False)["line"]
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path}: no Parquet with lines") from error
    return (line.encode() for line in lines)


PARQUET = Packing(".parquet", _write, _read)
