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

from audit_console.core.places import SECRETS
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
    if read_dsn(dsn).keys() & set(SECRETS):
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
