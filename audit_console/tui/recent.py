"""Which logs were open before, kept in the user's state directory."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from audit_console.core.places import SECRETS, is_address, names_files
from audit_console.kept_file import KeptFile

KEPT = 20

Places = tuple[str, ...]

_URL_PASSWORD = re.compile(r"(://[^/@:]*):[^/@]*@")
_NAME_IN_URL = re.compile(r"(?<=[?&])[^?&=]*%[^?&=]*(?==)")
"""A name that has characters by their numbers, as libpq takes them: `p%61ssword`."""
_NAMED_PASSWORD = re.compile(
    rf"(?:^|(?<=[\s?&]))(?:{'|'.join(SECRETS)}|passfile)\s*=\s*(?:'(?:[^'\\]|\\.)*'|[^\s&]*)&?",
    re.IGNORECASE,
)


def without_password(place: str) -> str:
    """Drop the password from a connection string; any other place stays as it is."""
    if "://" not in place and "=" not in place:
        return place
    named = _NAME_IN_URL.sub(lambda name: unquote(name[0]), place)
    cleaned = _NAMED_PASSWORD.sub("", _URL_PASSWORD.sub(r"\1@", named))
    return cleaned.rstrip("?& ")


def as_remembered(place: str) -> str:
    """Write a place so that it is found from any directory, without a password."""
    return without_password(_absolute(place))


class RecentSources:
    """The recent sources, newest first, in one small JSON file.

    Reading never fails: a missing or broken file is an empty list.
    """

    def __init__(self, path: Path) -> None:
        self._file = KeptFile(path, "recent sources")

    def places(self) -> list[Places]:
        """Give the places of each recent source, newest first."""
        return [tuple(map(str, entry)) for entry in self._file.entries() if isinstance(entry, list)]

    def remember(self, places: Sequence[str]) -> None:
        """Put a source at the head of the list.

        Raises:
            AuditConsoleError: the list cannot be stored.
        """
        if "-" in places:
            return
        entry = [as_remembered(place) for place in places]
        self._file.change(lambda stored: [entry, *_without(entry, stored)][:KEPT])

    def forget(self, places: Sequence[str]) -> None:
        """Remove a source from the list.

        Raises:
            AuditConsoleError: the list cannot be stored.
        """
        self._file.change(lambda stored: _without(list(places), stored))


def _without(entry: list[str], stored: list[Any]) -> list[Any]:
    return [known for known in stored if known != entry]


def _absolute(place: str) -> str:
    if not names_files(place) or is_address(place):
        return place
    return os.path.abspath(os.path.expanduser(place))  # noqa: PTH100, PTH111 - keeps globs as typed
