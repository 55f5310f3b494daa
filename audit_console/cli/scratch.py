"""Temporary files that are gone when the program is, even when reading is given up half-way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit_console.errors import AuditConsoleError

ROOMY = "/var/tmp"  # noqa: S108 - a private folder is made in it
"""On disk, where `/tmp` is in memory on many systems: a packed log is unpacked there."""

_NAMED_BY = ("TMPDIR", "TEMP", "TMP")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a private folder in which all temporary files go until it is left.

    Raises:
        AuditConsoleError: there is no room for temporary files.
    """
    before = tempfile.tempdir
    try:
        folder = tempfile.TemporaryDirectory(
            prefix="audit-console-", dir=_place(), ignore_cleanup_errors=True
        )
    except OSError as error:
        raise AuditConsoleError(
            f"no folder for temporary files: {error.strerror}",
            hint="Set TMPDIR to a folder that can be written",
        ) from error
    with folder as name:
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


def _place() -> str | None:
    """Give the folder for temporary files; None leaves it to the environment and the system."""
    is_named = any(os.environ.get(name) for name in _NAMED_BY)
    return ROOMY if not is_named and os.access(ROOMY, os.W_OK | os.X_OK) else None
