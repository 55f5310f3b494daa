"""The files of an archive in the order of its chain, and the lines in them."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from audit_console.core.codec import MAX_LINE_BYTES, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.writer.rotation import closed_files, rotated_path
from audit_console.writer.tail import broken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 1 << 20

OpenFile = Callable[[Path], BinaryIO]
"""Opens the text of a file, packed or not; reading it raises no error but OSError."""


class Unpacked(RawIOBase):
    """The text of a packed file; damage is an OSError, whatever the codec makes of it.

    Args:
        packed: gives the text, and raises `faults` where the file is damaged.
        name: of the file.
        faults: the errors of the codec.
    """

    def __init__(
        self, packed: BufferedIOBase, name: str, faults: tuple[type[Exception], ...]
    ) -> None:
        self._packed = packed
        self._name = name
        self._faults = faults

    def readable(self) -> bool:
        """It is read alone."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Unpack the next part.

        Raises:
            OSError: the file is damaged, or cannot be read.
        """
        part = memoryview(buffer)
        try:
            text = self._packed.read(part.nbytes)
        except self._faults:
            raise OSError(f"{self._name} is damaged") from None
        part[: len(text)] = text
        return len(text)

    def tell(self) -> int:
        """Give the place in the text."""
        return self._packed.tell()

    def fileno(self) -> int:
        """Give the descriptor of the packed file."""
        return self._packed.fileno()

    def close(self) -> None:
        """Close the packed file."""
        self._packed.close()
        super().close()


def open_plain(path: Path) -> BinaryIO:
    """Open a file as the standard library can.

    Raises:
        PruneRefused: it is packed by zstd.
    """
    if path.suffix == ".zst":
        raise PruneRefused(
            f"{path}: packed by zstd, which a writer cannot read",
            hint="prune it by: audit-console retention apply",
        )
    if path.suffix != ".gz":
        return path.open("rb")
    faults = (gzip.BadGzipFile, zlib.error, EOFError)
    return BufferedReader(Unpacked(gzip.GzipFile(path), path.name, faults))


Identity = tuple[int, int]
"""Device and number of a file: what stays when a writer gives it another name."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a log as it was found, and the chain and seq of its first event."""

    path: Path
    identity: Identity
    chain: str
    first_seq: int

    @property
    def is_there(self) -> bool:
        """Whether it has its path still."""
        try:
            return _identity(self.path.stat()) == self.identity
        except FileNotFoundError:
            return False

    def open(self, open_file: OpenFile) -> BinaryIO:
        """Open it, by its new name if a writer closed it since it was found.

        Raises:
            SinkUnavailable: it was removed or replaced.
            OSError: it cannot be opened.
        """
        for path in (self.path, rotated_path(self.path, self.first_seq)):
            with suppress(FileNotFoundError):
                file = open_file(path)
                if _identity(os.fstat(file.fileno())) == self.identity:
                    return file
                file.close()
        raise SinkUnavailable(f"{self.path}: removed or replaced meanwhile", hint="try it again")


def _identity(file: os.stat_result) -> Identity:
    return file.st_dev, file.st_ino


def log_files(active: Path, open_file: OpenFile) -> list[LogFile]:
    """Find the files of a log that hold events, by what is in them and not by their names.

    Writers that rotate meanwhile hide none of what was there: the active file is looked at
    before the closed ones, so that it is found by one of its two names.

    Raises:
        ChainBroken: a file does not begin with an event.
        OSError: a file cannot be read.
    """
    newest = _log_file(active, open_file)
    closed = [_log_file(path, open_file) for path in closed_files(active)]
    files = {file.identity: file for file in (newest, *closed) if file}
    return sorted(files.values(), key=lambda file: file.first_seq)


def _log_file(path: Path, open_file: OpenFile) -> LogFile | None:
    try:
        with closing(open_file(path)) as file:
            identity = _identity(os.fstat(file.fileno()))
            line = file.readline(MAX_LINE_BYTES)
    except FileNotFoundError:
        return None
    if not line.endswith(b"\n"):
        return None  # nothing, or what a crash left of a first event
    chain, seq = _place(line[:-1], path, "first")
    return LogFile(path, identity, chain, seq)


def last_seq(file: LogFile, open_file: OpenFile) -> int:
    """Read a file to its end, and give the seq of its last event.

    Raises:
        ChainBroken: it does not end with an event.
        OSError: it cannot be read.
    """
    (line,) = deque(lines_of([file], open_file), maxlen=1)
    return _place(line, file.path, "last")[1]


def _place(line: bytes, path: Path, which: str) -> tuple[str, int]:
    event = decode_bytes(line)
    if not isinstance(event, AuditEvent) or event.chain is None or event.seq is None:
        raise broken(path, f"its {which} line is no event of format v1")
    return event.chain, event.seq


def lines_of(files: Iterable[LogFile], open_file: OpenFile) -> Iterator[bytes]:
    """Read the whole lines of files, one after the other, without their newlines."""
    for one in files:
        with closing(one.open(open_file)) as file:
            while line := file.readline(MAX_LINE_BYTES + 2):
                if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
                    break  # half a line
                yield line.removesuffix(b"\n")


def lines_with(part: bytes, files: Iterable[LogFile], open_file: OpenFile) -> Iterator[bytes]:
    """Find the whole lines of files in which a text stands, without looking at each line."""
    for one in files:
        rest = b""
        with closing(one.open(open_file)) as file:
            while block := file.read(BLOCK):
                whole, _, rest = (rest[-MAX_LINE_BYTES:] + block).rpartition(b"\n")
                if part in whole:
                    yield from (line for line in whole.split(b"\n") if part in line)
