"""`audit-console demo`: a made-up log in the console, gone when it is closed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit_console.cli.console import require_terminal
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.talk import PROGRAM, CommandParser, say

NAME = "demo"


def run(arguments: Sequence[str]) -> ExitCode:
    """Write the demo log into a temporary folder and open it.

    Raises:
        UsageError: there is no terminal.
    """
    parser = CommandParser(
        prog=f"{PROGRAM} {NAME}",
        description="Open a made-up log of three weeks that somebody broke into and tampered with.",
    )
    parser.parse_args(arguments)
    require_terminal()
    from audit_console.cli.screen import show  # noqa: PLC0415
    from audit_console.demo import TAMPERS, write_demo  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="audit-console-demo-") as name:
        folder = Path(name)
        exit_code = show([str(write_demo(folder))], recent=folder / "recent.json")
    for tamper in TAMPERS.values():
        say(f"{tamper.what}, {tamper.why}")
    return exit_code
