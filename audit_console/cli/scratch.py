"""Temporary files that are gone when the program is, even when reading is given up half-way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit_console.errors import AuditConsoleError


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a private folder in which all temporary files go until it is left.

    Raises:
        AuditConsoleError: there is no room for temporary files.
    """
    before = tempfile.tempdir
    try:
        folder = tempfile.TemporaryDirectory(prefix="audit-console-", ignore_cleanup_errors=True)
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
