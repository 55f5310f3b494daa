"""Small JSON files in the user's directories, shared by the consoles that run at once."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit_console.disk import sync_folder, sync_to_disk
from audit_console.errors import AuditConsoleError


class KeptFile:
    """A list of entries under one name in a JSON file.

    Args:
        path: where the file is.
        name: under which the entries stand, and by which messages call them.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name
        self.fault: str | None = None

    @property
    def warning(self) -> str | None:
        """What was wrong with the file when it was last read, in one line."""
        return None if self.fault is None else f"{self._name}: {self.fault}: {self.path}"

    def entries(self) -> list[Any]:
        """Read the entries. A missing file has none; a broken one has none and a warning."""
        self.fault = None
        try:
            entries = json.loads(self.path.read_bytes())[self._name]
            if isinstance(entries, list):
                return entries
            self.fault = "not a list"
        except FileNotFoundError:
            pass
        except OSError as error:
            self.fault = error.strerror or "cannot be read"
        except (ValueError, KeyError, TypeError, RecursionError):
            self.fault = "not written by this program"
        return []

    def change(self, change: Callable[[list[Any]], list[Any]]) -> None:
        """Replace the entries by what `change` makes of those that are stored now.

        A file that is broken is kept as `….bad`, so that nothing typed is lost.

        Raises:
            AuditConsoleError: the file cannot be written; it is as before.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(self._beside(".lock"), "ab", opener=_private) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                changed = change(self.entries())
                if self.fault is not None:
                    self.path.replace(self._beside(".bad"))
                self._store(changed)
        except OSError as error:
            raise AuditConsoleError(
                f"{self._name} are not kept: {error.strerror}: {self.path}",
                hint="Make room or give the right to write there",
            ) from error

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _store(self, entries: list[Any]) -> None:
        """Replace the file at once, so that a full disk leaves the old one whole."""
        text = json.dumps({self._name: entries}, ensure_ascii=True, indent=1)
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                sync_to_disk(file.fileno())
            Path(temporary).replace(self.path)
            sync_folder(self.path.parent)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read."""
    return os.open(path, flags, 0o600)
