"""Takes the first events out of a file, which is replaced by one without them."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from io import FileIO
from typing import BinaryIO

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.prefix import broken
from audit_console.disk import sync_folder, sync_to_disk
from audit_console.writer.files import PRIVATE_MODE, append, open_anew
from audit_console.writer.pruning.archive_files import BLOCK, LogFile
from audit_console.writer.pruning.archive_log import ArchiveLog
from audit_console.writer.rotation import rotated_path

PART = ".prune.part"
"""Ending of the file that is being written."""


def cut(log: ArchiveLog, file: LogFile, boundary: int) -> bool:
    """Replace a file of a log by one that begins with seq `boundary`.

    Writers wait only while what they added meanwhile is copied.

    Args:
        log: held alone.
        file: holds that event, and ones before it.
        boundary: seq of the first event that stays.

    Returns:
        False if it stands under another name now: a writer closed it meanwhile.

    Raises:
        PrefixBroken: the event is not where it must be.
        OSError: the files cannot be read or written.
    """
    part = log.beside(PART)
    is_active = file.path == log.path
    place = log.path if is_active else rotated_path(log.path, boundary)
    with closing(file.open(log.open_file)) as old, open_anew(part, PRIVATE_MODE) as new:
        with log.locked():  # so that no half line is copied that a writer takes back
            now = os.fstat(old.fileno())
        append(new, _first_kept(old, file, boundary), durable=False)
        _copy(old, new, now.st_size if is_active else None)
        sync_to_disk(new.fileno())
        with log.locked():
            if not file.is_there:
                return False
            _copy(old, new, None)
            os.fchmod(new.fileno(), stat.S_IMODE(now.st_mode))
            sync_to_disk(new.fileno())
            part.replace(place)
            sync_folder(part.parent)
    if place != file.path:
        file.path.unlink()
        sync_folder(part.parent)
    return True


def _first_kept(old: BinaryIO, file: LogFile, boundary: int) -> bytes:
    """Read on to the line of the event that stays first, and give it with its newline."""
    for _ in range(boundary - file.first_seq):
        old.readline()
    line = old.readline()
    event = decode_bytes(line.removesuffix(b"\n"))
    if not isinstance(event, AuditEvent) or event.seq != boundary:
        raise broken(boundary, "it is not where it must be")
    return line


def _copy(old: BinaryIO, new: FileIO, end: int | None) -> None:
    """Copy on, up to a place of the old file or to its end."""
    while block := old.read(BLOCK if end is None else max(0, min(BLOCK, end - old.tell()))):
        append(new, block, durable=False)
