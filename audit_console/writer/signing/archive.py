"""An archive as its signer sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise

from audit_console.core.beside import CHECKPOINTS
from audit_console.core.checkpoints import encode_stored_checkpoint
from audit_console.core.codec import MAX_LINE_BYTES
from audit_console.core.notes import Note
from audit_console.core.prunes import PruneRecord
from audit_console.writer.archive import LOCK_SECONDS, ArchiveSink
from audit_console.writer.files import unavailable
from audit_console.writer.pruning.archive_files import Identity, LogFile, open_plain
from audit_console.writer.pruning.archive_log import ArchiveLog


@dataclass(frozen=True, slots=True)
class _Place:
    """The line of an event begins at this offset of a file."""

    file: Identity
    first_seq: int
    seq: int
    offset: int

    def is_of(self, file: LogFile, seq: int) -> bool:
        """Whether it is the place of this event; numbers of files are used again."""
        return (self.file, self.first_seq, self.seq) == (file.identity, file.first_seq, seq)


class SignedArchive:
    """The log that an `ArchiveSink` writes. A reader goes on where the last one stopped."""

    def __init__(self, sink: ArchiveSink) -> None:
        self._sink = sink
        self._log = ArchiveLog(sink.path, sink.chain, open_plain, LOCK_SECONDS)
        self._place: _Place | None = None

    @contextmanager
    def opened(self) -> Iterator[SignedArchive]:
        """Give the log; see `SignedStore`."""
        with unavailable(self._sink.path):
            yield self

    def latest_prune(self) -> PruneRecord | None:
        """Give the record of the last prune."""
        return self._log.latest_prune()

    def lines(self, first: int) -> Iterator[bytes]:
        """Read the lines from seq `first` to the head.

        The head is asked for under the lock. What stands behind it may be a group that is
        being written, and is taken back if the disk is full.
        """
        seq, end = first, self._log.head_seq() + 1
        for one in self._files(first) if first < end else ():
            with closing(one.open(open_plain)) as file:
                place = self._place
                if place is not None and place.is_of(one, seq):
                    file.seek(place.offset)
                else:
                    for _ in range(seq - one.first_seq):
                        file.readline(MAX_LINE_BYTES)
                while seq < end and (line := file.readline(MAX_LINE_BYTES)):
                    yield line.removesuffix(b"\n")
                    seq += 1
                self._place = _Place(one.identity, one.first_seq, seq, file.tell())

    def add_checkpoint(self, size: int, note: Note) -> None:  # noqa: ARG002 - a table needs it
        """Add a note to the file beside the log."""
        self._sink.sync()
        with self._log.locked():
            self._log.add_record(CHECKPOINTS, encode_stored_checkpoint(note))

    def _files(self, first: int) -> list[LogFile]:
        """Find the files that hold the events from seq `first` on."""
        files = self._log.files()
        later = [file for file, behind in pairwise(files) if behind.first_seq > first]
        return later + files[-1:]
