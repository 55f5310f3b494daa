"""The layer rules are executed, not wished."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

from audit_console import writer
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.retention import RetentionManager
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS

IMPORT_THE_CORE = """
import importlib, pkgutil
import audit_console.core as core
names = [module.name for module in pkgutil.walk_packages(core.__path__, "audit_console.core.")]
assert "audit_console.core.event" in names
for name in names:
    importlib.import_module(name)
"""

WRITE_AND_CHECK = """
import tempfile
from pathlib import Path
from audit_console.writer import ArchiveSink, AuditLogger, Rotation, Sink
from audit_console.writer.check import main
from audit_console.writer.testing import MemorySink, capture_events

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "audit.jsonl"
    with AuditLogger(ArchiveSink(path, chain="example.org/app"), background=True) as log:
        log.log_auth_attempt("alice", success=False, ip_address="10.0.0.7")
    assert main([str(path)]) == 3
"""

ASK_FOR_HELP = """
from audit_console.cli.main import main
sys.argv = ["audit-console", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""

READ_A_LOG = """
from audit_console.sources.archive import open_archive
for batch in open_archive([{path!r}], keep=False).batches():
    pass
"""


def modules_imported_by(code: str) -> set[str]:
    """Top-level names that a fresh interpreter imports while it runs `code`."""
    script = (
        f"import sys\nbefore = set(sys.modules)\n{code}\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }
    completed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return set(completed.stdout.splitlines()[-1].split())


def test_the_layer_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    completed = subprocess.run(
        [lint_imports, "--no-cache"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_the_core_needs_nothing_but_the_standard_library() -> None:
    imported = modules_imported_by(IMPORT_THE_CORE)
    assert imported - sys.stdlib_module_names == {"audit_console"}


def test_an_application_that_writes_a_log_needs_nothing_but_the_standard_library() -> None:
    imported = modules_imported_by(WRITE_AND_CHECK)
    assert imported - sys.stdlib_module_names == {"audit_console"}


@pytest.mark.usefixtures("measured_programs")
def test_a_sink_that_needs_psycopg_says_so() -> None:
    script = """
import sys
sys.modules["psycopg"] = sys.modules["psycopg_pool"] = None
from audit_console import writer
try:
    writer.PostgresSink
except ImportError as error:
    print(error)
try:
    writer.OracleSink
except AttributeError as error:
    print(error)
"""
    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert completed.stdout.splitlines() == [
        "PostgresSink needs psycopg: pip install 'psycopg[binary,pool]'",
        "module 'audit_console.writer' has no attribute 'OracleSink'",
    ]


def test_what_is_imported_late_keeps_its_type() -> None:
    """mypy checks `assert_type`; were a name `Any` to applications, it would refuse."""
    assert_type(writer.PostgresSink, type[PostgresSink])
    assert_type(writer.RetentionManager, type[RetentionManager])
    assert writer.PostgresSink is PostgresSink
    assert writer.RetentionManager is RetentionManager


def test_help_does_not_wait_for_a_heavy_library() -> None:
    imported = modules_imported_by(ASK_FOR_HELP)
    assert "audit_console" in imported
    assert not imported & {"duckdb", "polars", "textual"}


@pytest.mark.parametrize(("log", "is_asked"), [(V1_VECTORS, False), (UPSTREAM_VECTORS, True)])
def test_only_lines_of_other_spellings_wait_for_duckdb(log: Path, is_asked: bool) -> None:
    imported = modules_imported_by(READ_A_LOG.format(path=str(log)))
    assert "polars" in imported
    assert ("duckdb" in imported) == is_asked
