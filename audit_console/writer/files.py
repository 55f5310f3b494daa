"""Files that either hold what was written or are as they were."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from audit_console.disk import sync_to_disk
from audit_console.errors import SinkUnavailable

_HINTS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room, or ask for a larger quota",
    errno.EFBIG: "raise the limit on the size of files, or rotate earlier",
    errno.EACCES: "give the program permission to write there",
    errno.EPERM: "give the program permission to write there",
    errno.EROFS: "mount it for writing, or write elsewhere",
    errno.ENOENT: "create the folder first",
    errno.ELOOP: "a symbolic link stands there, which is not followed: name the file itself",
}

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Opens no symbolic link: who may make files in a folder would choose what else is written."""

LOG_MODE, PRIVATE_MODE = 0o640, 0o600
"""Who may read what stands in a log: its owner and their group, or the owner alone."""


@contextmanager
def unavailable(path: Path) -> Iterator[None]:
    """Say in one line what the operating system said, of a link where it met one.

    Raises:
        SinkUnavailable: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        refused = error.filename if error.errno == errno.ELOOP else path
        raise SinkUnavailable(
            f"{refused}: {error.strerror or error}",
            hint=_HINTS.get(error.errno or 0, "check the path and the disk"),
        ) from None


def open_own(path: Path) -> FileIO:
    """Open a file for reading, unbuffered, that nobody else put there.

    Raises:
        PermissionError: it belongs to another user.
        OSError: it is a symbolic link, or cannot be opened.
    """
    file = FileIO(path, opener=lambda name, flags: os.open(name, flags | NO_LINK))
    if sys.platform != "win32" and os.fstat(file.fileno()).st_uid != os.geteuid():
        file.close()
        raise PermissionError(errno.EPERM, "belongs to another user")
    return file


def open_to_append(path: Path) -> FileIO:
    """Open a file for reading and for adding to it, unbuffered; made where there is none.

    Raises:
        OSError: it is a symbolic link, or cannot be opened.
    """
    return FileIO(path, "a+", opener=lambda name, flags: os.open(name, flags | NO_LINK, LOG_MODE))


def open_anew(path: Path, mode: int = LOG_MODE) -> FileIO:
    """Make a file with this mode and open it, unbuffered; what had its name is removed."""
    path.unlink(missing_ok=True)
    return FileIO(path, "x", opener=lambda name, flags: os.open(name, flags, mode))


class NotTakenBack(OSError):
    """What was added to a file in vain is still there."""


@contextmanager
def all_or_nothing(file: FileIO) -> Iterator[None]:
    """Take back what the block adds to a file where it fails, or is interrupted.

    Raises:
        NotTakenBack: that fails as well.
    """
    size = file.seek(0, os.SEEK_END)
    try:
        yield
    except BaseException as error:
        try:
            file.truncate(size)
        except OSError as refusal:
            why = error.strerror if isinstance(error, OSError) else repr(error)
            reason = f"{why}, and what was written cannot be taken back now"
            raise NotTakenBack(refusal.errno, reason) from error
        raise


def write_whole(file: FileIO, data: bytes) -> None:
    """Write all of the data at the place where the file stands."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def append(file: FileIO, data: bytes, *, durable: bool) -> None:
    """Add data to a file, all of it or nothing."""
    with all_or_nothing(file):
        write_whole(file, data)
        if durable:
            sync_to_disk(file.fileno())


def append_line(file: FileIO, line: str) -> None:
    """Add a line to a file of lines; it survives a loss of power, or is not there.

    What a crash left of a line before it stays a line of its own.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 1, 0))
    begin = "" if file.read(1) in {b"", b"\n"} else "\n"
    append(file, f"{begin}{line}\n".encode(), durable=True)
