"""Which logs were open before, and what was found of them, kept in the user's state directory."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from audit_console.core.event import format_time, parse_time
from audit_console.core.findings import Verdict
from audit_console.core.places import SECRETS, is_address, names_files
from audit_console.kept_file import KeptFile

KEPT = 20

Places = tuple[str, ...]


class Judged(NamedTuple):
    """The verdict on a log that was read to its end, and when that was."""

    verdict: Verdict
    at: datetime


class RecentSource(NamedTuple):
    """Places that were opened as one log, and what was found there last."""

    places: Places
    judged: Judged | None = None


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

    def sources(self) -> list[RecentSource]:
        """Give the recent sources, newest first."""
        return _sources(self._file.entries())

    def remember(self, places: Sequence[str], judged: Judged | None = None) -> None:
        """Put a source at the head of the list, with what was found of it now or else before.

        Raises:
            AuditConsoleError: the list cannot be stored.
        """
        opened = tuple(map(as_remembered, places))

        def with_opened_first(entries: list[Any]) -> list[Any]:
            known = {one.places: one for one in _sources(entries)}
            before = known.pop(opened, RecentSource(opened))
            first = before if judged is None else RecentSource(opened, judged)
            return [_encode(one) for one in [first, *known.values()][:KEPT]]

        if "-" not in places:
            self._file.change(with_opened_first)

    def forget(self, places: Sequence[str]) -> None:
        """Remove a source from the list.

        Raises:
            AuditConsoleError: the list cannot be stored.
        """
        self._file.change(
            lambda entries: [
                _encode(one) for one in _sources(entries) if one.places != tuple(places)
            ]
        )


def _sources(entries: list[Any]) -> list[RecentSource]:
    return [one for one in map(_decode, entries) if one is not None]


def _decode(entry: object) -> RecentSource | None:
    """Read an entry; version 0.1 wrote the places alone."""
    match {"places": entry} if isinstance(entry, list) else entry:
        case {"places": list(places), **found}:
            return RecentSource(tuple(map(str, places)), _judged(found))
    return None


def _judged(found: dict[Any, Any]) -> Judged | None:
    try:
        return Judged(Verdict(found["verdict"]), parse_time(found["verified_at"]))
    except (KeyError, TypeError, ValueError):
        return None


def _encode(one: RecentSource) -> dict[str, Any]:
    found = one.judged
    judged = {"verdict": found.verdict, "verified_at": format_time(found.at)} if found else {}
    return {"places": one.places, **judged}


def _absolute(place: str) -> str:
    if not names_files(place) or is_address(place):
        return place
    return os.path.abspath(os.path.expanduser(place))  # noqa: PTH100, PTH111 - keeps globs as typed
