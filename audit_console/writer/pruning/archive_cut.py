"""Takes the first events out of a file, which is replaced by one without them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.prefix import broken
from audit_console.writer.files import append, sync_folder, sync_to_disk
from audit_console.writer.pruning.archive_files import LogFile, OpenFile
from audit_console.writer.rotation import rotated_path

BLOCK = 1 << 20


def cut(
    file: LogFile,
    boundary: int,
    active: Path,
    open_file: OpenFile,
    locked: Callable[[], AbstractContextManager[None]],
) -> bool:
    """Replace a file by one that begins with seq `boundary`.

    Writers wait only while what they added meanwhile is copied.

    Args:
        file: holds that event, and ones before it.
        boundary: seq of the first event that stays.
        active: the file that grows, maybe this one.
        open_file: opens its text.
        locked: keeps writers away while it is held.

    Returns:
        False if it was closed meanwhile, and stands under another name now.

    Raises:
        PrefixBroken: the event is not where it must be.
        OSError: the files cannot be read or written.
    """
    part = active.with_suffix(".prune.part")
    is_active = file.path == active
    with closing(open_file(file.path)) as old, FileIO(part, "w") as new:
        with locked():  # so that no half line is copied that a writer takes back
            now = os.fstat(old.fileno())
        os.fchmod(new.fileno(), stat.S_IMODE(now.st_mode))
        append(new, _first_kept(old, file, boundary), durable=False)
        _copy(old, new, now.st_size if is_active else None)
        sync_to_disk(new.fileno())
        with locked():
            if is_active and not os.path.samestat(os.fstat(old.fileno()), active.stat()):
                return False
            _copy(old, new, None)
            sync_to_disk(new.fileno())
            place = active if is_active else rotated_path(active, boundary)
            part.replace(place)
            sync_folder(active.parent)
    if place != file.path:
        file.path.unlink()
        sync_folder(active.parent)
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
