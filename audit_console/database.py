"""The way to a PostgreSQL server: what a DSN says, and what may be said about it.

A DSN is anything that libpq takes: `postgresql://…`, `service=…`, `host=… dbname=…`. The
log stands in the first schema of its search path, so that
`postgresql://host/db?options=-csearch_path%3Daudit` leads to the one in the schema `audit`.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from audit_console.core.places import SECRETS, may_hold_password
from audit_console.errors import UsageError

_DEFAULTS = {
    "fallback_application_name": "audit-console",
    "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", "10"),
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
}
"""What a DSN may change. A server that went away without a word is noticed in about 20 s."""

_ENCODING = {"client_encoding": "UTF8"}
"""What no DSN, service, user or variable changes: a log is UTF-8, and is read as its bytes."""

_CHECK_HOST = "Check the host in the connection string, or PGHOST"
_NO_WAY = (
    ("password", "Put the password into ~/.pgpass, a service file or PGPASSWORD"),
    ("pg_hba.conf", "The server lets nobody in this way: ask its administrator"),
    ("authentication", "Check the user, and ~/.pgpass, the service file or PGPASSWORD"),
    ("role", "Check the user in the connection string, or PGUSER"),
    ("definition of service", "Check the name, and ~/.pg_service.conf or PGSERVICEFILE"),
    ("host name", _CHECK_HOST),
    ("resolve host", _CHECK_HOST),
    ("SSL", "Check sslmode and the certificates"),
    ("connection slots", "The server takes no more connections: try again later"),
    ("too many clients", "The server takes no more connections: try again later"),
    ("starting up", "Try again in a moment"),
)
_CHECK_SERVER = "Check host and port, and that the server runs and can be reached from here"


def read_dsn(dsn: str) -> dict[str, str]:
    """Give the parts of a DSN, by libpq's names.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:  # whose message quotes parts of it, maybe of the password
        raise UsageError(
            "not a PostgreSQL connection string",
            hint="Use postgresql://user@host/database, or service=NAME",
        ) from None
    return {key: str(value) for key, value in parts.items() if value is not None}


def refuse_password(dsn: str) -> None:
    """Make sure that a DSN from a command line holds no password.

    Raises:
        UsageError: it does, so every process of the machine can read it.
    """
    parts = read_dsn(dsn)
    if parts.keys() & set(SECRETS) or any(map(may_hold_password, parts.values())):
        raise UsageError(
            "the connection string holds a password, which other users can see in the process list",
            hint="Leave it out, and put it into ~/.pgpass, a service file or PGPASSWORD",
        )


def label_of(dsn: str) -> str:
    """Name a database for people: where it is, never how to get in."""
    parts = read_dsn(dsn)
    if "service" in parts:
        return f"service={parts['service']}"
    port = f":{parts['port']}" if "port" in parts else ""
    user = f"{parts['user']}@" if "user" in parts else ""
    return f"postgresql://{user}{parts.get('host', '')}{port}/{parts.get('dbname', '')}"


def connection_string(dsn: str) -> str:
    """Complete a DSN with what every connection of this program has."""
    return make_conninfo("", **(_DEFAULTS | read_dsn(dsn) | _ENCODING))


def connect(dsn: str, **options: Any) -> psycopg.Connection:
    """Connect with autocommit; `options` are those of `psycopg.connect`.

    Raises:
        UsageError: the DSN is none.
        psycopg.OperationalError: no connection; `told` makes a line of it.
    """
    return psycopg.connect(connection_string(dsn), autocommit=True, **options)


def told(error: psycopg.Error, dsn: str) -> str:
    """Say in one line what the server or the way to it answered, without the password."""
    text = error.diag.message_primary or str(error)
    for name in SECRETS:
        secret = read_dsn(dsn).get(name)
        text = text.replace(secret, "…") if secret else text
    return "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def is_no_database(error: psycopg.Error, dsn: str) -> bool:
    """Tell whether the server answers and has no database of the name."""
    reason = told(error, dsn)
    return error.sqlstate == "3D000" or ('database "' in reason and "does not exist" in reason)


def told_of_connection(error: psycopg.Error, dsn: str) -> tuple[str, str]:
    """Say in one line why there is no connection, and what to do."""
    if is_no_database(error, dsn):
        said = "there is no such database"
        return f"{label_of(dsn)}: {said}", "Check its name in the connection string, or PGDATABASE"
    reason = told(error, dsn)
    hint = next((hint for part, hint in _NO_WAY if part in reason), _CHECK_SERVER)
    return f"{label_of(dsn)}: no connection: {_last_attempt(reason)}", hint


def _last_attempt(reason: str) -> str:
    """Leave out what libpq says of each address before the last, and psycopg before that."""
    return reason.rpartition(" failed: ")[2].removeprefix("connection is bad: ").strip(" .-")
