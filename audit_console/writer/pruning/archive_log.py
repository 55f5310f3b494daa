"""An archive as retention sees it: its lines, and what is kept beside them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from audit_console.core.beside import CHECKPOINTS, HOLDS, PRUNES, lines_in
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.holds import Hold, HoldChange, read_holds, told_changes
from audit_console.core.prunes import PRUNE_EVENT_TYPE, PruneRecord, read_prunes
from audit_console.core.sealing import Head, SealedGroup, Unsealed, seal
from audit_console.disk import sync_folder, sync_to_disk
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.writer.archive import ArchiveSink
from audit_console.writer.files import append_line, open_to_append, unavailable
from audit_console.writer.locking import exclusive
from audit_console.writer.pruning.archive_files import (
    LogFile,
    OpenFile,
    lines_of,
    lines_with,
    log_files,
)
from audit_console.writer.pruning.request import require_valid_holds, require_valid_prunes
from audit_console.writer.rotation import newest_rotated
from audit_console.writer.tail import set_half_line_aside

_HOLD_IS_TOLD = b'"action":"retention.hold.'
_LOCK, _ALONE = ".lock", ".retention.lock"


class ArchiveLog:
    """The log that an `ArchiveSink` writes at `path`, while it writes.

    Args:
        path: the file that grows.
        chain: name of the chain.
        open_file: opens the text of closed files, packed or not.
        patience: seconds to wait for writers that hold the log.
    """

    def __init__(self, path: Path, chain: str, open_file: OpenFile, patience: float) -> None:
        self.path = path.absolute()
        self.chain = chain
        self.open_file = open_file
        self._patience = patience

    def files(self) -> list[LogFile]:
        """Give the files that hold events, in the order of the chain."""
        return log_files(self.path, self.open_file)

    def lines(self) -> Iterator[bytes]:
        """Read the whole lines, without their newlines."""
        return lines_of(self.files(), self.open_file)

    def events_with(self, part: bytes, files: Iterable[LogFile]) -> Iterator[AuditEvent]:
        """Find the events of files in whose lines a text stands."""
        found = map(decode_bytes, lines_with(part, files, self.open_file))
        return (event for event in found if isinstance(event, AuditEvent))

    def holds(self) -> Sequence[Hold]:
        """Give the holds in force.

        Raises:
            PruneRefused: the book cannot be read to its end.
        """
        return require_valid_holds(read_holds(self.records(HOLDS)), self.beside(HOLDS))

    def told_holds(self) -> list[HoldChange]:
        """Give the changes of holds of which the whole log tells."""
        events = self.events_with(_HOLD_IS_TOLD, self.files())
        return told_changes(one.details for one in events if one.event_type == PRUNE_EVENT_TYPE)

    def latest_prune(self) -> PruneRecord | None:
        """Give the record of the last prune.

        Raises:
            PruneRefused: a record does not hold.
        """
        history = read_prunes(self.prune_records())
        return require_valid_prunes(history, self.beside(PRUNES)).latest(self.chain)

    def prune_records(self) -> list[str]:
        """Give the records of all prunes, oldest first."""
        return self.records(PRUNES)

    def notes(self) -> list[str]:
        """Give the checkpoints as they are stored, oldest first."""
        return self.records(CHECKPOINTS)

    def records(self, suffix: str) -> list[str]:
        """Read a small file of lines beside the log; none where it is not there."""
        try:
            return lines_in(self.beside(suffix).read_bytes())
        except FileNotFoundError:
            return []

    def add_record(self, suffix: str, line: str) -> None:
        """Add a line to a small file beside the log; it survives a loss of power.

        The caller holds what keeps others from adding to it. What a crash left of a line there
        is moved to a file of its own.
        """
        path = self.beside(suffix)
        with open_to_append(path) as records:
            set_half_line_aside(records, path)
            append_line(records, line)
        sync_folder(self.path.parent)

    def sync(self) -> None:
        """Make durable what the log and its prune records hold."""
        self._sink().sync()
        with open_to_append(self.beside(PRUNES)) as records:
            sync_to_disk(records.fileno())
        sync_folder(self.path.parent)

    def beside(self, suffix: str) -> Path:
        """Name a file beside the log."""
        return self.path.with_suffix(suffix)

    def head_seq(self) -> int:
        """Give the seq of the newest event; -1 where there is none."""
        seen: list[int] = []

        def look(head: Head | None) -> SealedGroup:
            seen.append(-1 if head is None else head.seq)
            return seal([], chain=self.chain, head=head, recorded_at="")

        self._sink().append(look, durable=False)
        return seen[-1]

    def tell(self, event: Unsealed, now: datetime) -> None:
        """Append an event that survives a loss of power."""

        def seal_behind(head: Head | None) -> SealedGroup:
            return seal([event], chain=self.chain, head=head, recorded_at=format_time(now))

        self._sink().append(seal_behind, durable=True)

    def locked(self) -> AbstractContextManager[None]:
        """Keep writers away.

        Raises:
            SinkUnavailable: they hold the log all the time.
        """
        return exclusive(self.beside(_LOCK), patience=self._patience)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the log's retention: one prune or change of holds at a time.

        Raises:
            PruneRefused: somebody else holds it, or owns the log.
            ChainBroken: the last event of the log does not verify.
            SinkUnavailable: writers hold the log all the time, or a file cannot be used.
        """
        with unavailable(self.path), ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self.beside(_ALONE), patience=0))
            except SinkUnavailable:
                raise PruneRefused(
                    f"{self.path}: another prune or change of holds is under way",
                    hint="wait until it is done",
                ) from None
            self._require_owner()
            self._sink()  # mends what a crash left at the end
            yield

    def _sink(self) -> ArchiveSink:
        return ArchiveSink(self.path, chain=self.chain, patience=self._patience)

    def _require_owner(self) -> None:
        """Refuse to leave behind files that the writers could not open."""
        try:
            newest = self.path.stat()
        except FileNotFoundError:  # a writer begins it just now, or there is no log
            newest = (newest_rotated(self.path) or self.path).stat()
        if newest.st_uid != os.geteuid():
            raise PruneRefused(
                f"{self.path}: belongs to another user, whose files are to be replaced",
                hint="run it as the user who owns the log",
            )
