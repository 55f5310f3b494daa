"""Fixtures for tests that open very many archives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from audit_console.sources.archive import reading
from audit_console.sources.archive.parse import LineParser


@pytest.fixture(scope="session")
def parsers() -> Iterator[SimpleQueue[LineParser]]:
    free: SimpleQueue[LineParser] = SimpleQueue()
    for _ in range(reading.PARSERS):
        free.put(LineParser())
    yield free
    for _ in range(reading.PARSERS):
        free.get().close()


@pytest.fixture
def parsers_stay(parsers: SimpleQueue[LineParser], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the parsers between archives: opening thousands, they would be most of the work."""

    @contextmanager
    def kept() -> Iterator[SimpleQueue[LineParser]]:
        yield parsers

    monkeypatch.setattr(reading, "_parsers", kept)
