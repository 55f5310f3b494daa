"""From what the user named to the files of one log, in the order of the log."""

from __future__ import annotations

import glob
import os
import re
import select
import stat
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from audit_console.config import user_path
from audit_console.core.beside import is_log_in_folder
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent, parse_time
from audit_console.core.hashing import event_hash
from audit_console.core.places import is_address, is_remote, may_hold_password
from audit_console.errors import NotAnAuditLog, SourceNotFound, SourceUnreadable, UsageError
from audit_console.sources.archive import foreign
from audit_console.sources.archive.foreign import Foreign
from audit_console.sources.archive.remote import copy_objects
from audit_console.sources.archive.text import BrokenContainer, TextReader

STANDARD_INPUT = "-"
PEEK_BYTES = 256 << 10
_SECONDS_BETWEEN_LOOKS = 0.1

_COPY = re.compile(r".+\.[0-9]{12,}\.parquet")
"""How retention calls a copy of what it deleted: a part of the log, and no export of it."""


Identity = tuple[int, int]
"""Device and number of a file: what stays when a writer gives it another name."""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of a log; `size` in stored bytes. A temporary one is removed with the source.

    It is the file that had the path when it was found: a writer that rotates the log
    renames it within its folder, and it is opened there. One that is not `original` holds
    the lines of the file that is named, but not its bytes.
    """

    name: str
    path: Path
    size: int
    identity: Identity
    temporary: bool = False
    original: bool = True

    def open(self) -> TextReader:
        """Start reading the text from the beginning.

        Raises:
            SourceUnreadable: the file cannot be opened, or its first bytes not be read.
        """
        stored = self.open_stored()
        try:
            return TextReader(stored, self.name)
        except OSError as error:
            stored.close()
            raise unreadable(self.name, error) from None

    def open_stored(self) -> BufferedReader:
        """Open the file as it is stored.

        Raises:
            SourceUnreadable: the file cannot be opened, or is no longer there.
        """
        try:
            stored = self._open_same(self.path) or self._open_renamed()
        except OSError as error:
            raise unreadable(self.name, error) from None
        if stored is None:
            raise SourceUnreadable(
                f"{self.name}: removed or replaced since the log was opened",
                hint="open the log again",
            )
        return stored

    def _open_renamed(self) -> BufferedReader | None:
        number = self.identity[1]
        with os.scandir(self.path.parent) as entries:
            paths = [Path(entry.path) for entry in entries if entry.inode() == number]
        return next(filter(None, map(self._open_same, paths)), None)

    def _open_same(self, path: Path) -> BufferedReader | None:
        """Open `path`, unless another file has this name now."""
        try:
            stored = path.open("rb")
        except FileNotFoundError:
            return None
        if _identity(os.fstat(stored.fileno())) == self.identity:
            return stored
        stored.close()
        return None


def find_files(places: Sequence[str]) -> list[ArchiveFile]:
    """Find the files of the log at `places`: files, folders, glob patterns or `-`.

    What is at `s3://…` is copied, each time.

    Raises:
        UsageError: an address is of no known kind, or in an object store and not of Parquet
            files.
        SourceNotFound: nothing is there, or a folder holds no log.
        SourceUnreadable: something is there that cannot be read.
        NotAnAuditLog: a file is of another kind.
    """
    files = list_files(places)
    with _copies_removed_on_failure(files):
        peeked = [(_order_key(file), file) for file in files]
    return [file for _, file in sorted(peeked, key=lambda pair: pair[0])]


def list_files(places: Sequence[str]) -> list[ArchiveFile]:
    """List the files at `places` in any order, and look into none; see `find_files`."""
    remote = [place for place in places if is_remote(place)]
    here = [place for place in places if not is_remote(place)]
    found: dict[Path, ArchiveFile] = {}
    with _copies_removed_on_failure(found.values()):
        for place in here:
            found |= {file.path.resolve(): file for file in _settled(place)}
        copies = copy_objects(remote) if remote else ()
    return [*found.values(), *(_copied_file(address, copy) for address, copy in copies)]


@contextmanager
def _copies_removed_on_failure(files: Collection[ArchiveFile]) -> Iterator[None]:
    """Leave no copy of a log behind that is not opened after all."""
    try:
        yield
    except BaseException:
        for file in files:
            if file.temporary:
                file.path.unlink(missing_ok=True)
        raise


def _settled(place: str) -> list[ArchiveFile]:
    """List the files at a place until nothing was renamed while they were listed.

    A writer that rotates the log meanwhile leaves a list without the file it renamed.
    """
    files = list(_at(place))
    if place == STANDARD_INPUT:
        return files
    while _names(again := list(_at(place))) != _names(files):
        files = again
    return again


def _names(files: list[ArchiveFile]) -> list[tuple[str, Identity]]:
    return [(file.name, file.identity) for file in files]


def _at(place: str) -> Iterator[ArchiveFile]:
    if place == STANDARD_INPUT:
        yield _keep_standard_input()
        return
    if not place.strip():  # a variable that is not set; the empty path is this folder
        raise UsageError("the name of a log is empty", hint="name a file or a folder")
    if is_address(place) and not os.path.lexists(place):  # not quoted: it may hold a password
        raise UsageError(
            "an address of a kind that is not known here",
            hint="name postgresql://…, s3://… or files of this machine",
        )
    path = user_path(place)
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
    elif copies := [path for path in folder.iterdir() if _COPY.fullmatch(path.name)]:
        paths += copies
    if not paths:
        raise SourceNotFound(
            f"{folder}: no log in this folder",
            hint="name a folder with .jsonl or .log files (also .gz, .zst) or .parquet files, "
            "or a file",
        )
    return _archive_files(sorted(paths))


def _matching(pattern: str) -> list[ArchiveFile]:
    pattern = str(user_path(pattern))
    paths = [Path(name) for name in sorted(glob.glob(pattern))]  # noqa: PTH207 - patterns may be absolute
    files = _archive_files(path for path in paths if path.is_file())
    if not files and os.path.islink(pattern):  # noqa: PTH114 - a pattern may be no path
        raise SourceNotFound(f"{pattern}: a link that leads to no file", hint="see where it leads")
    if not files and may_hold_password(pattern):  # not quoted: it was meant for a database
        raise UsageError(
            "neither files nor a connection string of libpq, and maybe with a password in it",
            hint="use postgresql://user@host/database, and put the password into ~/.pgpass",
        )
    if not files:
        raise SourceNotFound(f"{pattern}: no such file or folder", hint="check the path")
    return files


def _is_log(path: Path) -> bool:
    return is_log_in_folder(path.name) and path.is_file()


def _archive_files(paths: Iterable[Path]) -> list[ArchiveFile]:
    """Describe listed files; one that is gone already is in the next list, by its new name."""
    files = []
    for path in paths:
        with suppress(FileNotFoundError):
            files.append(_archive_file(path))
    return files


def _archive_file(path: Path, name: str | None = None, *, temporary: bool = False) -> ArchiveFile:
    now = path.stat()
    if not stat.S_ISREG(now.st_mode):
        raise SourceUnreadable(f"{path}: not a regular file", hint="pipe it in and open -")
    return ArchiveFile(name or str(path), path, now.st_size, _identity(now), temporary)


def _copied_file(address: str, copy: Path) -> ArchiveFile:
    return replace(_archive_file(copy, address, temporary=True), original=False)


def _identity(file: os.stat_result) -> Identity:
    return file.st_dev, file.st_ino


def _keep_standard_input() -> ArchiveFile:
    """Copy standard input to a private file, so that any line can be looked at again."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceNotFound("-: nothing is piped in", hint="pipe a log in, or name a file")
    with tempfile.NamedTemporaryFile(prefix="audit-console-", delete=False) as copy:
        path = Path(copy.name)
        try:
            copy.writelines(_pieces(sys.stdin.fileno()))
        except BaseException as error:  # also of a reader who waits no longer
            path.unlink()
            if isinstance(error, OSError):
                raise unreadable("standard input", error) from None
            raise
    return _archive_file(path, "standard input", temporary=True)


