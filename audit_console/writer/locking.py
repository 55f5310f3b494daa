"""One writer at a time, among threads and processes.

The lock is a file beside the log, so that the log itself can be renamed. The kernel gives
it back when its holder dies. Nobody deletes it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit_console.errors import SinkUnavailable
from audit_console.writer.files import LOG_MODE, NO_LINK
from audit_console.writer.forking import renew_in_child

FIRST_DELAY, LONGEST_DELAY = 0.000_2, 0.01
"""Seconds between two looks at a lock that another process holds."""

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _take(lock: int) -> None:
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)

    def _give_back(lock: int) -> None:
        msvcrt.locking(lock, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_UN)


class _Held:
    """Locks that this process holds.

    A forked child shares them without knowing: it lets go of its share, or the lock would
    outlive the parent.
    """

    def __init__(self) -> None:
        self.locks: set[int] = set()
        renew_in_child(self)

    def renew(self) -> None:
        for lock in self.locks:
            os.close(lock)
        self.locks.clear()


_HELD = _Held()


@contextmanager
def exclusive(path: Path, *, patience: float) -> Iterator[None]:
    """Hold the lock while the block runs.

    Args:
        path: the file of the lock, made where there is none.
        patience: seconds to wait for it.

    Raises:
        SinkUnavailable: another process holds it all the time.
        OSError: the file cannot be opened.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, LOG_MODE)
    _HELD.locks.add(lock)
    try:
        _wait_for(lock, path, patience)
        try:
            yield
        finally:
            _give_back(lock)
    finally:
        _HELD.locks.discard(lock)
        os.close(lock)


def _wait_for(lock: int, path: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    delay = FIRST_DELAY
    while True:
        try:
            _take(lock)
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                raise SinkUnavailable(
                    f"{path}: locked by another process for {patience:g} s",
                    hint="find the process that holds it, for one that was stopped",
                ) from None
        else:
            return
        time.sleep(delay)
        delay = min(delay * 2, LONGEST_DELAY)
