"""Runs the app in the terminal and turns what it leaves behind into an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from audit_console.cli.exit_codes import ExitCode, code_of_verification
from audit_console.cli.opening import open_source
from audit_console.cli.talk import say_error
from audit_console.errors import UsageError
from audit_console.sources.protocol import Source
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.recent import RecentSources

_SIGNALS = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}


def show(places: Sequence[str], *, recent: Path) -> ExitCode:
    """Show the log at `places` until the user quits; `recent` is the file of recent sources.

    Raises:
        UsageError: the log comes from standard input and there is no terminal for the keys.
    """
    if "-" in places:
        _take_keys_from_terminal()
    with ExitStack() as opened:

        def opener(places: Sequence[str]) -> Source:
            source = open_source(places, keep=True)
            opened.callback(source.close)
            return source

        app = AuditConsoleApp(opener, places=places, recent=RecentSources(recent))
        asyncio.run(_run(app))
    return _exit_code(app, asked=bool(places))


def _take_keys_from_terminal() -> None:
    """Leave the log to `sys.stdin` and give descriptor 0, where keys are read, to the terminal."""
    log = os.dup(0)
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError(
            "there is no terminal to read keys from",
            hint="Without one, use: audit-console verify -",
        ) from error
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = os.fdopen(log, encoding="utf-8")


async def _run(app: AuditConsoleApp) -> None:
    """Run the app; a signal ends it as a key would, so that the terminal is restored."""
    loop = asyncio.get_running_loop()
    for number, code in _SIGNALS.items():
        loop.add_signal_handler(number, partial(app.exit, return_code=code))
    await app.run_async()


def _exit_code(app: AuditConsoleApp, *, asked: bool) -> ExitCode:
    code = app.return_code or 0
    if code in _SIGNALS.values():
        return ExitCode(code)
    if code:  # the app crashed and has said so
        return ExitCode.ERROR
    if app.verification is not None:
        return code_of_verification(app.verification)
    if app.error is not None:
        say_error(app.error)
        return ExitCode.ERROR
    return ExitCode.INCOMPLETE if asked else ExitCode.PASS
