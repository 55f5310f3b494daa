"""A log in files: one that grows, and closed ones beside it."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from audit_console.core.beside import BESIDE_A_LOG
from audit_console.core.sealing import Head, SealedGroup
from audit_console.disk import sync_folder
from audit_console.errors import UsageError
from audit_console.writer.arguments import require_kind
from audit_console.writer.files import (
    NotTakenBack,
    all_or_nothing,
    open_to_append,
    unavailable,
    write_whole,
)
from audit_console.writer.forking import renew_in_child
from audit_console.writer.locking import exclusive
from audit_console.writer.rotation import Rotation, newest_rotated, rotated_path
from audit_console.writer.sink import Seal, require_chain_name
from audit_console.writer.syncing import Syncing
from audit_console.writer.tail import broken, first_seq, head_of, mend, read_tail

LOCK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the log looked like when it was last written or read."""

    size: int = 0
    head: Head | None = None
    mark: tuple[int, ...] = ()
    """Tells the file as it was from any other: inode, size and time of the last change."""


@dataclass(frozen=True, slots=True)
class _Left:
    """Bytes [begin, end) of a file that are to be taken back: they were written in vain."""

    inode: int
    begin: int
    end: int


class ArchiveSink:
    """Appends to `name.jsonl`, which any number of threads and processes may share.

    Beside it stand `name.lock`, the closed files `name.<first seq>.jsonl`, and after a
    crash `name.torn.<unix time>` with half a line.

    Args:
        path: the file that grows; its folder exists, its name ends with `.jsonl`.
        chain: name of the log, such as `audit.example.org/app`.
        rotation: when the file is closed and a new one begun.
        patience: seconds to wait for another process that holds the lock.

    Raises:
        UsageError: a bad name of the chain or the file, or an argument of another type.
        SinkUnavailable: the files cannot be opened or written.
        ChainBroken: the last event of the log does not verify.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        chain: str,
        rotation: Rotation = Rotation.never(),  # noqa: B008 - a frozen value
        patience: float = LOCK_SECONDS,
    ) -> None:
        require_chain_name(chain)
        require_kind("path", path, str, Path)
        require_kind("rotation", rotation, Rotation)
        require_kind("patience", patience, int, float)
        self._path = Path(path).absolute()
        if not re.fullmatch(r"[^.]+\.jsonl", self._path.name):
            raise UsageError(
                f"{path}: an archive is called NAME.jsonl, with no other dot",
                hint="closed files get their numbers between NAME and jsonl",
            )
        self._chain = chain
        self._rotation = rotation
        self._patience = patience
        self._seen = _Seen()
        self.renew()
        renew_in_child(self)
        with self._exclusive(), open_to_append(self._path) as file:
            self._look(file)

    def renew(self) -> None:
        """Begin anew in a forked child."""
        self._threads = threading.Lock()
        self._disk = Syncing(self._path, self._chain)
        self._left: _Left | None = None

    @property
    def chain(self) -> str:
        """Name of the chain that is written."""
        return self._chain

    @property
    def path(self) -> Path:
        """The file that grows."""
        return self._path

    def append(self, seal: Seal, *, durable: bool) -> SealedGroup:
        """Store a group of events, all of them or none; see `Sink.append`."""
        with self._exclusive():
            with open_to_append(self._path) as file:
                seen = self._look(file)
                group = seal(seen.head)
                if not group:
                    return group
                data = b"\n".join([*group.lines, b""])
                is_full = self._is_rotation_due(seen, group.recorded_at, len(data))
                if not is_full:
                    self._write(file, data, group.head, durable=durable)
            if is_full:
                self._rotate()
                with open_to_append(self._path) as file:
                    self._write(file, data, group.head, durable=durable)
            return group

    def sync(self) -> None:
        """Make durable whatever was appended; closed files are already."""
        with self._exclusive(), open_to_append(self._path) as file:
            self._disk.sync(file)

    def close(self) -> None:
        """Nothing is held between two calls."""

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        lock = self._path.with_suffix(".lock")
        with self._threads, unavailable(self._path), exclusive(lock, patience=self._patience):
            yield

    def _look(self, file: FileIO) -> _Seen:
        """Find the head of the chain; reads only what somebody else changed.

        The file that is open is looked at, not what stands under its name: a network file system
        may tell of that as it was a while ago.
        """
        if self._left is not None:
            self._take_back(file, self._left)
        if _mark(os.fstat(file.fileno())) != self._seen.mark:
            head = self._read_head(file)
            self._require_no_earlier(head)
            self._remember(file, head)
        return self._seen

    def _take_back(self, file: FileIO, left: _Left) -> None:
        """Take back what could not be before, unless another process went on behind it."""
        now = os.fstat(file.fileno())
        if (now.st_ino, now.st_size) == (left.inode, left.end):
            file.truncate(left.begin)
        self._left = None

    def _remember(self, file: FileIO, head: Head | None) -> None:
        now = os.fstat(file.fileno())
        self._seen = _Seen(now.st_size, head, _mark(now))

    def _read_head(self, file: FileIO) -> Head | None:
        tail = read_tail(file)
        if tail.line is None:
            head = self._head_of_closed_files()
        else:
            head = head_of(tail.line, self._chain, self._path)
        if not tail.rest:
            return head
        return mend(file, tail.rest, self._chain, self._path) or head

    def _head_of_closed_files(self) -> Head | None:
        newest = newest_rotated(self._path)
        if newest is None:
            self._require_no_trace()
            return None
        if newest.suffix != ".jsonl":
            raise broken(newest, "the newest events are packed", hint="unpack this file")
        with FileIO(newest) as file:
            tail = read_tail(file)
        if tail.line is None or tail.rest:
            raise broken(newest, "a closed file ends within a line")
        return head_of(tail.line, self._chain, newest)

    def _require_no_trace(self) -> None:
        """Refuse to begin a chain beside files that tell of its events."""
        for suffix in BESIDE_A_LOG:
            beside = self._path.with_suffix(suffix)
            if beside.exists():
                raise broken(self._path, f"{beside.name} tells of events, and there are none")

    def _require_no_earlier(self, head: Head | None) -> None:
        """Refuse a log that lost or changed what this sink wrote or read before."""
        seen = self._seen.head
        if seen is None or (head is not None and head.seq > seen.seq):
            return
        if head is None or head.event_hash != seen.event_hash:
            raise broken(self._path, f"the event with seq {seen.seq} was here and is gone")

    def _is_rotation_due(self, seen: _Seen, recorded_at: str, more: int) -> bool:
        if not seen.size or seen.head is None:
            return False
        last = seen.head.recorded_at
        return self._rotation.is_due(size=seen.size, more=more, last=last, next_=recorded_at)

    def _rotate(self) -> None:
        with open_to_append(self._path) as file:
            closed = rotated_path(self._path, first_seq(file, self._path))
            self._disk.sync(file)
        if closed.exists():
            raise broken(closed, "a closed file with these events is there already")
        try:
            self._path.rename(closed)
        except PermissionError:
            if sys.platform != "win32":  # pragma: no branch
                raise
            # A reader has the file open there. The next group tries again.

    def _write(self, file: FileIO, data: bytes, head: Head, *, durable: bool) -> None:
        before = os.fstat(file.fileno())
        if not before.st_size:
            sync_folder(self._path.parent)
        if durable:
            self._disk.recover()
        try:
            with all_or_nothing(file):
                write_whole(file, data)
                if durable:
                    self._disk.sync(file)
        except NotTakenBack:
            end = os.fstat(file.fileno()).st_size
            self._left = _Left(before.st_ino, before.st_size, end)
            raise
        if not durable:
            self._disk.note(before)
        self._remember(file, head)


def _mark(file: os.stat_result) -> tuple[int, ...]:
    return file.st_ino, file.st_size, file.st_mtime_ns
