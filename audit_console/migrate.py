"""Brings a PostgreSQL database to the schema of the log.

Migrations only go forward. Each runs in a transaction of its own and is kept, with the
SHA-256 of its text, in `audit_schema_migrations`; an advisory lock lets one program
migrate at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from audit_console.database import connect, label_of, told, told_of_connection
from audit_console.errors import MigrationError

_LOCK = 0x61756469745F6D69  # "audit_mi", the key of the advisory lock

_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS audit_schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)"""

_STRANGERS = """
WITH here AS (
    SELECT pg_namespace.oid, nspowner, datdba FROM pg_namespace, pg_database
    WHERE nspname = pg_catalog.current_schema() AND datname = pg_catalog.current_database()
), strangers AS (
    SELECT role.oid, role.rolname FROM here, pg_roles AS me, pg_roles AS role
    WHERE me.rolname = current_user
        AND NOT role.rolsuper AND role.oid NOT IN (me.oid, here.nspowner, here.datdba)
        AND (me.rolsuper OR NOT pg_catalog.pg_has_role(role.oid, 'USAGE'))
)
"""
"""Roles that who migrates must not trust: they have the rights of neither it nor the owners."""

_OWN_TABLE = """
{strangers}
SELECT (SELECT rolname FROM strangers WHERE strangers.oid = relowner),
    relkind = 'r' AND NOT relrowsecurity
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid)
    AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid)
FROM pg_class, here WHERE relnamespace = here.oid AND relname = 'audit_schema_migrations'
"""
_SHADOWS = """
{strangers}, made AS (
    SELECT proname AS name, pronamespace AS namespace, proowner AS owner FROM pg_proc
    UNION ALL SELECT oprname, oprnamespace, oprowner FROM pg_operator
)
SELECT made.name, rolname FROM made, here, strangers
WHERE made.namespace = here.oid AND made.owner = strangers.oid AND made.name IN (
    SELECT name FROM made WHERE namespace = 'pg_catalog'::regnamespace
) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: a file of SQL statements."""

    version: int
    name: str
    statements: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """Lower-case hex of the SHA-256 of the statements."""
        return hashlib.sha256(self.statements.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.version:04} {self.name}"


class MigrationState(NamedTuple):
    """A migration, and when it was applied to a database; None if it was not."""

    migration: Migration
    applied_at: datetime | None


@cache
def known_migrations() -> Sequence[Migration]:
    """Give the migrations that this program brings along, in their order."""
    package = Path(__file__).parent
    shipped = package / "migrations"
    folder = shipped if shipped.is_dir() else package.parent / "migrations"
    return [_read(path) for path in sorted(folder.glob("[0-9]*.sql"))]


def _read(path: Path) -> Migration:
    version, _, name = path.stem.partition("_")
    return Migration(int(version), name, path.read_text(encoding="utf-8"))


def migrate(
    dsn: str, *, migrations: Sequence[Migration] | None = None, dry_run: bool = False
) -> list[Migration]:
    """Apply what is missing, and give it.

    Args:
        dsn: the database; the first schema of its search path is migrated.
        migrations: all that there are; those of this program unless given.
        dry_run: apply it, but take everything back.

    Raises:
        MigrationError: the database cannot be migrated; `hint` says what to do.
        UsageError: the DSN is none.
    """
    known = known_migrations() if migrations is None else migrations
    with _connection(dsn) as connection, _locked(connection):
        pending = [state.migration for state in _states(connection, known) if not state.applied_at]
        if len(pending) == len(known):
            _check_unused(connection)
        if pending:
            _check_shadows(connection)
        with connection.transaction(force_rollback=True) if dry_run else nullcontext():
            for migration in pending:
                _apply(connection, migration, dsn)
    return pending


def status(dsn: str) -> list[MigrationState]:
    """Say which migrations a database has; nothing is written.

    Raises:
        MigrationError: it has others than this program knows, or cannot be looked at.
        UsageError: the DSN is none.
    """
    with _connection(dsn) as connection:
        return _states(connection, known_migrations())


@contextmanager
def _connection(dsn: str) -> Iterator[psycopg.Connection]:
    try:
        opened = connect(dsn)
    except psycopg.Error as error:
        said, hint = told_of_connection(error, dsn)
        raise MigrationError(said, hint=hint) from error
    try:
        with closing(opened) as connection:
            yield connection
    except psycopg.Error as error:
        said = f"{label_of(dsn)}: {told(error, dsn)}"
        raise MigrationError(said, hint=_hint(error)) from error


@contextmanager
def _locked(connection: psycopg.Connection) -> Iterator[None]:
    """Let no other program migrate; the lock ends with the connection at the latest."""
    connection.execute("SELECT pg_catalog.pg_advisory_lock(%s)", [_LOCK])
    yield
    connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", [_LOCK])


