"""How far a log is on disk.

What a sync could not write, Linux takes for written from then on: a later sync finds nothing to
do, and says that all is well. So it is written again first.
"""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

from audit_console.disk import sync_to_disk
from audit_console.writer.files import write_whole
from audit_console.writer.rotation import closed_files
from audit_console.writer.tail import broken, head_of


class Syncing:
    """Makes durable what one sink appends to the files of a log.

    Args:
        active: the file that grows.
        chain: name of the chain.
    """

    def __init__(self, active: Path, chain: str) -> None:
        self._active = active
        self._chain = chain
        self._unsynced: dict[int, int] = {}
        """Where a file, by its inode, begins not to be on disk."""
        self._failed = False

    def note(self, before: os.stat_result) -> None:
        """Keep in mind that something was added to a file, which was like this before."""
        self._unsynced.setdefault(before.st_ino, before.st_size)

    def sync(self, file: FileIO) -> None:
        """Wait until the file that grows is on disk, and what was noted before.

        Raises:
            ChainBroken: see `recover`.
            OSError: it cannot be written now.
        """
        self.recover()
        self._failed = True
        sync_to_disk(file.fileno())
        self._failed = False
        self._unsynced.clear()

    def recover(self) -> None:
        """Bring to disk what a sync before failed to.

        Raises:
            ChainBroken: it is lost.
            OSError: it cannot be written now.
        """
        if not self._failed:
            return
        for path in (*closed_files(self._active), self._active):
            begin = self._unsynced.get(path.stat().st_ino)
            if begin is not None:
                self._write_from(path, begin)
        self._failed = False

    def _write_from(self, path: Path, begin: int) -> None:
        with FileIO(path, "r+") as file:
            file.seek(begin)
            data = file.readall()
            *lines, rest = data.split(b"\n")
            if rest:
                raise broken(path, "what could not be brought to disk ends within a line")
            for line in lines:
                head_of(line, self._chain, path)
            file.seek(begin)
            write_whole(file, data)
            sync_to_disk(file.fileno())
