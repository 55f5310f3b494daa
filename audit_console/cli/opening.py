"""From the places on the command line to a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.core.places import is_database, names_files
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.sources.protocol import Source


def open_source(places: Sequence[str], *, keep: bool, indexes: Path | None = None) -> Source:
    """Open the log at `places`; with `keep` its events stay at hand for pages.

    Args:
        places: what the user named.
        keep: keep the events of an archive.
        indexes: folder in which an index of it is looked for, and written.

    Raises:
        UsageError: a database is not alone, or its connection string holds a password.
        SourceError: there is no log, or it cannot be read. No password is named.
    """
    if names_database(places):
        from audit_console.sources.postgres import open_postgres

        return open_postgres(places[0])
    from audit_console.sources.archive import IndexStore, open_archive

    store = None if indexes is None else IndexStore(indexes)
    return open_archive(places, keep=keep, indexes=store)


def check_places(places: Sequence[str]) -> None:
    """Look whether there is a log at `places`, without reading it.

    Standard input can be read only once and is left alone, and so are a database and an
    object store: the screen says whether they answer.

    Raises:
        UsageError: a database is not alone, or its connection string holds a password.
        SourceError: there is no log, or it cannot be read. No password is named.
    """
    files = [place for place in places if names_files(place)]
    if not names_database(places) and files:
        from audit_console.sources.archive.files import find_files

        find_files(files)


def names_database(places: Sequence[str]) -> bool:
    """Tell whether `places` are a database and not files.

    Raises:
        UsageError: a database is not alone, or its connection string holds a password.
    """
    databases = [place for place in places if is_database(place)]
    if not databases:
        return False
    if len(places) > 1:
        raise UsageError(
            "a database is one log, and is opened alone",
            hint="Open the others one after the other",
        )
    from audit_console.database import refuse_password

    refuse_password(databases[0])
    return True