def _pieces(descriptor: int) -> Iterator[bytes]:
    """Read what there is, and wait in a way that Ctrl+C ends.

    With the handler of SIGINT that Polars sets, a read that waits goes on after the signal,
    and Python never hears of it. A `select` ends, and a signal just before it costs one look.
    """
    while True:
        if os.name == "posix":  # elsewhere `select` knows sockets only
            while not select.select([descriptor], [], [], _SECONDS_BETWEEN_LOOKS)[0]:
                pass
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            return
        yield piece


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
    """Order by chain and seq, else by time, by the first event of the file that is to be believed.

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
    """Give the first event that holds its hash; where none does early on, the first of all."""
    first: AuditEvent | None = None
    with closing(file.open()) as reader:
        try:
            start = reader.read(PEEK_BYTES)
        except BrokenContainer:
            return None
    _refuse(file, foreign.archive(start))
    for line in start.split(b"\n"):
        event = decode_bytes(line)
        if isinstance(event, AuditEvent):
            if event_hash(event) == event.event_hash:
                return event
            first = first or event
    if first is None:
        _refuse(file, foreign.without_event(start))
    return first


def _refuse(file: ArchiveFile, found: Foreign | None) -> None:
    if found is not None:
        raise NotAnAuditLog(f"{file.name}: {found.what}, not an audit log", hint=found.hint)
