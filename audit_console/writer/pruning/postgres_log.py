"""A chain in PostgreSQL as retention sees it: its lines, and what is kept beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg import errors

from audit_console.core.event import format_time
from audit_console.core.holds import (
    ADDED_ACTION,
    REMOVED_ACTION,
    Hold,
    HoldChange,
    read_holds,
    told_changes,
)
from audit_console.core.notes import Note
from audit_console.core.prunes import (
    PRUNE_EVENT_TYPE,
    PRUNE_RESOURCE_TYPE,
    PruneRecord,
    read_prunes,
)
from audit_console.core.sealing import Head, SealedGroup, Unsealed, seal
from audit_console.database import connect, label_of, told
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning.request import require_valid_holds, require_valid_prunes

_ALONE, _TELLING = 0x61756469, 0x61756474  # "audi", "audt": first halves of keys of advisory locks
_FETCHED = 2_000

_Statement = tuple[LiteralString, Sequence[object]]
_Standing = tuple[object, ...] | None

_TAKE = "SELECT pg_catalog.pg_try_advisory_lock(%s, 'audit_holds'::regclass::oid::integer)"
_GIVE_BACK = "SELECT pg_catalog.pg_advisory_unlock(%s, 'audit_holds'::regclass::oid::integer)"
_TAKE_TO_TELL = "SELECT pg_catalog.pg_advisory_xact_lock(%s, 'audit_holds'::regclass::oid::integer)"
_STANDING = """
SELECT (SELECT pg_catalog.max(number) FROM audit_holds),
    (SELECT pg_catalog.count(*) FROM audit_prunes)"""
"""The last change of holds, and how many prunes: both tables are only added to."""
_MAY_PRUNE = """
SELECT pg_catalog.has_table_privilege('audit_prunes', 'INSERT')
    AND pg_catalog.has_table_privilege('audit_holds', 'INSERT')
    AND pg_catalog.has_function_privilege('audit_prune_events(text, bigint, bigint)', 'EXECUTE')"""
_LINES = """
SELECT seq, audit_event_line(e) FROM audit_events e
WHERE chain = %s AND seq > %s ORDER BY seq LIMIT %s"""
_HOLDS = "SELECT change FROM audit_holds ORDER BY number"
_TOLD_HOLDS = """
SELECT e.details FROM audit_chain_heads h
JOIN audit_events e ON e.resource_type = %s::text AND e.resource_id = h.chain
WHERE e.event_type = %s::text AND e.action = ANY(%s::text[])"""
_PRUNES = "SELECT record FROM audit_prunes WHERE chain = %s ORDER BY pruned_to"
_PRUNED_CHAINS = "SELECT DISTINCT chain FROM audit_prunes ORDER BY chain"
_NOTES = """
SELECT pg_catalog.json_build_object('note', note)::text FROM audit_checkpoints
WHERE chain = %s ORDER BY number"""
_ADD_HOLD = "INSERT INTO audit_holds (change) VALUES (%s)"
_ADD_PRUNE = "INSERT INTO audit_prunes (chain, pruned_to, record) VALUES (%s, %s, %s)"
_ADD_CHECKPOINT = "INSERT INTO audit_checkpoints (chain, size, note) VALUES (%s, %s, %s)"
_MAY_SIGN = "SELECT pg_catalog.has_table_privilege('audit_checkpoints', 'INSERT')"
_DELETE = "SELECT audit_prune_events(%s::text, %s::bigint, %s::bigint)"
_FIRST_SEQ = "SELECT seq FROM audit_events WHERE chain = %s ORDER BY seq LIMIT 1"


class PostgresLog:
    """A chain of a database, on one connection.

    Args:
        connection: with autocommit.
        dsn: of the same database.
        chain: name of the chain.
    """

    def __init__(self, connection: psycopg.Connection, dsn: str, chain: str) -> None:
        self._connection = connection
        self._dsn = dsn
        self._standing: _Standing = None
        self.chain = chain

    def chains(self) -> list[str]:
        """List the chains of the database that have events."""
        return self._texts("SELECT chain FROM audit_chain_heads WHERE seq IS NOT NULL ORDER BY 1")

    def of_pruned_chains(self) -> Iterator[PostgresLog]:
        """Give the chains of the database that were pruned, on the same connection."""
        for chain in self._texts(_PRUNED_CHAINS):
            yield PostgresLog(self._connection, self._dsn, chain)

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """Read the lines of the chain from seq `first` on, which nobody changes.

        By short statements: one long transaction would keep every version of the chain's head
        that writers leave behind, and each of them would have to pass over all of these.
        """
        last = first - 1
        while rows := self._connection.execute(_LINES, [self.chain, last, _FETCHED]).fetchall():
            yield from (line.encode() for _, line in rows)
            last = rows[-1][0]

    def holds(self) -> Sequence[Hold]:
        """Give the holds in force.

        Raises:
            PruneRefused: the book cannot be read to its end.
        """
        return require_valid_holds(read_holds(self._texts(_HOLDS)), "audit_holds")

    def told_holds(self) -> Sequence[HoldChange]:
        """Give the changes of holds of which the chains of the database tell."""
        about = [PRUNE_RESOURCE_TYPE, PRUNE_EVENT_TYPE, [ADDED_ACTION, REMOVED_ACTION]]
        return told_changes(text for (text,) in self._connection.execute(_TOLD_HOLDS, about))

    def latest_prune(self) -> PruneRecord | None:
        """Give the record of the last prune.

        Raises:
            PruneRefused: a record does not hold.
        """
        history = read_prunes(self.prune_records())
        return require_valid_prunes(history, "audit_prunes").latest(self.chain)

    def prune_records(self) -> list[str]:
        """Give the prune records of the chain, oldest first."""
        return self._texts(_PRUNES, self.chain)

    def notes(self) -> list[str]:
        """Give the checkpoints of the chain as an archive stores them, oldest first."""
        return self._texts(_NOTES, self.chain)

    def add_checkpoint(self, size: int, note: Note) -> None:
        """Keep a checkpoint over the first `size` events."""
        self._connection.execute(_ADD_CHECKPOINT, [self.chain, size, str(note)])

    def require_may_sign(self) -> None:
        """Refuse a user who may not keep checkpoints here.

        Raises:
            SinkUnavailable: this is one.
        """
        if self._connection.execute(_MAY_SIGN).fetchone() != (True,):
            raise SinkUnavailable(
                f"{label_of(self._dsn)}: this user may not store checkpoints",
                hint="let an administrator run: GRANT INSERT ON audit_checkpoints TO this user",
            )

    def first_seq(self) -> int:
        """Give the seq of the first event that is there."""
        row = self._connection.execute(_FIRST_SEQ, [self.chain]).fetchone()
        return int(row[0]) if row else 0

    def delete(self, first: int, end: int) -> None:
        """Delete a batch of what the latest record lets go."""
        self._connection.execute(_DELETE, [self.chain, first, end])

    def tell_of_prune(
        self, event: Unsealed, record: PruneRecord, now: datetime, *, delete: bool
    ) -> None:
        """Append the event of a prune, keep its record, maybe delete; all of it or nothing."""
        kept: _Statement = (_ADD_PRUNE, [self.chain, record.pruned_to, record.text])
        deleted: _Statement = (_DELETE, [self.chain, record.pruned_from, record.pruned_to])
        self._tell(event, now, [kept, deleted] if delete else [kept])

    def tell_of_hold(self, event: Unsealed, change: HoldChange, now: datetime) -> None:
        """Append the event of a change of holds and keep the change, both or none."""
        self._tell(event, now, [(_ADD_HOLD, [change.text])])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the retention of all chains of the schema: a hold is of all of them.

        Raises:
            PruneRefused: somebody else holds it, or this user may not prune.
        """
        if self._connection.execute(_MAY_PRUNE).fetchone() != (True,):
            raise PruneRefused(
                f"{label_of(self._dsn)}: this user has not the role audit_retention",
                hint="let an administrator run: GRANT audit_retention TO this user",
            )
        if self._connection.execute(_TAKE, [_ALONE]).fetchone() != (True,):
            raise PruneRefused(
                f"{label_of(self._dsn)}: another prune or change of holds is under way",
                hint="wait until it is done",
            )
        self._standing = self._connection.execute(_STANDING).fetchone()
        try:
            yield
        finally:  # the server would do it too, but behind the end of the connection
            with suppress(psycopg.OperationalError):  # it is lost, and the lock with it
                self._connection.execute(_GIVE_BACK, [_ALONE])

    def _tell(self, event: Unsealed, now: datetime, beside: Sequence[_Statement]) -> None:
        def seal_behind(head: Head | None) -> SealedGroup:
            return seal([event], chain=self.chain, head=head, recorded_at=format_time(now))

        with closing(_SinkBeside(self._dsn, self.chain, self._standing, beside)) as sink:
            sink.append(seal_behind, durable=True)

    def _texts(self, statement: LiteralString, *values: str) -> list[str]:
        return [text for (text,) in self._connection.execute(statement, values)]


