"""Places are told apart by how they are written."""

from __future__ import annotations

import pytest
from psycopg import pq

from audit_console.core.places import is_database, is_log_name, names_files
from tests.support.effort import UNMEASURED

KEYWORDS = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]


@UNMEASURED
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


@pytest.mark.parametrize(
    "name",
    [
        "audit.jsonl",
        "audit.ndjson.zst",
        "audit.log.gz",
        "audit.000000000000.jsonl.gz",
        "audit.jsonl.1",
        "audit.jsonl.12.gz",
        "audit.jsonl-20261101",
        "audit.jsonl-2026-11-01T10:00:00.zst",
        "audit.log.20251114-101010",
        "audit.log.2026-11-01_10",
        "audit.log.old",
    ],
)
def test_a_log_is_known_by_its_name_also_when_it_was_rotated(name: str) -> None:
    assert is_log_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "audit.lock",
        "audit.torn.1763960000",
        "notes.txt",
        "audit.jsonl.part",
        "audit.jsonl-old",
        "1",
    ],
)
def test_other_files_of_a_folder_are_no_log(name: str) -> None:
    assert not is_log_name(name)
