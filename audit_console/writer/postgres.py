"""A chain in PostgreSQL, in the schema that `audit-console migrate` makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import NoReturn

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from audit_console.core.codec import EVENT_HASH_TAIL, Malformed, decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.hashing import leaf_hash
from audit_console.core.sealing import Head, Sealed
from audit_console.database import connect, connection_string, told
from audit_console.errors import ChainBroken, EventRefused, SinkUnavailable, WriterError
from audit_console.writer.sink import Seal

PATIENCE_SECONDS = 10
"""How long an append waits for a connection or for the chain, each, before it gives up."""

_ATTEMPTS = 3
"""How often a group is tried that a lost connection or a deadlock put out."""

_BEGIN_CHAIN = "INSERT INTO audit_chain_heads (chain) VALUES (%s) ON CONFLICT DO NOTHING"
_LOCK_HEAD = "SELECT FROM audit_chain_heads WHERE chain = %s FOR UPDATE"
_LAST = """
SELECT head.seq, head.event_hash,
    to_char(head.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    last.seq, last.line
FROM audit_chain_heads head LEFT JOIN LATERAL (
    SELECT seq, audit_event_line(event) AS line
    FROM audit_events event WHERE chain = head.chain ORDER BY seq DESC LIMIT 1
) last ON true
WHERE head.chain = %s"""
"""Not in the statement that locks: what that one sees is from before it had the lock."""

_INSERT = """
INSERT INTO audit_events SELECT * FROM json_populate_recordset(NULL::audit_events, %s)"""
"""Takes the lines as they are, in one statement for one event or a thousand: about as fast
as COPY, and in a pipeline, where COPY cannot be."""

_MOVE_HEAD = """
UPDATE audit_chain_heads SET seq = %s, event_hash = %s, recorded_at = %s WHERE chain = %s"""
_STORED = """
SELECT audit_event_line(event) FROM audit_events event
WHERE chain = %s AND id = ANY(%s::uuid[]) ORDER BY seq"""

_NO_WAITING = "SET LOCAL synchronous_commit = off"
_FLUSH = "SELECT pg_logical_emit_message(true, 'audit-console', '')"
"""Writes a record to the server's log, so that its commit flushes all that came before."""

_SESSION = """
SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
UNION ALL
SELECT set_config(name, %s, false) FROM pg_settings WHERE setting = '0'
    AND name IN ('lock_timeout', 'idle_in_transaction_session_timeout')"""
"""What was said to be durable is, and a writer that hangs does not stop the others for long."""


class PostgresSink:
    """Appends to one chain of a database.

    Every group is one transaction: it locks the chain's head row, checks the stored last
    event, inserts the group and moves the head. When a connection is lost while it commits,
    nobody knows whether the group is stored; the next try then meets its ids, and gives
    what is stored instead of storing it twice.
    """

    def __init__(self, dsn: str, *, chain: str, pool_size: int = 2) -> None:
        """Begin to connect; a server that is not there is said by the first append.

        Args:
            dsn: a libpq connection string; its search path leads to the schema.
            chain: name of the chain.
            pool_size: most connections at a time. Appends wait for each other at the head
                row, so one works while another is replaced.

        Raises:
            UsageError: the DSN is none.
        """
        self.chain = chain
        self._dsn = dsn
        self._unsynced = False
        self._pool = ConnectionPool(
            connection_string(dsn),
            kwargs={"autocommit": True},
            configure=_configure,
            min_size=1,
            max_size=pool_size,
            timeout=PATIENCE_SECONDS,
            name=f"audit chain {chain}",
            open=True,
        )

    def append(self, seal: Seal, *, durable: bool) -> Sequence[Sealed]:
        """Store a group of events, as `Sink.append` says.

        Raises:
            SinkUnavailable: the server does not take it now, or not from this user.
            ChainBroken: the last event that is stored is not the head of the chain.
            EventRefused: the database cannot hold an event, or has another one of its id.
        """
        for attempt in count(1):
            try:
                return self._append(seal, durable)
            except (errors.LockNotAvailable, PoolTimeout) as error:
                self._give_up(error)
            except psycopg.OperationalError as error:
                if attempt == _ATTEMPTS:
                    self._give_up(error)
                self._pool.check()
            except psycopg.Error as error:
                self._give_up(error)
        raise AssertionError("unreachable")

    def sync(self) -> None:
        """Make durable whatever was appended without.

        Raises:
            SinkUnavailable: the server does not answer.
        """
        if not self._unsynced:
            return
        try:
            with self._pool.connection() as connection:
                connection.execute(_FLUSH)
        except psycopg.Error as error:
            self._give_up(error)
        self._unsynced = False

    def close(self) -> None:
        """Give back the connections."""
        self._pool.close()

    def _append(self, seal: Seal, durable: bool) -> Sequence[Sealed]:
        with self._pool.connection() as connection:
            sealed: Sequence[Sealed] = []
            try:
                with connection.pipeline(), connection.transaction():
                    if not durable:
                        connection.execute(_NO_WAITING)
                    sealed = seal(self._locked_head(connection))
                    if sealed:
                        self._store(connection, sealed)
            except errors.UniqueViolation:
                return self._stored(connection, sealed)
        self._unsynced = self._unsynced or not durable
        return sealed

    def _locked_head(self, connection: psycopg.Connection) -> Head | None:
        """Lock the chain until the transaction ends, and give its head."""
        connection.execute(_BEGIN_CHAIN, [self.chain])
        connection.execute(_LOCK_HEAD, [self.chain])
        seq, event_hash, recorded_at, last_seq, line = (
            connection.execute(_LAST, [self.chain]).fetchone() or [None] * 5
        )
        if seq is None and last_seq is None:
            return None
        if seq != last_seq or not _ends_with_its_hash(line, event_hash):
            raise ChainBroken(
                f"{self.chain}: the last stored event (seq {last_seq}) is not the head of the"
                f" chain (seq {seq}) that was written",
                hint="Look at it with audit-console verify; nothing is put behind it",
            )
        return Head(self.chain, seq, event_hash, recorded_at)

    def _store(self, connection: psycopg.Connection, sealed: Sequence[Sealed]) -> None:
        lines = ",".join(one.line for one in sealed)
        head = sealed[-1].head
        connection.execute(_INSERT, [f"[{lines}]"])
        connection.execute(_MOVE_HEAD, [head.seq, head.event_hash, head.recorded_at, self.chain])

    def _stored(self, connection: psycopg.Connection, sealed: Sequence[Sealed]) -> Sequence[Sealed]:
        """Give a group that was stored by a try of which the answer was lost."""
        ids = [one.event.id for one in sealed]
        stored = [_read(line) for (line,) in connection.execute(_STORED, [self.chain, ids])]
        if [_draft(one.event) for one in stored] != [_draft(one.event) for one in sealed]:
            raise EventRefused(
                f"{self.chain}: an event of the same id is stored already",
                hint="Give each event an id of its own",
            )
        return stored

    def _give_up(self, error: psycopg.Error) -> NoReturn:
        """Raise what an error of psycopg comes to for who appends."""
        if isinstance(error, psycopg.DataError | psycopg.IntegrityError):
            raise EventRefused(f"{self.chain}: {told(error, self._dsn)}") from error
        if isinstance(error, PoolTimeout):
            error = self._reason(error)
        raise SinkUnavailable(
            f"{self.chain}: {told(error, self._dsn)}", hint=_hint(error)
        ) from error

    def _reason(self, timeout: PoolTimeout) -> psycopg.Error:
        """Say why there is no connection, which a pool does not."""
        try:
            connect(self._dsn).close()
        except psycopg.Error as error:
            return error
        return timeout


def _configure(connection: psycopg.Connection) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.read_only = False
    connection.execute(_SESSION, [f"{PATIENCE_SECONDS}s"])


def _ends_with_its_hash(line: str | None, event_hash: str) -> bool:
    if line is None:
        return False
    entry = line.encode()[:-EVENT_HASH_TAIL]
    return leaf_hash(entry) == event_hash and line.endswith(f',"event_hash":"{event_hash}"}}')


def _read(line: str) -> Sealed:
    event = decode_line(line)
    if isinstance(event, Malformed):
        raise ChainBroken(f"a stored event cannot be read: {event.reason}")
    return Sealed(event, line)


def _draft(event: AuditEvent) -> AuditEvent:
    """Leave out of an event what its place in the chain makes of it."""
    return replace(event, seq=None, recorded_at=None, previous_hash=None, event_hash=None)


def _hint(error: psycopg.Error) -> str:
    if isinstance(error, errors.UndefinedTable | errors.UndefinedFunction):
        return "Make the schema with: audit-console migrate DSN"
    if isinstance(error, errors.InsufficientPrivilege):
        return "Grant the role audit_writer to the user"
    return ""
