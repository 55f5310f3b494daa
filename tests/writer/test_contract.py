"""What holds for every sink: memory, archive and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.sealing import Head, SealedGroup
from audit_console.errors import EventRefused, UsageError
from audit_console.writer import ArchiveSink, AuditLogger, Sink
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.sink import Seal
from audit_console.writer.testing import MemorySink
from tests.support.chains import CHAIN
from tests.support.writing import sealer, stored_lines, unsealed, whole_chain


class Store:
    """A kind of store: sinks for one chain of it, and the lines that it holds."""

    def __init__(self, opened: Callable[[str], Sink], lines: Callable[[Sink], list[str]]) -> None:
        self.opened = opened
        self.lines = lines


def memory_lines(sink: Sink) -> list[str]:
    assert isinstance(sink, MemorySink)
    return [encode_line(event) for event in sink.events]


def archive_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


@pytest.fixture(params=["memory", "archive", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return Store(MemorySink, memory_lines)
    if request.param == "archive":
        path = tmp_path / "audit.jsonl"
        return Store(lambda chain: ArchiveSink(path, chain=chain), lambda _: archive_lines(path))
    database: str = request.getfixturevalue("database")
    return Store(
        lambda chain: PostgresSink(database, chain=chain), lambda _: stored_lines(database)
    )


@pytest.fixture
def sink(store: Store) -> Iterator[Sink]:
    with closing(store.opened(CHAIN)) as opened:
        yield opened


def test_what_was_sealed_is_what_is_stored(sink: Sink, store: Store) -> None:
    assert sink.chain == CHAIN
    groups = [
        sink.append(sealer([unsealed() for _ in range(size)]), durable=True) for size in (2, 3)
    ]
    assert store.lines(sink) == [one.line for group in groups for one in group]
    assert len(whole_chain(store.lines(sink))) == 5


def test_each_group_is_sealed_with_the_head_that_the_one_before_left(sink: Sink) -> None:
    heads: list[Head | None] = []

    def seal(head: Head | None) -> SealedGroup:
        heads.append(head)
        return sealer([unsealed(), unsealed()])(head)

    stored = [sink.append(seal, durable=False)[-1].head for _ in range(3)]
    assert heads == [None, *stored[:2]]


def test_an_empty_group_is_nothing(sink: Sink, store: Store) -> None:
    assert len(sink.append(sealer([]), durable=True)) == 0
    assert store.lines(sink) == []


def test_a_group_that_is_refused_while_it_is_sealed_leaves_nothing(
    sink: Sink, store: Store
) -> None:
    with pytest.raises(EventRefused, match="over the limit"):
        sink.append(sealer([unsealed(), unsealed("x" * 70_000)]), durable=True)
    assert store.lines(sink) == []
    sink.append(sealer([unsealed()]), durable=True)
    assert len(whole_chain(store.lines(sink))) == 1


def test_threads_do_not_fork_the_chain(sink: Sink, store: Store) -> None:
    def append_some(_: int) -> None:
        for _ in range(10):
            sink.append(sealer([unsealed()]), durable=False)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(append_some, range(4)))
    sink.sync()
    assert len(whole_chain(store.lines(sink))) == 40


def test_what_is_no_name_of_a_chain_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no name of a chain"):
        store.opened("Not A Chain")


class BothSinks:
    """Stores each group in an archive, and the same group in PostgreSQL."""

    def __init__(self, archive: ArchiveSink, postgres: PostgresSink) -> None:
        self.chain = archive.chain
        self._archive, self._postgres = archive, postgres

    def append(self, seal: Seal, *, durable: bool) -> SealedGroup:
        group = self._archive.append(seal, durable=durable)
        return self._postgres.append(lambda _: group, durable=durable)

    def sync(self) -> None:
        self._archive.sync()
        self._postgres.sync()

    def close(self) -> None:
        self._postgres.close()


def test_postgresql_holds_the_bytes_that_the_archive_has(database: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    both = BothSinks(ArchiveSink(path, chain=CHAIN), PostgresSink(database, chain=CHAIN))
    with AuditLogger(both, sync="os") as log:
        log.log_auth_attempt('al"ice\\\0\ud800', success=False, ip_address="::FFFF:10.0.0.7")
        log.log_secret_access(
            "bob", "db/päss\u2028wörd", details={"n": 10**30, "f": 1e-9, "é": "\x01"}
        )
        with log.context(user_id="ci", request_id="r-1"):
            log.log_event(
                event_type="custom",
                action="😀",
                resource_type="thing",
                resource_id="",
                timestamp=datetime(1, 1, 1, tzinfo=UTC),
            )
    exported = "".join(f"{line}\n" for line in stored_lines(database))
    assert exported.encode() == path.read_bytes()
    assert len(whole_chain(archive_lines(path))) == 3
