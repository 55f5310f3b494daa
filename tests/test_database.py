"""What is said of a DSN, and what never is."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import pq

from audit_console.database import connection_string, label_of, read_dsn, refuse_password, told
from audit_console.errors import UsageError


@pytest.mark.parametrize(
    ("dsn", "label"),
    [
        ("postgresql://bob:hunter2@db:5433/audit", "postgresql://bob@db:5433/audit"),
        ("host=db dbname=audit password=hunter2", "postgresql://db/audit"),
        ("service=prod password=hunter2", "service=prod"),
        ("postgresql://", "postgresql:///"),
    ],
)
def test_a_label_says_where_and_not_how_to_get_in(dsn: str, label: str) -> None:
    assert label_of(dsn) == label


@pytest.mark.parametrize("dsn", ["postgresql://a:hunter2@[c/d", "password='hunter2", "x=hunter2"])
def test_what_cannot_be_read_is_not_quoted(dsn: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_dsn(dsn)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://a:b@c/d",
        "password=b",
        "postgresql:///d?sslpassword=b",
        "host=c;password=b",
        "host=c user=a,pwd=b",
    ],
)
def test_a_password_on_a_command_line_is_refused(dsn: str) -> None:
    with pytest.raises(UsageError, match="process list"):
        refuse_password(dsn)
    refuse_password("postgresql://a@c/d")


SECRETS = [
    option.keyword.decode()
    for option in pq.Conninfo.get_defaults()
    if option.dispchar == b"*" or option.keyword.startswith(b"scram_")
]


@pytest.mark.parametrize("word", SECRETS)
def test_whatever_libpq_keeps_secret_is_refused_and_never_said(word: str) -> None:
    dsn = f"host=db {word}=hunter2"
    with pytest.raises(UsageError, match="process list"):
        refuse_password(dsn)
    assert told(psycopg.OperationalError("no hunter2"), dsn) == "no …"


def test_an_answer_is_one_line_without_the_password() -> None:
    error = psycopg.OperationalError("two\n  lines with hunter2 in them")
    assert told(error, "password=hunter2") == "two; lines with … in them"


def test_a_password_with_space_in_it_is_not_said_either() -> None:
    error = psycopg.OperationalError("no hunter  2\u2028b here")
    assert told(error, "password='hunter  2\u2028b'") == "no … here"


def test_a_connection_names_the_program_and_ends_when_the_server_is_gone() -> None:
    assert "application_name=audit-console" in connection_string("dbname=x")
    assert "connect_timeout=3" in connection_string("dbname=x connect_timeout=3")
