from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit_console.core.query import MAX_TEXT
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.sources.protocol import Order
from audit_console.tui.saved import (
    KEPT_QUERIES,
    LONGEST_NAME,
    QueryHistory,
    SavedSearch,
    SavedSearches,
)
from tests.support.disk import fill_disk

LOGINS = SavedSearch(
    "Logins", "type:authentication since:-24h", ("time", "user"), Order.OLDEST_FIRST
)
DENIED = SavedSearch("denied", "result:failure | count by user")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "saved.json"


def test_searches_are_there_the_next_time_by_name(path: Path) -> None:
    SavedSearches(path).save(LOGINS)
    SavedSearches(path).save(DENIED)
    saved = SavedSearches(path)

    assert saved.all() == (DENIED, LOGINS)
    assert saved.warning is None


def test_a_search_takes_the_place_of_its_name(path: Path) -> None:
    saved = SavedSearches(path)
    saved.save(LOGINS)
    saved.save(SavedSearch(" Logins ", "other"))

    assert saved.all() == (SavedSearch("Logins", "other"),)


def test_a_search_is_deleted(path: Path) -> None:
    saved = SavedSearches(path)
    saved.save(LOGINS)
    saved.save(DENIED)
    saved.delete("Logins")
    saved.delete("unknown")

    assert saved.all() == (DENIED,)


@pytest.mark.parametrize(
    "search",
    [
        SavedSearch(" ", "query"),
        SavedSearch("x" * (LONGEST_NAME + 1), "query"),
        SavedSearch("name", "x" * (MAX_TEXT + 1)),
    ],
)
def test_what_cannot_be_kept_is_refused(path: Path, search: SavedSearch) -> None:
    with pytest.raises(UsageError):
        SavedSearches(path).save(search)

    assert not path.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\x00\xff", b'{"other": []}', b"[" * 100_000]
)
def test_a_broken_file_is_one_warning_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    saved = SavedSearches(path)

    assert saved.all() == ()
    assert saved.warning == f"saved searches: not written by this program: {path}"
    saved.save(LOGINS)
    again = SavedSearches(path)
    assert again.all() == (LOGINS,)
    assert again.warning is None
    assert path.with_name("saved.json.bad").read_bytes() == content


@pytest.mark.parametrize(
    "bad",
    [
        3,
        {},
        {"name": "a"},
        {"name": "a", "query": 3, "columns": [], "order": "newest_first"},
        {"name": "a", "query": "", "columns": [3], "order": "newest_first"},
        {"name": "a", "query": "", "columns": [], "order": "by name"},
        {"name": "", "query": "", "columns": [], "order": "newest_first"},
        {"name": "a", "query": "x" * (MAX_TEXT + 1), "columns": [], "order": "newest_first"},
    ],
)
def test_a_broken_entry_costs_itself_alone(path: Path, bad: object) -> None:
    SavedSearches(path).save(LOGINS)
    entries = json.loads(path.read_text())["saved searches"]
    path.write_text(json.dumps({"saved searches": [bad, *entries]}))
    saved = SavedSearches(path)

    assert saved.all() == (LOGINS,)
    assert saved.warning == f"saved searches: 1 cannot be read and are left out: {path}"
    saved.save(DENIED)
    assert saved.all() == (DENIED, LOGINS)
    assert path.with_name("saved.json.bad").exists()


def test_something_else_than_a_list_is_a_warning(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"saved searches": {}}')
    saved = SavedSearches(path)

    assert saved.all() == ()
    assert saved.warning == f"saved searches: not a list: {path}"


def test_a_file_that_cannot_be_read_is_a_warning(path: Path) -> None:
    path.mkdir(parents=True)
    saved = SavedSearches(path)

    assert saved.all() == ()
    assert saved.warning == f"saved searches: Is a directory: {path}"


def test_a_full_disk_leaves_the_old_searches_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = SavedSearches(path)
    saved.save(LOGINS)
    files = sorted(path.parent.iterdir())

    fill_disk(monkeypatch)
    with pytest.raises(AuditConsoleError, match="saved searches are not kept: No space left"):
        saved.save(DENIED)

    assert saved.all() == (LOGINS,)
    assert sorted(path.parent.iterdir()) == files


def test_only_the_user_reads_the_files(path: Path) -> None:
    SavedSearches(path).save(LOGINS)

    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_consoles_at_once_lose_nothing(path: Path) -> None:
    def save(number: int) -> None:
        SavedSearches(path).save(SavedSearch(f"{number:02}", "query"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(24)))

    assert len(SavedSearches(path).all()) == 24


def test_the_newest_query_comes_first_and_once(path: Path) -> None:
    history = QueryHistory(path)
    for text in ("a", "b", " a ", "  "):
        history.remember(text)

    assert history.texts() == ("a", "b")
    assert history.warning is None


def test_only_so_many_queries_are_kept(path: Path) -> None:
    texts = [f"user:{number}" for number in range(KEPT_QUERIES + 3)]
    path.parent.mkdir()
    path.write_text(json.dumps({"queries": [*texts, 3, "x" * (MAX_TEXT + 1)]}))
    history = QueryHistory(path)

    assert history.texts() == tuple(texts[:KEPT_QUERIES])
    history.remember("new")
    history.remember("x" * (MAX_TEXT + 1))
    assert history.texts() == ("new", *texts[: KEPT_QUERIES - 1])


def test_a_broken_history_is_none(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")
    history = QueryHistory(path)

    assert history.texts() == ()
    assert history.warning == f"queries: not written by this program: {path}"
