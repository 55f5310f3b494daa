"""Places that a log can be opened at, told apart by how they are written."""

from __future__ import annotations

import re

_DATABASE = re.compile(
    r"postgres(ql)?://"
    r"|(service|host|hostaddr|port|dbname|user|password|passfile|sslmode|options) *="
)


def is_database(place: str) -> bool:
    """Tell whether a place is a connection string of libpq: a URI, or words with values."""
    return _DATABASE.match(place) is not None
