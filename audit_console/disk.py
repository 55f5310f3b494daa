"""Waiting until files and their names survive a loss of power."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def sync_to_disk(descriptor: int) -> None:
    """Wait until what was written to a file survives a loss of power."""
    if sys.platform == "darwin":  # pragma: no cover - tests run on Linux
        import fcntl  # noqa: PLC0415 - `fsync` stops at the drive's cache there

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until new names in a folder survive a loss of power; Windows sees to it itself."""
    if sys.platform != "win32":  # pragma: no branch - tests run on Linux
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            sync_to_disk(descriptor)
        finally:
            os.close(descriptor)
