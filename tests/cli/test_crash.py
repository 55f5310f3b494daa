"""A fault of the program itself, while the console is on the screen."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.terminal import Terminal

A_BROKEN_PROGRAM = """
import sys
from pathlib import Path
from audit_console.cli import main
from audit_console.cli.screen import show
from audit_console.tui.belongings import Belongings

def broken(places):
    line = "what only the log says"
    raise ZeroDivisionError("a fault")

kept = Belongings(Path(sys.argv[1]), Path(sys.argv[1]))
main.console.run = lambda words: show(words, kept=kept, open_log=broken)
sys.exit(main.run(sys.argv[1:]))
"""


def test_it_is_said_without_the_log_and_is_no_verdict(tmp_path: Path) -> None:
    command = [sys.executable, "-c", A_BROKEN_PROGRAM, str(tmp_path / "recent.json")]
    with Terminal(command) as terminal:
        assert terminal.wait_for_end() == 4
        assert terminal.attributes == terminal.attributes_before
        text = terminal.text
    assert "audit-console: ZeroDivisionError: a fault" in text
    assert "Please report it" in text
    assert "what only the log says" not in text
