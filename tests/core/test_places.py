"""Places are told apart by how they are written."""

from __future__ import annotations

import pytest
from psycopg import pq

from audit_console.core.places import is_database, names_files

KEYWORDS = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("spelling", ["{}=x password=hidden", "{} = x", "  {}=x"])
def test_words_of_libpq_with_values_are_a_database(keyword: str, spelling: str) -> None:
    assert is_database(spelling.format(keyword))


@pytest.mark.parametrize("uri", ["postgresql://u:hidden@h/db", "postgres://h"])
def test_a_uri_of_libpq_is_a_database(uri: str) -> None:
    assert is_database(uri)


@pytest.mark.parametrize(
    "place", ["audit.jsonl", "day=2026-11-01/part.parquet", "hosts=1.log", "user", "options.jsonl"]
)
def test_files_are_none(place: str) -> None:
    assert names_files(place)
