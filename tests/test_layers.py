"""The layer rules are executed, not wished."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT_THE_CORE = """
import importlib, pkgutil
import audit_console.core as core
names = [module.name for module in pkgutil.walk_packages(core.__path__, "audit_console.core.")]
assert "audit_console.core.event" in names
for name in names:
    importlib.import_module(name)
"""

ASK_FOR_HELP = """
from audit_console.cli.main import main
sys.argv = ["audit-console", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
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


@pytest.mark.parametrize("library", ["duckdb", "polars", "textual"])
def test_help_does_not_wait_for_a_heavy_library(library: str) -> None:
    imported = modules_imported_by(ASK_FOR_HELP)
    assert "audit_console" in imported
    assert library not in imported
