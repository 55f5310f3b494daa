"""The program: which command, and what its errors come to."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from audit_console.cli import console, demo, verify
from audit_console.cli.exit_codes import ExitCode, code_of_error
from audit_console.cli.output import close_stdout
from audit_console.cli.talk import say, say_error
from audit_console.errors import AuditConsoleError

COMMANDS: dict[str, Callable[[Sequence[str]], ExitCode]] = {
    demo.NAME: demo.run,
    verify.NAME: verify.run,
}
"""By their first word. Whatever does not begin with one of them opens the console."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    finally:
        _flush_stdout()


def _run(words: list[str]) -> ExitCode:
    command = COMMANDS.get(words[0]) if words else None
    try:
        return console.run(words) if command is None else command(words[1:])
    except AuditConsoleError as error:
        say_error(error)
        return code_of_error(error)
    except KeyboardInterrupt:
        say("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python would exit with 1, which means FAIL
        say_unforeseen(error)
        return ExitCode.ERROR


def say_unforeseen(error: Exception) -> None:
    """Say where a fault of this program is, with every line made safe."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        say(line)
    say("this is a fault of the program, not a finding about the log. Please report it.")


def _flush_stdout() -> None:
    """Let a reader that has gone away, as `head` does, be no error at exit either."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            close_stdout()
