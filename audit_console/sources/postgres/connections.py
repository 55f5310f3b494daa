"""Connections to a server: made when they are needed, read-only, one question at a time each."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Lock

import psycopg

from audit_console.database import connect
from audit_console.errors import SourceUnreadable
from audit_console.sources.cancelling import stoppable
from audit_console.sources.postgres.faults import STATEMENT_SECONDS, faults_told, no_connection

KEPT = 4
"""Connections that are kept for the next question."""

_SECONDS_TO_CANCEL = 5
_PATIENCE = {"keepalives_idle": 30, "tcp_user_timeout": 30_000}
"""So that a server that is gone without a word is noticed."""

_SETTINGS = {
    "search_path": "",  # or a function that anybody made in the log's schema could answer
    "default_transaction_read_only": "on",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{10 * STATEMENT_SECONDS}s",
    "timezone": "UTC",
    "datestyle": "ISO",
    "jit": "off",  # compiling takes longer than a page
    "parallel_leader_participation": "off",  # who counts takes in nothing, and the others wait
    "effective_io_concurrency": "0",  # what is read lies in order, and the system reads ahead
    "row_security": "off",  # a policy that hides rows is an error: no part is shown as the log
}


_PREPARE = """
SELECT schemas, {settings}
FROM (SELECT pg_catalog.current_schemas(false) AS schemas OFFSET 0) AS before
"""
_SET = "pg_catalog.set_config(%s, %s, false)"


class Connections:
    """Connections for questions. Each question reads one snapshot and cannot write.

    No name leads out of `pg_catalog`: a statement names the schema of what it reads.

    Attributes:
        schemas: those to which the way in leads, in the order in which a log is looked for.
    """

    def __init__(self, dsn: str) -> None:
        self.schemas: Sequence[str] = ()
        self._dsn = dsn
        self._lock = Lock()
        self._idle: list[psycopg.Connection] = []
        self._closed = False

    @contextmanager
    def question(self, *, endless: bool = False) -> Iterator[psycopg.Connection]:
        """Give a connection for one question; whoever asked can take it back.

        Args:
            endless: let the server take as long as it needs.

        Raises:
            SourceError: there is no connection, or the block met a fault of the server.
        """
        connection = self._take()
        try:
            with faults_told(self._dsn), stoppable(lambda: _cancel(connection)):
                if endless:
                    connection.execute("SET LOCAL statement_timeout = 0")
                yield connection
                connection.rollback()
        except BaseException:
            _cancel(connection)
            connection.close()
            raise
        self._give_back(connection)

    def close(self) -> None:
        """Close what is idle at once, and the others behind their question."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> psycopg.Connection:
        with self._lock:
            if self._closed:
                raise SourceUnreadable("the log was closed")
            while self._idle:
                connection = self._idle.pop()
                if _is_alive(connection):
                    return connection
                connection.close()
        return self._connect()

    def _connect(self) -> psycopg.Connection:
        try:
            connection = connect(self._dsn, prepare_threshold=None, **_PATIENCE)
        except psycopg.Error as error:
            raise no_connection(error, self._dsn) from None
        with ExitStack() as unless_ready, faults_told(self._dsn):
            unless_ready.callback(connection.close)
            self.schemas = _prepare(connection)
            unless_ready.pop_all()
        return connection

    def _give_back(self, connection: psycopg.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        connection.close()


def _prepare(connection: psycopg.Connection) -> Sequence[str]:
    """Let a connection do nothing but read, one snapshot in each transaction.

    Returns:
        the schemas of its search path, which it has no more.
    """
    settings = ", ".join([_SET] * len(_SETTINGS))
    values = [text for setting in _SETTINGS.items() for text in setting]
    statement = _PREPARE.format(settings=settings).encode()
    schemas, *_ = connection.execute(statement, values).fetchall()[0]
    connection.autocommit = False
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return list(schemas)


def _is_alive(connection: psycopg.Connection) -> bool:
    """Tell whether the server kept quiet: what it says unasked is that it closes."""
    return not select.select([connection.fileno()], [], [], 0)[0]


def _cancel(connection: psycopg.Connection) -> None:
    """Stop what the server does for a connection, as far as it can still be reached."""
    if connection.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
        try:
            connection.cancel_safe(timeout=_SECONDS_TO_CANCEL)
        except psycopg.Error:
            return
