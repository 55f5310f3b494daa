"""Fixtures for tests that open very many logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from audit_console.sources.archive import blocks, reading
from audit_console.sources.archive.parse import LineParser
from audit_console.sources.postgres import reading as postgres_reading
from tests.support.effort import UNMEASURED
from tests.support.postgres import new_database
from tests.support.stores import (
    OrchestratorTable,
    Store,
    Tables,
    archive_in,
    defenceless_tables,
    in_memory,
)


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


@pytest.fixture(scope="session")
def tables(postgres_server: str, migrated_template: str) -> Iterator[Tables]:
    with defenceless_tables(postgres_server, migrated_template) as tables:
        yield tables


ARCHIVE, TABLE, TABLES = (
    pytest.param(place, marks=UNMEASURED) for place in ("archive", "table", "tables")
)
"""Their own tests measure them; here they are read over and over, and judged as memory is."""


@pytest.fixture(params=[ARCHIVE, "memory", TABLES])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Where a log lies; it is read in small parts."""
    _read_in_small_parts(monkeypatch)
    stores: dict[str, Callable[[], Store]] = {
        "archive": lambda: archive_in(tmp_path),
        "memory": lambda: in_memory,
        "tables": lambda: request.getfixturevalue("tables"),
    }
    return stores[request.param]()


def _read_in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, first, largest in (
        (blocks, "FIRST_BLOCK_BYTES", "LARGEST_BLOCK_BYTES"),
        (postgres_reading, "FIRST_BATCH_BYTES", "BATCH_BYTES"),
    ):
        monkeypatch.setattr(module, first, 1_900)
        monkeypatch.setattr(module, largest, 3_000)


@pytest.fixture(scope="session")
def orchestrator_table(postgres_server: str) -> Iterator[OrchestratorTable]:
    with new_database(postgres_server) as dsn:
        yield OrchestratorTable(dsn)


@pytest.fixture(params=[ARCHIVE, "memory", TABLE])
def orchestrator_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """Where a log of the orchestrator lies; it is read in small parts."""
    _read_in_small_parts(monkeypatch)
    stores: dict[str, Callable[[], Store]] = {
        "archive": lambda: archive_in(tmp_path),
        "memory": lambda: in_memory,
        "table": lambda: request.getfixturevalue("orchestrator_table"),
    }
    return stores[request.param]()
