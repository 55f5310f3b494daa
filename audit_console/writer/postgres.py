"""A chain in PostgreSQL, in the schema that `audit-console migrate` makes."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from audit_console.core.codec import EVENT_HASH_TAIL
from audit_console.core.hashing import leaf_hash
from audit_console.core.sealing import Head, SealedGroup, seal
from audit_console.database import connect, connection_string, read_dsn, told, told_of_connection
from audit_console.errors import ChainBroken, EventRefused, SinkUnavailable, WriterError
from audit_console.writer.arguments import require_kind
from audit_console.writer.forking import renew_in_child
from audit_console.writer.sink import Seal, require_chain_name

_LOG = logging.getLogger("audit_console.writer")

PATIENCE_SECONDS = 10
"""How long an append waits for a connection, and for other writers of the chain."""

_ATTEMPTS = 3
"""How often a group is tried that a lost connection or a deadlock put out."""

# Statements call `pg_catalog` by name, and give what else they call arguments of its own types:
# a role that may make functions in the log's schema could have them run by who writes.
_BEGIN_CHAIN = "INSERT INTO audit_chain_heads (chain) VALUES (%s) ON CONFLICT DO NOTHING"
_LOCK_HEAD = "SELECT FROM audit_chain_heads WHERE chain = %s FOR UPDATE"
_LAST = """
SELECT head.seq, head.event_hash,
    pg_catalog.to_char(head.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    last.seq, last.line
FROM audit_chain_heads head LEFT JOIN LATERAL (
    SELECT seq, audit_event_line(event) AS line
    FROM audit_events event WHERE chain = head.chain ORDER BY seq DESC LIMIT 1
) last ON true
WHERE head.chain = %s"""
"""A statement after the one that locks, which sees the table as it was before it waited."""

_INSERT = """
INSERT INTO audit_events
SELECT * FROM pg_catalog.json_populate_recordset(NULL::audit_events, %s)"""
"""Takes the lines as they are, in one statement for one event or a thousand. About as fast
as COPY, which would need a round trip of its own."""

_MOVE_HEAD = """
UPDATE audit_chain_heads SET seq = %s, event_hash = %s, recorded_at = %s WHERE chain = %s"""
_STORED = """
SELECT seq,
    pg_catalog.to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    previous_hash, audit_event_line(event)
FROM audit_events event WHERE chain = %s AND id = ANY(%s::uuid[]) ORDER BY seq"""

_NOT_DURABLE = "SET LOCAL synchronous_commit = off"
_FLUSH = "SELECT pg_catalog.pg_logical_emit_message(true, 'audit-console', '')"
"""Writes a record into the server's log, so that its commit flushes all that came before."""
_KEPT = "SELECT FROM audit_events WHERE chain = %s AND seq = %s AND event_hash = %s"

_SESSION = """
SELECT pg_catalog.set_config('synchronous_commit', 'on', false)
    WHERE pg_catalog.current_setting('synchronous_commit') = 'off'
UNION ALL
SELECT pg_catalog.set_config(name, %s, false) FROM pg_settings WHERE setting = '0'
    AND name IN ('lock_timeout', 'idle_in_transaction_session_timeout')"""
"""What is said to be durable is, and a writer that hangs does not stop the others for long."""


class PostgresSink:
    """Appends to one chain of a database.

    Every group is one transaction: it locks the chain's head row, checks the stored last
    event, inserts the group and moves the head. When a connection is lost while it commits,
    nobody knows whether the group is stored; the next try then meets its ids, and gives
    what is stored instead of storing it twice.
    """

    def __init__(self, dsn: str, *, chain: str) -> None:
        """Begin to connect; that a server is not there is said by the first append.

        Args:
            dsn: a libpq connection string; its search path leads to the schema.
            chain: name of the chain.

        Raises:
            UsageError: the DSN or the name is none.
        """
        require_chain_name(chain)
        require_kind("dsn", dsn, str)
        read_dsn(dsn)
        self._chain = chain
        self._dsn = dsn
        self._closed = False
        self.renew()
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child: the connections are the parent's."""
        self._unsynced: Head | None = None
        self._pool = ConnectionPool(
            connection_string(self._dsn),
            kwargs={"autocommit": True},
            configure=_configure,
            min_size=1,
            max_size=1,  # appends wait for each other at the head row anyway
            timeout=PATIENCE_SECONDS,
            name=f"audit chain {self._chain}",
            open=not self._closed,
        )

    @property
    def chain(self) -> str:
        """Name of the chain that is written."""
        return self._chain

    @property
    def dsn(self) -> str:
        """The way to the database; it may hold a password."""
        return self._dsn

    def append(self, seal: Seal, *, durable: bool) -> SealedGroup:
        """Store a group of events, as `Sink.append` says.

        Raises:
            SinkUnavailable: the server does not take it now, or not from this user. If the
                connection was lost while it committed, the group may be stored; appending
                it again finds out.
            ChainBroken: the last event that is stored is not the head of the chain.
            EventRefused: the database cannot hold an event, or has another one of its id.
        """
        if durable:
            self.sync()
        try:
            group = self._append_at_last(seal, durable)
        except psycopg.Error as error:
            raise self._refusal(error) from error
        if durable:
            self.sync()
        return group

    def sync(self) -> None:
        """Make durable whatever was appended without.

        Raises:
            SinkUnavailable: the server does not answer, or stopped and lost such events.
        """
        if self._unsynced is None:
            return
        try:
            lost = self._flush()
        except psycopg.Error as error:
            raise self._refusal(error) from error
        if lost is not None:
            said = f"{self._chain}: the server stopped and lost events up to seq {lost.seq}"
            _LOG.error(said)  # who tries again is told only once
            raise SinkUnavailable(
                said, hint="Only what is appended durably is there when a call returns"
            )

    def close(self) -> None:
        """Give back the connections."""
        self._closed = True
        self._pool.close()

    def _flush(self) -> Head | None:
        """Put on disk what was appended; give the last event of it if the server lost that."""
        with self._pool.connection() as connection:  # while it is held nobody else appends
            unsynced = self._unsynced
            if unsynced is None:
                return None
            connection.execute(_FLUSH)
            kept = connection.execute(_KEPT, unsynced[:3]).fetchone()
            self._unsynced = None
        return unsynced if kept is None else None

    def _append_at_last(self, seal: Seal, durable: bool) -> SealedGroup:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._append(seal, durable)
            except (errors.LockNotAvailable, PoolTimeout):
                raise  # it was waited for
            except psycopg.OperationalError:
                self._pool.check()
        return self._append(seal, durable)

    def _append(self, seal: Seal, durable: bool) -> SealedGroup:
        with self._pool.connection() as connection:
            try:
                with connection.pipeline() as pipeline, connection.transaction():
                    if not durable:
                        connection.execute(_NOT_DURABLE)
                    group = seal(self._locked_head(connection, pipeline))
                    if group:
                        self._store(connection, group)
            except errors.UniqueViolation as error:
                if error.diag.constraint_name != "audit_events_id_key":
                    raise self._broken("there is an event after its head") from error
                group = self._stored(connection, group)
                durable = False  # as far as anybody knows
            if group and not durable:
                self._unsynced = group.head
            return group

    def _locked_head(
        self, connection: psycopg.Connection, pipeline: psycopg.Pipeline
    ) -> Head | None:
        """Lock the chain until the transaction ends, and give its head."""
        connection.execute(_BEGIN_CHAIN, [self._chain])
        connection.execute(_LOCK_HEAD, [self._chain])
        asked = connection.execute(_LAST, [self._chain])
        pipeline.sync()  # from here on the server counts the time that it waits for us
        last: tuple[Any, ...] = asked.fetchone() or (None,) * 5
        seq, event_hash, recorded_at, last_seq, line = last
        if seq is None and last_seq is None:
            return None
        if seq != last_seq or not _ends_with_its_hash(line, event_hash):
            raise self._broken(f"its last stored event, seq {last_seq}, is not its head, seq {seq}")
        return Head(self._chain, seq, event_hash, recorded_at)

    def _store(self, connection: psycopg.Connection, group: SealedGroup) -> None:
        lines = b",".join(group.lines).decode()
        head = group.head
        connection.execute(_INSERT, [f"[{lines}]"])
        connection.execute(_MOVE_HEAD, [head.seq, head.event_hash, head.recorded_at, self._chain])

    def _stored(self, connection: psycopg.Connection, group: SealedGroup) -> SealedGroup:
        """Give a group that was stored by a try of which the answer was lost.

        Sealed behind the event that is before its first one, it is what is stored.
        """
        ids = [event.id for event in group.events]
        rows = connection.execute(_STORED, [self._chain, ids]).fetchall()
        if rows:
            seq, recorded_at, previous_hash, _ = rows[0]
            before = Head(self._chain, seq - 1, previous_hash, recorded_at)
            stored = seal(group.events, chain=self._chain, head=before, recorded_at=recorded_at)
            if [line.decode() for line in stored.lines] == [line for *_, line in rows]:
                return stored
        raise EventRefused(
            f"{self._chain}: another event of the same id is stored already",
            hint="Give each event an id of its own",
        )

    def _broken(self, what: str) -> ChainBroken:
        return ChainBroken(
            f"{self._chain}: {what}, so nothing is put after it",
            hint="Look at the chain with: audit-console verify DSN",
        )

    def _refusal(self, error: psycopg.Error) -> WriterError:
        """Give what an error of psycopg comes to for who appends."""
        if isinstance(error, psycopg.DataError | psycopg.IntegrityError):
            return EventRefused(f"{self._chain}: {told(error, self._dsn)}")
        if isinstance(error, PoolTimeout) and (reason := self._reason()):
            said, hint = told_of_connection(reason, self._dsn)
            return SinkUnavailable(f"{self._chain}: {said}", hint=hint)
        return SinkUnavailable(f"{self._chain}: {told(error, self._dsn)}", hint=_hint(error))

    def _reason(self) -> psycopg.Error | None:
        """Find why there is no connection, which a pool does not say; None where there is one."""
        try:
            connect(self._dsn).close()
        except psycopg.Error as error:
            return error
        return None


def _configure(connection: psycopg.Connection) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.read_only = False
    connection.execute(_SESSION, [f"{PATIENCE_SECONDS}s"])


def _ends_with_its_hash(line: str, event_hash: str) -> bool:
    entry, tail = line[:-EVENT_HASH_TAIL], line[-EVENT_HASH_TAIL:]
    return leaf_hash(entry.encode()) == event_hash and event_hash in tail


def _hint(error: psycopg.Error) -> str:
    if isinstance(error, errors.UndefinedTable | errors.UndefinedFunction):
        return "Make the schema with: audit-console migrate DSN"
    if isinstance(error, errors.InsufficientPrivilege):
        return "Let an administrator run: GRANT audit_writer TO this user"
    return ""
