"""The program: which command, and what its errors come to."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from audit_console.cli import (
    cache,
    check_proof,
    checkpoint,
    console,
    demo,
    evidence,
    keys,
    memory,
    migrate,
    prove,
    retention,
    seal,
    search,
    verify,
)
from audit_console.cli.exit_codes import CODES_OF_SIGNALS, ExitCode, code_of_error
from audit_console.cli.output import close_stdout, replace_closed_streams
from audit_console.cli.talk import say, say_error
from audit_console.errors import AuditConsoleError, SourceNotFound
from audit_console.sources.cancelling import INDEX_THREAD, QUESTION_THREAD

COMMANDS: dict[str, Callable[[Sequence[str]], ExitCode]] = {
    cache.NAME: cache.run,
    check_proof.NAME: check_proof.run,
    checkpoint.NAME: checkpoint.run,
    demo.NAME: demo.run,
    evidence.NAME: evidence.run,
    keys.NAME: keys.run,
    memory.NAME: memory.run,
    migrate.NAME: migrate.run,
    prove.NAME: prove.run,
    retention.NAME: retention.run,
    seal.NAME: seal.run,
    search.NAME: search.run,
    verify.NAME: verify.run,
}
"""By their first word. Whatever does not begin with one of them opens the console."""

_SECONDS_TO_STOP = 3


def main() -> int:
    """Run the program, end what it left running and give its exit code."""
    replace_closed_streams()
    code = _run_until_signalled(sys.argv[1:])
    _flush_stdout()
    _end_threads(code)
    return code


def _run_until_signalled(words: Sequence[str]) -> ExitCode:
    """Run one command; a signal to end it is heard as Ctrl+C is: nothing is left behind."""
    received: list[ExitCode] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(CODES_OF_SIGNALS[signal.Signals(number)])
        raise KeyboardInterrupt

    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(number, interrupt)
    code = run(words)
    return received[0] if received and code is ExitCode.INTERRUPTED else code


def run(words: Sequence[str]) -> ExitCode:
    """Run one command and say what went wrong with it."""
    command = COMMANDS.get(words[0]) if words else None
    try:
        return _open(words) if command is None else command(words[1:])
    except AuditConsoleError as error:
        say_error(error)
        return code_of_error(error)
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or "interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - Python would exit with 1, which means FAIL
        if isinstance(error.__cause__, KeyboardInterrupt):  # wrapped where a class is made
            say("interrupted")
            return ExitCode.INTERRUPTED
        _say_unforeseen(error)
        return ExitCode.ERROR


def _open(words: Sequence[str]) -> ExitCode:
    """Open the console; a first word that is no log may be a mistyped command."""
    try:
        return console.run(words)
    except SourceNotFound as error:
        import difflib

        for meant in difflib.get_close_matches(words[0], COMMANDS, n=1):
            error.hint += f"; or is the command meant: audit-console {meant}"
        raise


def _say_unforeseen(error: Exception) -> None:
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


def _end_threads(code: int) -> None:
    """Wait for a reader that was stopped; one that cannot be stopped waits for input or scans.

    Python must not end beside a thread that is inside Polars or DuckDB: it aborts.
    """
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join(0 if thread.name == QUESTION_THREAD else _SECONDS_TO_STOP)
            if thread.name == INDEX_THREAD and code not in CODES_OF_SIGNALS.values():
                _wait_for_index(thread, code)
            if thread.is_alive():
                _leave_threads(code)


def _wait_for_index(thread: threading.Thread, code: int) -> None:
    """Wait longer, and say why: it is a part of the time that the log would be read for again."""
    if thread.is_alive():
        try:
            say("writing the index, so that this log opens at once the next time; Ctrl+C leaves it")
            thread.join()
        except KeyboardInterrupt:  # behind which Python takes the thread for one that ended
            _leave_threads(code)


def _leave_threads(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)
