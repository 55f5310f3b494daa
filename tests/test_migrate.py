"""Migrations: forward only, each once, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from audit_console.errors import MigrationError, UsageError
from audit_console.migrate import Migration, known_migrations, migrate, status
from tests.support.postgres import database_of, with_database

LATER = known_migrations()[-1].version + 1
NEXT = Migration(LATER, "more", "CREATE TABLE more (n integer); INSERT INTO more VALUES (1)")
BROKEN = Migration(LATER, "broken", "CREATE TABLE more (n integer); SELECT 1 / 0")
ORCHESTRATOR = "CREATE TABLE audit_events (id uuid PRIMARY KEY, details jsonb, ip_address inet)"


def tables_of(dsn: str, schema: str = "public") -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {name for (name,) in rows}


def executed(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(statement))


def test_what_is_missing_is_applied_once(empty_database: str) -> None:
    known = known_migrations()
    assert migrate(empty_database) == known
    assert migrate(empty_database) == []
    assert migrate(empty_database, migrations=[*known, NEXT]) == [NEXT]
    assert {"audit_events", "more", "audit_schema_migrations"} <= tables_of(empty_database)


def test_the_status_says_when_and_changes_nothing(empty_database: str) -> None:
    assert {step.applied_at for step in status(empty_database)} == {None}
    assert tables_of(empty_database) == set()
    migrate(empty_database)
    steps = status(empty_database)
    assert [step.migration for step in steps] == known_migrations()
    assert all(step.applied_at for step in steps)


def test_a_dry_run_finds_what_fails_and_leaves_nothing(empty_database: str) -> None:
    known = known_migrations()
    assert migrate(empty_database, dry_run=True) == known
    with pytest.raises(MigrationError, match=f"{BROKEN} failed: division by zero"):
        migrate(empty_database, migrations=[*known, BROKEN], dry_run=True)
    assert tables_of(empty_database) == set()


def test_a_migration_that_fails_leaves_those_before_it(empty_database: str) -> None:
    known = known_migrations()
    with pytest.raises(MigrationError, match=f"{BROKEN} failed"):
        migrate(empty_database, migrations=[*known, BROKEN])
    assert "more" not in tables_of(empty_database)
    assert migrate(empty_database, migrations=[*known, NEXT]) == [NEXT]


def test_one_of_many_at_once_migrates(empty_database: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        applied = list(threads.map(lambda _: migrate(empty_database), range(6)))
    assert sorted(len(one) for one in applied) == [0] * 5 + [len(known_migrations())]


def test_a_migration_that_was_changed_is_refused(empty_database: str) -> None:
    migrate(empty_database)
    *before, last = known_migrations()
    changed = replace(last, statements=last.statements + "\n-- one more line")
    with pytest.raises(MigrationError, match="applied to this database with another content"):
        migrate(empty_database, migrations=[*before, changed, NEXT])
    assert "more" not in tables_of(empty_database)


def test_a_database_of_a_newer_program_is_refused(empty_database: str) -> None:
    migrate(empty_database, migrations=[*known_migrations(), NEXT])
    for look in (migrate, status):
        with pytest.raises(MigrationError, match=f"version {LATER}, which this program"):
            look(empty_database)


def test_the_orchestrators_table_is_left_alone(empty_database: str) -> None:
    executed(empty_database, ORCHESTRATOR)
    with pytest.raises(MigrationError, match="schema public has a table audit_events") as caught:
        migrate(empty_database)
    assert "search_path" in caught.value.hint
    assert tables_of(empty_database) == {"audit_events"}


def test_another_schema_of_the_same_database_is_chosen_in_the_dsn(empty_database: str) -> None:
    executed(empty_database, ORCHESTRATOR)
    there = f"{empty_database}&options=-csearch_path%3D%22audit-2%22"
    with pytest.raises(MigrationError, match="leads to no schema"):
        migrate(there)
    executed(empty_database, 'CREATE SCHEMA "audit-2"')
    assert migrate(there) == known_migrations()
    assert tables_of(empty_database) == {"audit_events"}
    assert "audit_chain_heads" in tables_of(empty_database, "audit-2")
    assert status(there)[0].applied_at
    assert not status(empty_database)[0].applied_at


TABLE = "CREATE TABLE audit_schema_migrations (version int, name text, checksum text"
TRIGGER = """
CREATE FUNCTION hijack() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'run by %', current_user; END $$;
CREATE TRIGGER hijack BEFORE INSERT ON audit_schema_migrations EXECUTE FUNCTION hijack()
"""
MADE_BEFORE = {
    "table with a default": f"{TABLE}, applied_at text DEFAULT run())",
    "table with a trigger": f"{TABLE}, applied_at timestamptz); {TRIGGER}",
    "view": "CREATE VIEW audit_schema_migrations AS SELECT run() AS version",
    "function": "CREATE FUNCTION format(text, text) RETURNS text LANGUAGE sql AS 'SELECT run()'",
    "operator": "CREATE OPERATOR || (LEFTARG = text, RIGHTARG = name, FUNCTION = join_them)",
}
RUN = """
CREATE FUNCTION run() RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'run by %', current_user; END $$;
CREATE FUNCTION join_them(text, name) RETURNS text LANGUAGE sql AS 'SELECT run()';
"""


@pytest.fixture
def mallory(empty_database: str) -> Iterator[str]:
    """The name of a role that may make things in the schema, and nothing else."""
    name = f"mallory_{uuid4().hex}"
    executed(empty_database, f"CREATE ROLE {name}; GRANT CREATE ON SCHEMA public TO {name}")
    yield name
    executed(empty_database, f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


@pytest.mark.parametrize("made", MADE_BEFORE)
def test_what_somebody_else_made_is_not_run(empty_database: str, mallory: str, made: str) -> None:
    executed(empty_database, f"SET ROLE {mallory}; {RUN} {MADE_BEFORE[made]}")
    with pytest.raises(MigrationError, match=mallory) as caught:
        migrate(empty_database)
    assert "REVOKE CREATE ON SCHEMA" in caught.value.hint
    assert tables_of(empty_database) <= {"audit_schema_migrations"}


@pytest.mark.parametrize(
    "made", [TRIGGER, "ALTER TABLE audit_schema_migrations ENABLE ROW LEVEL SECURITY"]
)
def test_a_table_of_migrations_that_does_something_is_refused(
    empty_database: str, made: str
) -> None:
    migrate(empty_database)
    executed(empty_database, made)
    for look in (migrate, status):
        with pytest.raises(MigrationError, match="is not a plain table"):
            look(empty_database)


def test_the_owner_of_the_schema_may_have_migrated(empty_database: str, mallory: str) -> None:
    executed(empty_database, f"CREATE SCHEMA audit AUTHORIZATION {mallory}")
    there = f"{empty_database}&options=-csearch_path%3Daudit"
    migrate(f"{there}%20-crole%3D{mallory}")
    assert migrate(there, migrations=[*known_migrations(), NEXT]) == [NEXT]


def test_who_migrated_may_be_a_role_that_is_mine(empty_database: str, mallory: str) -> None:
    member = f"member_{uuid4().hex}"
    migrate(f"{empty_database}&options=-crole%3D{mallory}")
    executed(empty_database, f"CREATE ROLE {member} IN ROLE {mallory}")
    migrations = [*known_migrations(), NEXT]
    try:
        with pytest.raises(MigrationError, match=mallory):
            migrate(empty_database, migrations=migrations)
        as_member = f"{empty_database}&options=-crole%3D{member}"
        assert migrate(as_member, migrations=migrations) == [NEXT]
    finally:
        executed(empty_database, f"DROP OWNED BY {member}; DROP ROLE {member}")


def test_a_database_of_another_encoding_is_refused(postgres_server: str) -> None:
    name = f"latin_{uuid4().hex}"
    executed(
        postgres_server, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    )
    with pytest.raises(MigrationError, match="encoded in LATIN1, and a log needs UTF8"):
        migrate(with_database(postgres_server, name))
    executed(postgres_server, f"DROP DATABASE {name}")


@contextmanager
def roles_away(server: str) -> Iterator[None]:
    """Have the roles of the log renamed for a while: they belong to the whole server."""
    roles = ("audit_writer", "audit_reader", "audit_retention")
    there = psycopg.connect(server, autocommit=True)
    with there as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[*roles]]
        )
        found = [name for (name,) in rows]
    for name in found:
        executed(server, f"ALTER ROLE {name} RENAME TO away_{name}")
    try:
        yield
    finally:
        for name in found:
            executed(server, f"DROP ROLE IF EXISTS {name}")
            executed(server, f"ALTER ROLE away_{name} RENAME TO {name}")


def test_a_user_who_may_not_create_roles_is_told_what_to_ask_for(
    empty_database: str, postgres_server: str
) -> None:
    owner = f"owner_{uuid4().hex}"
    name = database_of(empty_database)
    executed(postgres_server, f"CREATE ROLE {owner} LOGIN")
    executed(postgres_server, f"ALTER DATABASE {name} OWNER TO {owner}")
    as_owner = f"{empty_database}&options=-crole%3D{owner}"
    with roles_away(postgres_server):
        with pytest.raises(MigrationError, match=f"and {owner} may not create roles") as caught:
            migrate(as_owner)
        assert "CREATE ROLE audit_writer NOLOGIN" in caught.value.hint
    assert tables_of(empty_database) == set()
    assert migrate(as_owner) == known_migrations()
    executed(postgres_server, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
    executed(empty_database, f"DROP OWNED BY {owner}")
    executed(empty_database, f"DROP ROLE {owner}")


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    said = "postgresql://bob@127.0.0.1:1/audit: no connection: Connection refused"
    with pytest.raises(MigrationError, match=said) as caught:
        migrate("postgresql://bob:hunter2@127.0.0.1:1/audit")
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint.startswith("Check host and port")


def test_who_may_not_migrate_is_told_who_may(database: str, postgres_server: str) -> None:
    stranger = f"stranger_{uuid4().hex}"
    executed(postgres_server, f"CREATE ROLE {stranger} LOGIN")
    with pytest.raises(MigrationError, match="permission denied") as caught:
        status(f"{database}&options=-crole%3D{stranger}")
    assert caught.value.hint == "Migrate as the user who owns the schema"
    executed(postgres_server, f"DROP ROLE {stranger}")


def test_what_is_no_dsn_is_said() -> None:
    with pytest.raises(UsageError, match="not a PostgreSQL connection string"):
        status("host='hunter2")
