"""What a disk did not take is never said to be on it, and what was written in vain goes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from audit_console.errors import ChainBroken, SinkUnavailable
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from audit_console.writer.files import write_whole
from tests.support.archives import is_whole, stored_ticks
from tests.support.ticks import CHAIN, tick


class Disk:
    """Refuses syncs, and tells of what is written again before one."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.refusals = 0
        self.reason: BaseException = OSError(errno.EIO, "Input/output error")
        self.again: list[bytes] = []
        patched.setattr("audit_console.writer.syncing.sync_to_disk", self._sync)
        patched.setattr("audit_console.writer.syncing.write_whole", self._write)

    def _sync(self, descriptor: int) -> None:
        if self.refusals:
            self.refusals -= 1
            raise self.reason
        os.fsync(descriptor)

    def _write(self, file: FileIO, data: bytes) -> None:
        self.again.append(data)
        write_whole(file, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_what_a_sync_could_not_write_is_written_again(path: Path, disk: Disk) -> None:
    with AuditLogger(ArchiveSink(path, chain=CHAIN), sync="os") as log:
        log.log_event(**tick(0))
        log.flush()
        on_disk = path.stat().st_size
        log.log_event(**tick(1))
        log.log_event(**tick(2))
        disk.refusals = 2
        for _ in range(2):
            with pytest.raises(SinkUnavailable, match="Input/output error"):
                log.flush()
        log.flush()
        assert disk.again == [path.read_bytes()[on_disk:]] * 2
        log.flush()
        assert len(disk.again) == 2
    assert stored_ticks(path.parent) == [0, 1, 2]
    assert is_whole(path.parent)


def test_so_it_is_where_another_writer_closed_the_file(path: Path, disk: Disk) -> None:
    with AuditLogger(ArchiveSink(path, chain=CHAIN), sync="os") as log:
        log.log_event(**tick(0))
        first = path.read_bytes()
        disk.refusals = 1
        with pytest.raises(SinkUnavailable):
            log.flush()
        with AuditLogger(ArchiveSink(path, chain=CHAIN, rotation=Rotation.size(1))) as other:
            other.log_event(**tick(1))
        assert disk.again == []
        log.log_event(**tick(2))
        log.flush()
        assert disk.again == [first, path.read_bytes().splitlines(keepends=True)[1]]
    assert stored_ticks(path.parent) == [0, 1, 2]


def test_an_event_that_was_to_be_durable_is_taken_back(path: Path, disk: Disk) -> None:
    with AuditLogger(ArchiveSink(path, chain=CHAIN)) as log:
        log.log_event(**tick(0))
        disk.refusals = 1
        with pytest.raises(SinkUnavailable, match="Input/output error"):
            log.log_event(**tick(1))
        log.log_event(**tick(2))
    assert disk.again == []
    assert stored_ticks(path.parent) == [0, 2]
    assert is_whole(path.parent)


def test_an_event_that_was_interrupted_is_taken_back(path: Path, disk: Disk) -> None:
    with AuditLogger(ArchiveSink(path, chain=CHAIN)) as log:
        log.log_event(**tick(0))
        disk.refusals, disk.reason = 1, KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            log.log_event(**tick(1))
        log.log_event(**tick(2))
    assert stored_ticks(path.parent) == [0, 2]


def lose_a_page(data: bytes) -> bytes:
    return data[:-10] + bytes(9) + b"\n"


@pytest.mark.parametrize("lose", [lose_a_page, lambda data: data[:-1]])
def test_what_is_lost_meanwhile_is_never_said_to_be_on_disk(
    path: Path, disk: Disk, lose: Callable[[bytes], bytes]
) -> None:
    sink = ArchiveSink(path, chain=CHAIN)
    log = AuditLogger(sink, sync="os")
    log.log_event(**tick(0))
    disk.refusals = 1
    with pytest.raises(SinkUnavailable):
        log.flush()
    whole = path.read_bytes()
    path.write_bytes(lose(whole))
    for _ in range(2):
        with pytest.raises(ChainBroken):
            log.flush()
    path.write_bytes(whole)
    log.close()


class Stuck(FileIO):
    """A file that can neither be synced nor made shorter."""

    def truncate(self, _: int | None = None) -> int:
        raise OSError(errno.EROFS, "Read-only file system")


@pytest.fixture
def stuck(path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> ArchiveSink:
    """A sink that could not take back what a sync refused."""
    sink = ArchiveSink(path, chain=CHAIN)
    with monkeypatch.context() as patched, AuditLogger(sink) as log:
        log.log_event(**tick(0))
        patched.setattr(
            "audit_console.writer.archive.open_to_append", lambda path: Stuck(path, "a+")
        )
        disk.refusals = 1
        refused = "Input/output error, and what was written cannot be taken back now"
        with pytest.raises(SinkUnavailable, match=refused):
            log.log_event(**tick(1))
        with pytest.raises(SinkUnavailable, match="Read-only file system"):
            log.log_event(**tick(2))
    assert stored_ticks(path.parent) == [0, 1]
    return sink


def test_what_cannot_be_taken_back_is_so_before_the_next_event(
    path: Path, stuck: ArchiveSink
) -> None:
    log = AuditLogger(stuck)
    for number in (3, 4):
        log.log_event(**tick(number))
    assert stored_ticks(path.parent) == [0, 3, 4]
    assert is_whole(path.parent)


def test_what_another_writer_went_on_behind_stays(path: Path, stuck: ArchiveSink) -> None:
    AuditLogger(ArchiveSink(path, chain=CHAIN)).log_event(**tick(3))
    AuditLogger(stuck).log_event(**tick(4))
    assert stored_ticks(path.parent) == [0, 1, 3, 4]
    assert is_whole(path.parent)
