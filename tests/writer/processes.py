"""Programs that write an archive, started and ended by tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WRITE = """
import sys
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from tests.support.ticks import CHAIN, tick

path, name, count, max_bytes = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sink = ArchiveSink(path, chain=CHAIN, rotation=Rotation.size(max_bytes))
with AuditLogger(sink, sync="{sync}") as log:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        log.log_event(**tick(number, user_id=name))
        print(number, flush=True)
"""
"""Logs `count` ticks of a user `name` once it may; prints each number when its call returned."""

ROOT = Path(__file__).parents[2]


def start(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a program that can import from the tests."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def start_writer(
    folder: Path, name: str, count: int, *, sync: str = "always", max_bytes: int = 1 << 40
) -> subprocess.Popen[str]:
    """Start a program that logs ticks; it waits for `let_go`."""
    code = WRITE.format(sync=sync)
    writer = start(code, folder / "audit.jsonl", name, str(count), str(max_bytes))
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def let_go(writer: subprocess.Popen[str]) -> None:
    """Let a writer begin."""
    assert writer.stdin is not None
    writer.stdin.write("\n")
    writer.stdin.flush()
