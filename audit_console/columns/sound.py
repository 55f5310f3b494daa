"""Lines in which everything is right, told by one compiled pass over their bytes.

Most of a log is like that. A verification asks no more of such lines than their hashes, their
times and what stands at the two ends; who keeps the log has their rows made of the same pass.
What it does not call sound, and everything where it could not be compiled, columns judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from audit_console.columns import compiled
from audit_console.columns.compiled import FoundTexts
from audit_console.columns.schema import COLUMNS_HELD
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.findings import Place
from audit_console.core.merkle import HASH_BYTES
from audit_console.core.run import Run

Times: TypeAlias = npt.NDArray[np.int64]
"""Microseconds since 1970."""

TEXTS = (
    *("id", "event_type", "user_id", "action", "resource_type", "resource_id", "result"),
    *("result_error", "details", "ip_address", "user_agent", "request_id"),
)
"""The columns of an event's texts, in the order of `native/line.h`."""

_NO_ROWS = pl.DataFrame(schema=COLUMNS_HELD)
_ID = b',"id":"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SoundRun:
    """Whole lines of one file: events of one v1 chain, each linked to the one before it.

    Every line is canonical, its hash holds, seqs follow one another and `recorded_at` never
    decreases. `text` begins at the byte `offset` of the file's text; `hashes` has 32 bytes for
    each event, `begins` is where in `text` its line begins. `rows` has the columns of
    `columns.schema.COLUMNS_HELD`, and none of the events where nobody asked for them.
    """

    file: int
    first_line: int
    offset: int
    text: bytes
    chain: str
    first_seq: int
    first_link: str
    hashes: bytes
    recorded_at: Times
    timestamps: Times
    begins: npt.NDArray[np.uint32]
    rows: pl.DataFrame

    @property
    def events(self) -> int:
        """How many lines there are."""
        return len(self.begins)

    @property
    def last_seq(self) -> int:
        """The seq of the last event."""
        return self.first_seq + self.events - 1

    @property
    def last_hash(self) -> str:
        """The hash of the last event, as it is stored and as it is computed."""
        return self.hash_at(-1)

    @property
    def first_recorded(self) -> datetime:
        """`recorded_at` of the first event."""
        return moment(self.recorded_at[0])

    @property
    def last_recorded(self) -> datetime:
        """`recorded_at` of the last event: none is later."""
        return moment(self.recorded_at[-1])

    def hash_at(self, index: int) -> str:
        """Give the hash of an event, in hex."""
        begin = range(self.events)[index] * HASH_BYTES
        return self.hashes[begin : begin + HASH_BYTES].hex()

    def goes_on_from(self, before: SoundRun) -> bool:
        """Tell whether this follows directly on another run, by its seq and its link."""
        follows = self.chain == before.chain and self.first_seq == before.last_seq + 1
        return follows and self.first_link == before.last_hash

    def event_id(self, index: int) -> str:
        """Give the id of an event: what stands in its line behind the first such key."""
        begin = self.text.index(_ID, self.begins[index]) + len(_ID)
        return self.text[begin : self.text.index(b'"', begin)].decode()

    def events_with(self, words: bytes) -> Iterator[tuple[int, AuditEvent]]:
        """Read the events in whose lines some words stand, each with its place in the run."""
        at = self.text.find(words)
        while 0 <= at < len(self.text):
            index = int(np.searchsorted(self.begins, at, side="right")) - 1
            end = self.text.index(b"\n", at)
            event = decode_bytes(self.text[self.begins[index] : end])
            if isinstance(event, AuditEvent):
                yield index, event
            at = self.text.find(words, end + 1)

    def links(self) -> pl.DataFrame:
        """Give the columns `seq`, `event_hash` and `previous_hash` of the events."""
        hashes = _strings(_printed(self), self.events)
        before = hashes.shift(1, fill_value=self.first_link)
        seq = pl.int_range(self.first_seq, self.first_seq + self.events, eager=True)
        return pl.DataFrame({"seq": seq, "event_hash": hashes, "previous_hash": before})

    def as_run(self, files: Sequence[str]) -> Run:
        """Give what the core judges, with places in the source's files."""
        return Run(
            scheme=Scheme.V1,
            chain=self.chain,
            events=self.events,
            first_seq=self.first_seq,
            first_link=self.first_link,
            last_hash=self.last_hash,
            last_computed=self.last_hash,
            broken=False,
            first_recorded=self.first_recorded,
            last_recorded=self.last_recorded,
            first_place=Place.among(files, self.file, self.first_line, self.event_id(0)),
        )


def moment(micros: np.int64) -> datetime:
    """Give microseconds since 1970 as a time in UTC."""
    return _EPOCH + timedelta(microseconds=int(micros))


def sound_run(
    file: int, first_line: int, offset: int, text: bytes, *, with_rows: bool = False
) -> SoundRun | None:
    """Read lines that are sound; None where one is not, or nothing here can tell.

    Args:
        file: index among the source's files.
        first_line: number of the first line, from 1.
        offset: where the lines begin, in bytes of the file's text.
        text: the lines, each with its newline.
        with_rows: make rows of the events too.
    """
    found = compiled.sound_run(text, with_rows) if compiled.sound_run else None
    if found is None:
        return None
    chain, first_seq, first_link, hashes, recorded_at, timestamps, begins, texts = found
    run = SoundRun(
        file=file,
        first_line=first_line,
        offset=offset,
        text=text,
        chain=chain,
        first_seq=first_seq,
        first_link=first_link,
        hashes=hashes,
        recorded_at=np.frombuffer(recorded_at, np.int64),
        timestamps=np.frombuffer(timestamps, np.int64),
        begins=np.frombuffer(begins, np.uint32),
        rows=_NO_ROWS,
    )
    return replace(run, rows=_rows(run, texts)) if with_rows else run


def _rows(run: SoundRun, texts: Sequence[FoundTexts]) -> pl.DataFrame:
    numbers = {
        "line": pl.int_range(run.first_line, run.first_line + run.events, eager=True),
        "offset": pl.Series(run.begins).cast(pl.UInt64) + run.offset,
        "length": pl.Series(np.diff(run.begins, append=np.uint32(len(run.text))) - 1),
        "seq": pl.int_range(run.first_seq, run.first_seq + run.events, eager=True),
        "recorded_at": pl.Series(run.recorded_at),
        "timestamp": pl.Series(run.timestamps),
    }
    strings = {name: _strings(found, run.events) for name, found in zip(TEXTS, texts, strict=True)}
    rows = pl.DataFrame(numbers | strings | {"event_hash": _strings(_printed(run), run.events)})
    rows = rows.with_columns(
        file=run.file, scheme=pl.lit(Scheme.V1), chain=pl.lit(run.chain), check=pl.lit("verified")
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS_HELD.items())


def _printed(run: SoundRun) -> FoundTexts:
    """Print the hashes in hex, as a column of texts."""
    offsets = np.arange(run.events + 1, dtype=np.int32) * np.int32(2 * HASH_BYTES)
    return run.hashes.hex().encode(), offsets.tobytes(), b"", 0


def _strings(found: FoundTexts, count: int) -> pl.Series:
    import nanoarrow

    texts, offsets, valid, nulls = found
    buffers = (valid if nulls else None, offsets, texts)
    column = nanoarrow.c_array_from_buffers(
        nanoarrow.string(), count, buffers, null_count=nulls, validation_level="default"
    )
    return pl.Series(column)
