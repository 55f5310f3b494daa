"""`--help` and `--version` answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from audit_console import __version__
from tests.cli.program import run_here, run_program


def test_version() -> None:
    completed = run_program("--version")
    assert (completed.returncode, completed.stdout) == (0, f"audit-console {__version__}\n")


@pytest.mark.parametrize("command", [[], ["verify"], ["demo"]], ids=["console", "verify", "demo"])
def test_help(command: list[str]) -> None:
    completed = run_program(*command, "--help")
    assert completed.returncode == 0
    assert completed.stderr == ""
    assert completed.stdout.startswith(f"usage: {' '.join(['audit-console', *command])}")


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("cache clear", "Remove all indexes."),
        ("checkpoint create", "Sign what a log holds."),
        ("keys new", "Make a key."),
        ("memory forget", "Forget a chain, for instance one begun anew."),
        ("retention apply", "Delete what a plan says, and verify what remains."),
        ("retention hold remove", "End a hold."),
    ],
)
def test_the_help_of_an_action_says_what_it_does(action: str, what: str) -> None:
    assert f"\n\n{what}\n\n" in run_here(*action.split(), "--help").stdout


def test_help_tells_a_command_from_a_file_of_that_name() -> None:
    printed = run_program("--help").stdout
    assert "./verify" in printed
    assert "audit-console -- verify" in printed


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from audit_console.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    completed = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    modules = set(completed.stderr.split())
    loaded = {name.partition(".")[0] for name in modules}
    assert "argparse" in loaded
    assert not loaded & {"polars", "duckdb", "textual", "rich", "cryptography", "asyncio"}
    assert not modules & {"audit_console.core.event", "audit_console.core.filters"}
