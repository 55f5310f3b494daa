"""What PostgreSQL and libpq say, as errors with one clear line and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from audit_console.database import is_no_database, label_of, told, told_of_connection
from audit_console.errors import (
    SourceError,
    SourceNotFound,
    SourceUnreached,
    SourceUnreadable,
)

STATEMENT_SECONDS = 60
"""How long the server works on one question before it gives up."""


_LOST = "Ask again: a new connection is made then"

_BY_STATE = {
    "42501": (
        "may not be read by this user, or only a part of it",
        "GRANT SELECT ON audit_events TO …; where policies hide rows, ALTER ROLE … BYPASSRLS",
    ),
    "42P01": ("is not the log that it was: a table is gone", "Open it again"),
    "42703": ("is not the log that it was: a column is gone", "Open it again"),
    "53300": ("takes no more connections", "Try again later"),
    "57014": (
        f"took longer than {STATEMENT_SECONDS} seconds to answer",
        "Narrow the filter, to a shorter time for one",
    ),
}


def no_connection(error: psycopg.Error, dsn: str) -> SourceError:
    """Say why there is no connection."""
    said, hint = told_of_connection(error, dsn)
    kind = SourceNotFound if is_no_database(error, dsn) else SourceUnreached
    return kind(said, hint=hint)


def refused(error: psycopg.Error, dsn: str) -> SourceError:
    """Say why a question has no answer."""
    label = label_of(dsn)
    if error.sqlstate in _BY_STATE:
        what, hint = _BY_STATE[error.sqlstate]
        return SourceUnreadable(f"{label} {what}", hint=hint)
    if error.sqlstate is None or error.sqlstate[:2] in ("08", "57"):
        return SourceUnreached(f"the connection to {label} was lost", hint=_LOST)
    return SourceUnreadable(
        f"{label} refuses the question: {told(error, dsn)} ({error.sqlstate})",
        hint="If the log was altered while it was open, open it again",
    )


@contextmanager
def faults_told(dsn: str) -> Iterator[None]:
    """Turn what goes wrong with questions into errors that can be shown.

    Raises:
        SourceError: in the place of what psycopg raises, whose texts may quote the DSN.
    """
    try:
        yield
    except psycopg.Error as error:
        raise refused(error, dsn) from None
