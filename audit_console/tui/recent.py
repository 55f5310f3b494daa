"""Which logs were open before, kept in the user's state directory."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit_console.core.places import names_files

KEPT = 20

Places = tuple[str, ...]

_URL_PASSWORD = re.compile(r"(://[^/@:]*):[^/@]*@")
_NAMED_PASSWORD = re.compile(
    r"(^|[\s?&])(password|passfile|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]*)&?", re.IGNORECASE
)


def without_password(place: str) -> str:
    """Drop the password from a connection string; any other place stays as it is."""
    if "://" not in place and "=" not in place:
        return place
    cleaned = _NAMED_PASSWORD.sub(r"\1", _URL_PASSWORD.sub(r"\1@", place))
    return cleaned.rstrip("?& ")


class RecentSources:
    """The recent sources, newest first, in one small JSON file.

    Reading never fails: a missing or broken file is an empty list.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def places(self) -> list[Places]:
        """Give the places of each recent source, newest first."""
        try:
            stored = json.loads(self._path.read_text("utf-8"))["recent"]
            return [tuple(map(str, places)) for places in stored][:KEPT]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []

    def remember(self, places: Sequence[str]) -> None:
        """Put a source at the head of the list.

        Raises:
            OSError: the list cannot be stored.
        """
        if "-" in places:
            return
        entry = tuple(without_password(_absolute(place)) for place in places)
        others = [known for known in self.places() if known != entry]
        self._store([entry, *others][:KEPT])

    def forget(self, places: Sequence[str]) -> None:
        """Remove a source from the list.

        Raises:
            OSError: the list cannot be stored.
        """
        self._store([known for known in self.places() if known != tuple(places)])

    def _store(self, entries: Sequence[Places]) -> None:
        """Replace the file at once, so that a full disk leaves the old one whole."""
        text = json.dumps({"recent": entries}, ensure_ascii=True, indent=1)
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _absolute(place: str) -> str:
    """A file is remembered so that it is found from any directory."""
    if not names_files(place):
        return place
    return os.path.abspath(os.path.expanduser(place))  # noqa: PTH100, PTH111 - keeps globs as typed
