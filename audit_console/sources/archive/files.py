"""From what the user named to the files of one log, in the order of the log."""

from __future__ import annotations

import glob
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent, parse_time
from audit_console.errors import NotAnAuditLog, SourceNotFound, SourceUnreadable
from audit_console.sources.archive.text import BrokenContainer, TextReader

STANDARD_INPUT = "-"
PEEK_BYTES = 256 << 10

_LOG_SUFFIXES = (".jsonl", ".log", ".ndjson")
_COMPRESSED = (".gz", ".zst")
PRUNES = ".prunes.jsonl"
CHECKPOINTS = ".checkpoints.jsonl"
HOLDS = ".holds.jsonl"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of a log; `size` in stored bytes. A temporary one is removed with the source."""

    name: str
    path: Path
    size: int
    temporary: bool = False

    def open(self) -> TextReader:
        """Start reading the text from the beginning.

        Raises:
            SourceUnreadable: the file cannot be opened.
        """
        return TextReader(self.open_stored(), self.name)

    def open_stored(self) -> BufferedReader:
        """Open the file as it is stored.

        Raises:
            SourceUnreadable: the file cannot be opened.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from None


def find_files(places: Sequence[str]) -> list[ArchiveFile]:
    """Find the files of the log at `places`: files, folders, glob patterns or `-`.

    Raises:
        SourceNotFound: nothing is there, or a folder holds no log.
        SourceUnreadable: something is there that cannot be read.
        NotAnAuditLog: a file is of another kind.
    """
    found = {file.path.resolve(): file for place in places for file in _at(place)}
    peeked = [(_order_key(file), file) for file in found.values()]
    return [file for _, file in sorted(peeked, key=lambda pair: pair[0])]


def _at(place: str) -> Iterator[ArchiveFile]:
    if place == STANDARD_INPUT:
        yield _keep_standard_input()
        return
    path = Path(place).expanduser()
    try:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.exists():
            yield _archive_file(path)
        else:
            yield from _matching(place)
    except OSError as error:
        raise unreadable(place, error) from None


def _in_folder(folder: Path) -> list[ArchiveFile]:
    paths = [path for path in folder.iterdir() if _is_log(path)]
    if not paths:  # an export of a log that stands beside it would be read as a second log
        paths = list(folder.rglob("*.parquet"))
    if not paths:
        raise SourceNotFound(
            f"{folder}: no log in this folder",
            hint="name a folder with .jsonl or .log files (also .gz, .zst) or .parquet files, "
            "or a file",
        )
    return [_archive_file(path) for path in sorted(paths)]


def _matching(pattern: str) -> list[ArchiveFile]:
    pattern = str(Path(pattern).expanduser())
    paths = [Path(name) for name in sorted(glob.glob(pattern))]  # noqa: PTH207 - patterns may be absolute
    files = [_archive_file(path) for path in paths if path.is_file()]
    if not files:
        raise SourceNotFound(f"{pattern}: no such file or folder", hint="check the path")
    return files


def _is_log(path: Path) -> bool:
    name = path.name
    for suffix in _COMPRESSED:
        name = name.removesuffix(suffix)
    if name.endswith((CHECKPOINTS, PRUNES, HOLDS)):
        return False
    return path.is_file() and (name.endswith(_LOG_SUFFIXES) or ".log." in name)


def _archive_file(path: Path) -> ArchiveFile:
    if not path.is_file():
        raise SourceUnreadable(f"{path}: not a regular file", hint="pipe it in and open -")
    return ArchiveFile(str(path), path, path.stat().st_size)


def _keep_standard_input() -> ArchiveFile:
    """Copy standard input to a private file, so that any line can be looked at again."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceNotFound("-: nothing is piped in", hint="pipe a log in, or name a file")
    with tempfile.NamedTemporaryFile(prefix="audit-console-", delete=False) as copy:
        path = Path(copy.name)
        try:
            shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
        except OSError as error:
            path.unlink()
            raise unreadable("standard input", error) from None
    return ArchiveFile("standard input", path, path.stat().st_size, temporary=True)


def unreadable(name: str, error: OSError) -> SourceUnreadable:
    """Say what keeps a file from being read, and what to do about it."""
    hints = {
        PermissionError: "ask for read permission, or copy the log to where you have it",
        IsADirectoryError: "name the files in it",
    }
    hint = hints.get(type(error), "check the path and the disk")
    return SourceUnreadable(f"{name}: {error.strerror or error}", hint=hint)


OrderKey = tuple[int, str, int, datetime, str]


def _order_key(file: ArchiveFile) -> OrderKey:
    """Order by chain and seq, else by time, by the first event of the file.

    Files in which no event is found early on come last, in the order of their names.
    """
    event = _first_event(file)
    never = datetime.max.replace(tzinfo=UTC)
    if event is None:
        return (2, "", 0, never, file.name)
    if event.seq is None:
        return (1, "", 0, parse_time(event.timestamp), file.name)
    return (0, event.chain or "", event.seq, never, file.name)


def _first_event(file: ArchiveFile) -> AuditEvent | None:
    with closing(file.open()) as reader:
        try:
            start = reader.read(PEEK_BYTES)
        except BrokenContainer:
            return None
    for line in start.split(b"\n"):
        event = decode_bytes(line)
        if isinstance(event, AuditEvent):
            return event
    if b"\x00" in start:
        raise NotAnAuditLog(
            f"{file.name}: a binary file, not an audit log",
            hint="open a log of one JSON object per line, as .jsonl, .log, .gz, .zst or .parquet",
        )
    return None