def _states(connection: psycopg.Connection, known: Sequence[Migration]) -> list[MigrationState]:
    applied = _applied(connection)
    unknown = [version for version in applied if version not in {one.version for one in known}]
    if unknown:
        raise MigrationError(
            f"the database is at version {max(unknown)}, which this program does not know",
            hint="Use the newer audit-console that migrated it",
        )
    for migration in known:
        checksum = applied[migration.version][0] if migration.version in applied else None
        if checksum not in (None, migration.checksum):
            raise MigrationError(
                f"migration {migration} was applied to this database with another content",
                hint="A migration never changes: reinstall audit-console, and see who migrated",
            )
    return [MigrationState(one, applied.get(one.version, ("", None))[1]) for one in known]


def _applied(connection: psycopg.Connection) -> dict[int, tuple[str, datetime | None]]:
    if not _has_own_table(connection):
        return {}
    rows = connection.execute("SELECT version, checksum, applied_at FROM audit_schema_migrations")
    return {version: (checksum, applied_at) for version, checksum, applied_at in rows}


def _has_own_table(connection: psycopg.Connection) -> bool:
    """Tell whether the table of migrations is there.

    Raises:
        MigrationError: it is, and who writes to it would run what somebody else made.
    """
    row = _first_row(connection, _OWN_TABLE)
    if row is None:
        return False
    stranger, is_plain = row
    if stranger is not None or not is_plain:
        plain = "is not a plain table without triggers, rules and policies"
        raise MigrationError(
            f"audit_schema_migrations {f'was made by {stranger}' if stranger else plain}: "
            "nothing is written to it",
            hint="See who made it. If it is right, migrate as its owner; else drop it, and REVOKE"
            " CREATE ON SCHEMA from who made it",
        )
    return True


def _check_shadows(connection: psycopg.Connection) -> None:
    """Refuse a schema in which a migration could call somebody else's function for PostgreSQL's.

    Raises:
        MigrationError: it is one.
    """
    row = _first_row(connection, _SHADOWS)
    if row is not None:
        name, stranger = row
        raise MigrationError(
            f"{stranger} made {name} in this schema, which PostgreSQL could take for its own",
            hint="Drop it, and REVOKE CREATE ON SCHEMA from who made it, or take another schema",
        )


def _first_row(connection: psycopg.Connection, text: LiteralString) -> tuple[Any, ...] | None:
    statement = sql.SQL(text).format(strangers=sql.SQL(_STRANGERS))
    return connection.execute(statement).fetchone()


def _has_table(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(
        "SELECT FROM pg_tables WHERE schemaname = pg_catalog.current_schema() AND tablename = %s",
        [name],
    ).fetchone()
    return row is not None


def _check_unused(connection: psycopg.Connection) -> None:
    """Refuse a database that cannot have the schema."""
    schema, encoding = connection.execute(
        "SELECT pg_catalog.current_schema(), pg_catalog.current_setting('server_encoding')"
    ).fetchone() or (None, "")
    if schema is None:
        raise MigrationError(
            "the search path of this connection leads to no schema",
            hint="Create the schema that it names, or name another one",
        )
    if encoding != "UTF8":
        raise MigrationError(
            f"the database is encoded in {encoding}, and a log needs UTF8",
            hint="Create one: CREATE DATABASE audit ENCODING 'UTF8' TEMPLATE template0",
        )
    if _has_table(connection, "audit_events"):
        raise MigrationError(
            f"schema {schema} has a table audit_events already, which this program did not make",
            hint="Take another schema: CREATE SCHEMA audit, and add to the connection string"
            " ?options=-csearch_path%3Daudit",
        )


def _apply(connection: psycopg.Connection, migration: Migration, dsn: str) -> None:
    """Apply one migration in a transaction of its own, or say which one failed."""
    try:
        with connection.transaction():
            schema = connection.execute(
                "SELECT pg_catalog.quote_ident(pg_catalog.current_schema())"
            ).fetchone()
            path = f"{schema[0] if schema else ''}, pg_temp"
            connection.execute("SELECT pg_catalog.set_config('search_path', %s, true)", [path])
            connection.execute(_CREATE_TABLE)
            _has_own_table(connection)
            connection.execute(sql.SQL(migration.statements))
            connection.execute(
                "INSERT INTO audit_schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.checksum],
            )
    except psycopg.Error as error:
        raise MigrationError(
            f"migration {migration} failed: {told(error, dsn)}",
            hint=_hint(error),
        ) from error


def _hint(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return error.diag.message_hint or "Migrate as the user who owns the schema"
    return error.diag.message_hint or ""
