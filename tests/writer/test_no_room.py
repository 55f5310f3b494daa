"""Disks that are full, folders that are read-only: one clear line, and nothing half written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.archives import is_whole, log_ticks, stored_ticks
from tests.writer.processes import ROOT

PREPARE = """
import ctypes, os, sys
from pathlib import Path
from audit_console.errors import WriterError
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from tests.support.ticks import CHAIN, tick

folder = Path(sys.argv[1])

def drop_privileges():
    "Have permission bits bind, for root too."
    libc = ctypes.CDLL(None)
    if hasattr(libc, "capset"):
        libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())

def limit_files(size):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def tell(action):
    try:
        action()
    except WriterError as error:
        print(f"{type(error).__name__}: {error} | {error.hint}".replace(str(folder), "."))
    else:
        print("stored")

def sink(**options):
    return ArchiveSink(folder / "audit.jsonl", chain=CHAIN, **options)
"""

pytestmark = [
    pytest.mark.usefixtures("measured_programs"),
    pytest.mark.skipif(
        sys.platform == "win32", reason="Windows has neither these limits nor these permissions"
    ),
]


def told_by(code: str, folder: Path) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PREPARE + code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


TOO_LARGE = "raise the limit on the size of files, or rotate earlier"
DENIED = "give the program permission to write there"


def test_a_group_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    log_ticks(tmp_path, 2)
    code = """
size = (folder / "audit.jsonl").stat().st_size
log = AuditLogger(sink())
limit_files(size + 700)
tell(lambda: log.log_events([tick(2), tick(3)]))
print((folder / "audit.jsonl").stat().st_size == size)
tell(lambda: log.log_event(**tick(4)))
limit_files(1 << 30)
tell(lambda: log.log_event(**tick(5)))
"""
    failed = f"SinkUnavailable: ./audit.jsonl: File too large | {TOO_LARGE}"
    assert told_by(code, tmp_path) == [failed, "True", "stored", "stored"]
    assert stored_ticks(tmp_path) == [0, 1, 4, 5]
    assert is_whole(tmp_path)


def test_the_thread_goes_on_once_there_is_room(tmp_path: Path) -> None:
    log_ticks(tmp_path, 2)
    code = """
limit_files((folder / "audit.jsonl").stat().st_size + 100)
log = AuditLogger(sink(), background=True)
log.log_event(**tick(2))
while log.metrics.last_error is None:
    os.sched_yield()
limit_files(1 << 30)
tell(log.close)
print(log.metrics.written, log.metrics.failed)
"""
    assert told_by(code, tmp_path) == ["stored", "1 0"]
    assert stored_ticks(tmp_path) == [0, 1, 2]
    assert is_whole(tmp_path)


def test_half_a_line_is_left_where_there_is_no_room_to_keep_it(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(b"{" * 2000)
    before = (tmp_path / "audit.jsonl").read_bytes()
    told = told_by("limit_files(1000)\ntell(sink)\nlimit_files(1 << 30)\n", tmp_path)
    assert told == [f"SinkUnavailable: ./audit.jsonl: File too large | {TOO_LARGE}"]
    assert (tmp_path / "audit.jsonl").read_bytes() == before
    assert not list(tmp_path.glob("audit.torn.*"))


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    told = told_by("drop_privileges()\ntell(sink)\n", tmp_path)
    assert told == [f"SinkUnavailable: ./audit.jsonl: Permission denied | {DENIED}"]
    assert not list(tmp_path.iterdir())


def test_a_file_that_becomes_read_only_is_left_as_it_is(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    code = """
drop_privileges()
log = AuditLogger(sink())
(folder / "audit.jsonl").chmod(0o444)
tell(lambda: log.log_event(**tick(1)))
tell(log.flush)
(folder / "audit.jsonl").chmod(0o644)
tell(lambda: log.log_event(**tick(2)))
"""
    denied = f"SinkUnavailable: ./audit.jsonl: Permission denied | {DENIED}"
    assert told_by(code, tmp_path) == [denied, denied, "stored"]
    assert stored_ticks(tmp_path) == [0, 2]
    assert is_whole(tmp_path)


def test_a_folder_in_which_nothing_can_be_renamed_stops_the_log(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    code = """
drop_privileges()
log = AuditLogger(sink(rotation=Rotation.size(10)))
folder.chmod(0o555)
tell(lambda: log.log_event(**tick(1)))
folder.chmod(0o755)
tell(lambda: log.log_event(**tick(2)))
"""
    denied = f"SinkUnavailable: ./audit.jsonl: Permission denied | {DENIED}"
    assert told_by(code, tmp_path) == [denied, "stored"]
    assert stored_ticks(tmp_path) == [0, 2]
    assert is_whole(tmp_path)
