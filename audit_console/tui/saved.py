"""Searches that the reader has named, and the queries that were asked before.

A query can name users, addresses and cases: only the user may read the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audit_console.core.query import MAX_TEXT
from audit_console.errors import UsageError
from audit_console.kept_file import KeptFile
from audit_console.sources.protocol import Order

KEPT_QUERIES = 200
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search by its name.

    Attributes:
        name: as the reader calls it.
        query: as it was typed, with its time range: `since:-24h` stays relative.
        columns: of the event table, in their order; none for those shown at first.
        order: of the events.
    """

    name: str
    query: str
    columns: tuple[str, ...] = ()
    order: Order = Order.NEWEST_FIRST


class SavedSearches:
    """The saved searches of the user, by name, in one small JSON file. Its methods block."""

    def __init__(self, path: Path) -> None:
        self._file = KeptFile(path, "saved searches")

    @property
    def warning(self) -> str | None:
        """What was wrong with the file when it was last read, in one line."""
        return self._file.warning

    def all(self) -> tuple[SavedSearch, ...]:
        """Give the searches by name. What is broken is left out, and a warning says so."""
        return self._read(self._file.entries())

    def save(self, search: SavedSearch) -> None:
        """Keep a search, in the place of one with the same name.

        Raises:
            UsageError: it has no name, or name or query is too long.
            AuditConsoleError: it cannot be stored.
        """
        name = search.name.strip()
        if not 0 < len(name) <= LONGEST_NAME:
            hint = f"1 to {LONGEST_NAME} characters"
            raise UsageError("a saved search needs a name", hint=hint)
        if len(search.query) > MAX_TEXT:
            raise UsageError("the query is too long", hint=f"At most {MAX_TEXT:,} characters")
        self._replace(name, asdict(search) | {"name": name})

    def delete(self, name: str) -> None:
        """Forget a search.

        Raises:
            AuditConsoleError: the others cannot be stored.
        """
        self._replace(name, None)

    def _replace(self, name: str, entry: Mapping[str, Any] | None) -> None:
        def replaced(entries: list[Any]) -> list[Any]:
            others = [asdict(one) for one in self._read(entries) if one.name != name]
            return others if entry is None else [*others, dict(entry)]

        self._file.change(replaced)

    def _read(self, entries: list[Any]) -> tuple[SavedSearch, ...]:
        searches = [search for entry in entries if (search := _search(entry)) is not None]
        if len(searches) < len(entries):
            self._file.fault = f"{len(entries) - len(searches):,} cannot be read and are left out"
        return tuple(sorted(searches, key=lambda search: (search.name.lower(), search.name)))


def _search(entry: object) -> SavedSearch | None:
    """Read an entry; None if it is none."""
    match entry:
        case {
            "name": str(name),
            "query": str(query),
            "columns": list(columns),
            "order": str(order),
        }:
            is_sound = (
                order in set(Order) and 0 < len(name) <= LONGEST_NAME and len(query) <= MAX_TEXT
            )
            if is_sound and all(isinstance(column, str) for column in columns):
                return SavedSearch(name, query, tuple(columns), Order(order))
    return None


class QueryHistory:
    """The queries that were asked, newest first and each once. Its methods block."""

    def __init__(self, path: Path) -> None:
        self._file = KeptFile(path, "queries")

    @property
    def warning(self) -> str | None:
        """What was wrong with the file when it was last read, in one line."""
        return self._file.warning

    def texts(self) -> tuple[str, ...]:
        """Give the queries as they were typed; a missing or broken file has none."""
        return _texts(self._file.entries())

    def remember(self, text: str) -> None:
        """Put a query at the head; one that says nothing is left out.

        Raises:
            AuditConsoleError: it cannot be stored.
        """
        text = text.strip()
        if not text or len(text) > MAX_TEXT:
            return

        def with_text(entries: list[Any]) -> list[Any]:
            others = (known for known in _texts(entries) if known != text)
            return [text, *others][:KEPT_QUERIES]

        self._file.change(with_text)


def _texts(entries: list[Any]) -> tuple[str, ...]:
    texts = (entry for entry in entries if isinstance(entry, str) and len(entry) <= MAX_TEXT)
    return tuple(texts)[:KEPT_QUERIES]
