"""Runs the real program in a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from audit_console.cli.main import run

PROGRAM = (sys.executable, "-m", "audit_console")
PATIENCE_SECONDS = 120

_WITHOUT_READING_EVERYTHING = """
import ctypes, os, sys
PR_CAPBSET_DROP = 24
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
        sys.exit(f"cannot drop capability {capability}: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
"""


def run_program(
    *arguments: str,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = PROGRAM,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without a terminal; standard input is closed unless given."""
    completed = subprocess.run(
        [*command, *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=os.environ | (environment or {}),
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(
        completed.args,
        completed.returncode,
        completed.stdout.decode(),
        completed.stderr.decode(),
    )


@contextmanager
def started(
    *arguments: str, stdin: int | None = None, command: Sequence[str] = PROGRAM
) -> Iterator[subprocess.Popen[bytes]]:
    """Start it with pipes to read from; if the test fails it is killed, for it may never end."""
    with subprocess.Popen(
        [*command, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def run_here(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it in this process, where starting one is not the question and would be most of the work.

    Standard input is a terminal to nobody: a log cannot be piped in.
    """
    spoken, data = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with patch.dict(os.environ, environment or {}), redirect_stdout(data), redirect_stderr(spoken):
        try:
            code = int(run(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    data.flush()
    printed = data.buffer.getvalue().decode()
    return subprocess.CompletedProcess(arguments, code, printed, spoken.getvalue())


def command_bound_by_permissions() -> Sequence[str]:
    """Give a command that permission bits stop, which they do not when root runs it."""
    if os.geteuid() != 0:
        return PROGRAM
    return (sys.executable, "-c", _WITHOUT_READING_EVERYTHING, *PROGRAM)


def spoken_line(completed: subprocess.CompletedProcess[str]) -> str:
    """Give the one line on standard error, and check that it is one."""
    lines = completed.stderr.splitlines()
    assert len(lines) == 1, completed.stderr
    assert lines[0].startswith("audit-console: ")
    return lines[0]


def children_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
