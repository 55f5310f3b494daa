"""Lines in which everything is right, told by one pass over their bytes.

Most of a log is like that. Of such lines a verification needs no columns: their hashes,
their times and what stands at the two ends are all that is asked of them. The pass is
compiled, and stays out where that was not possible; what it does not call sound,
the columns judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audit_console.columns import compiled
from audit_console.core.event import Scheme
from audit_console.core.findings import Place
from audit_console.core.merkle import HASH_BYTES
from audit_console.core.run import Run

Times: TypeAlias = npt.NDArray[np.int64]
"""Microseconds since 1970."""

_ID = b',"id":"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SoundRun:
    """Whole lines of one file: events of one v1 chain, each linked to the one before it.

    Every line is canonical, its hash holds, seqs follow one another and `recorded_at` never
    decreases. `text` begins at the byte `offset` of the file's text; `hashes` has 32 bytes for
    each event, `begins` is where in `text` its line begins.
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


def sound_run(file: int, first_line: int, offset: int, text: bytes) -> SoundRun | None:
    """Read lines that are sound; None where one is not, or nothing here can tell.

    Args:
        file: index among the source's files.
        first_line: number of the first line, from 1.
        offset: where the lines begin, in bytes of the file's text.
        text: the lines, each with its newline.
    """
    found = compiled.sound_run(text) if compiled.sound_run else None
    if found is None:
        return None
    chain, first_seq, first_link, hashes, recorded_at, timestamps, begins = found
    return SoundRun(
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
    )