class _SinkBeside(PostgresSink):
    """Runs statements in the transaction that appends the event about them.

    It looks whether all stands as it did: the connection that kept others away may be lost.
    """

    def __init__(
        self, dsn: str, chain: str, standing: _Standing, beside: Sequence[_Statement]
    ) -> None:
        super().__init__(dsn, chain=chain)
        self._standing = standing
        self._beside = beside

    def _store(self, connection: psycopg.Connection, group: SealedGroup) -> None:
        super()._store(connection, group)
        connection.execute(_TAKE_TO_TELL, [_TELLING])
        if connection.execute(_STANDING).fetchone() != self._standing:
            raise PruneRefused(
                f"{self.chain}: holds or prunes were changed meanwhile; nothing is done",
                hint="run it again",
            )
        for statement, values in self._beside:
            connection.execute(statement, values)


@contextmanager
def opened(dsn: str, chain: str) -> Iterator[PostgresLog]:
    """Open a chain for as long as the block lasts.

    Raises:
        SinkUnavailable: the server does not answer, or refuses.
        PruneRefused: the schema is not there, or this user has not the right.
    """
    try:
        with closing(connect(dsn)) as connection:
            yield PostgresLog(connection, dsn, chain)
    except (errors.UndefinedTable, errors.UndefinedFunction) as error:
        raise PruneRefused(
            f"{label_of(dsn)}: {told(error, dsn)}",
            hint="make the schema with: audit-console migrate DSN",
        ) from None
    except psycopg.Error as error:
        raise SinkUnavailable(
            f"{label_of(dsn)}: {told(error, dsn)}",
            hint="see whether the server answers, and what this user may do there",
        ) from None


def chains_of(dsn: str) -> list[str]:
    """List the chains of a database that have events.

    Raises:
        SinkUnavailable: the server does not answer, or refuses.
        PruneRefused: the schema is not there.
    """
    with opened(dsn, "") as log:
        return log.chains()


@contextmanager
def opened_alone(dsn: str, chain: str) -> Iterator[PostgresLog]:
    """Open a chain and hold the retention: one prune or change of holds at a time.

    Raises:
        SinkUnavailable: the server does not answer, or refuses.
        PruneRefused: somebody else holds it, or this user may not prune.
    """
    with opened(dsn, chain) as log, log.alone():
        yield log
