"""Places that a log can be opened at, told apart by how they are written."""

from __future__ import annotations

import re

_DATABASE = re.compile(
    r"postgres(ql)?://"
    r"|(service|host|hostaddr|port|dbname|user|password|passfile|sslmode|options) *="
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_database(place: str) -> bool:
    """Tell whether a place is a connection string of libpq: a URI, or words with values."""
    return _DATABASE.match(place) is not None


def is_remote(place: str) -> bool:
    """Tell whether a place is an address in an object store."""
    return place.startswith("s3://")


def is_address(place: str) -> bool:
    """Tell whether a place is written as an address, which may hold a password."""
    return _ADDRESS.match(place) is not None


def names_files(place: str) -> bool:
    """Tell whether a place names files of this machine, and not what is piped in or elsewhere."""
    return place != "-" and not is_database(place) and not is_remote(place)
