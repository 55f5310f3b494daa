"""From the places on the command line to a source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit_console.errors import SourceError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.sources.protocol import Source

_DATABASES = ("postgresql://", "postgres://", "service=", "host=", "dbname=")


def open_source(places: Sequence[str], *, keep: bool) -> Source:
    """Open the log at `places`; with `keep` its events stay at hand for pages.

    Raises:
        SourceError: there is no log, or it cannot be read. No password is named.
    """
    _refuse_databases(places)
    from audit_console.sources.archive import open_archive

    return open_archive(places, keep=keep)


def check_places(places: Sequence[str]) -> None:
    """Look whether there is a log at `places`, without reading it.

    Standard input can be read only once and is left alone.

    Raises:
        SourceError: there is no log, or it cannot be read. No password is named.
    """
    _refuse_databases(places)
    files = [place for place in places if place != "-"]
    if files:
        from audit_console.sources.archive.files import find_files

        find_files(files)


def _refuse_databases(places: Sequence[str]) -> None:
    if any(place.startswith(_DATABASES) for place in places):
        raise SourceError(
            "PostgreSQL logs cannot be read yet",
            hint="Export the log as JSON lines and give that file",
        )
