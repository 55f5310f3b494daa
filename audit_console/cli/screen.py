"""Runs the app in the terminal and turns what it leaves behind into an exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from weakref import WeakKeyDictionary, WeakSet

from audit_console.cli.exit_codes import CODES_OF_SIGNALS, ExitCode, code_of_verification
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say_error
from audit_console.cli.trusting import memory
from audit_console.core.policy import Policy
from audit_console.core.vouchers import Remembered
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.integrity.verification import Progress, Verification
from audit_console.sources.protocol import Source
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.loader import Opener, Verifier, verify_alone
from audit_console.tui.pruning import PREVIEWS_ALONE, Pruning

_SECONDS_BETWEEN_LOOKS = 1


class Trusting:
    """Verifies what the screen opens by a policy and the console's memory, and remembers.

    `notes` are checkpoints that were kept elsewhere than beside the log. `unsaid` is what went
    wrong with the memory while the screen could not be talked over.
    """

    def __init__(self, policy: Policy | None, notes: Sequence[str] = ()) -> None:
        self._policy = policy
        self._notes = notes
        self._known: WeakKeyDictionary[Source, _Known] = WeakKeyDictionary()
        self.unsaid: list[AuditConsoleError] = []

    def opener(self, open_log: Opener) -> Opener:
        """Have what is remembered read before a log is opened.

        Another console may see more of it meanwhile than was there when this one opened it.
        """

        def open_known(places: Sequence[str]) -> Source:
            known = _known()
            source = open_log(places)
            self._known[source] = known
            return source

        return open_known

    def __call__(
        self, source: Source, *, stop: Event, on_progress: Callable[[Progress], None]
    ) -> Verification:
        """Verify a log of `opener` on the calling thread.

        Raises:
            AuditConsoleError: the log or the memory cannot be read.
        """
        from audit_console.integrity.trust import Trust
        from audit_console.integrity.verifier import verify

        known = self._known[source]
        if isinstance(known, AuditConsoleError):
            raise known
        trust = Trust(self._policy, known, self._notes)
        verification = verify(source, trust=trust, stop=stop, on_progress=on_progress)
        try:
            memory().take_in(verification, datetime.now(UTC))
        except AuditConsoleError as error:
            self.unsaid.append(error)
        return verification


_Known = Mapping[str, Remembered] | AuditConsoleError


def _known() -> _Known:
    """Read what is remembered; that it cannot be read is no reason not to show a log."""
    try:
        return memory().all()
    except AuditConsoleError as error:
        return error


def show(
    places: Sequence[str],
    *,
    kept: Belongings,
    open_log: Callable[[Sequence[str]], Source],
    verifier: Verifier = verify_alone,
    pruning: Pruning = PREVIEWS_ALONE,
) -> ExitCode:
    """Show the log at `places` until the user quits.

    Args:
        places: what to open at once; nothing lets the user choose.
        kept: what the user keeps beside the logs.
        open_log: opens places as a log, on a thread, beside the first paint.
        verifier: judges what was opened, on the same thread.
        pruning: by which policy a log is pruned, and whether it may be.

    Raises:
        UsageError: the log comes from standard input and there is no terminal for the keys.
    """
    if "-" in places:
        _take_keys_from_terminal()
    with scratch_folder(), closing_all(open_log) as opener:
        app = AuditConsoleApp(opener, places=places, kept=kept, verifier=verifier, pruning=pruning)
        code_of_signal = asyncio.run(_run(app))
    return code_of_signal or _exit_code(app, asked=bool(places))


@contextmanager
def closing_all(open_log: Callable[[Sequence[str]], Source]) -> Iterator[Opener]:
    """Give an opener whose logs are closed in the end, and not kept until then."""
    opened: WeakSet[Source] = WeakSet()

    def opener(places: Sequence[str]) -> Source:
        _set_apart_what_stays()
        source = open_log(places)
        opened.add(source)
        return source

    try:
        yield opener
    finally:
        for source in list(opened):
            source.close()


def _set_apart_what_stays() -> None:
    """Have the engines ready, and garbage looked for among what comes after them alone.

    Going over a hundred thousand functions and types again and again would stop the screen
    each time. Done once: what is set apart is never given back.
    """
    import audit_console.integrity.verifier  # noqa: F401 - brings them all

    if not gc.get_freeze_count():
        gc.freeze()


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


async def _run(app: AuditConsoleApp) -> ExitCode | None:
    """Run the app; a signal, or no terminal any more, quits it as a key would.

    Returns:
        the code of the signal that ended it, if one did.
    """
    received: list[ExitCode] = []

    def quit_for(code: ExitCode) -> None:
        received.append(code)
        app.call_later(app.action_quit)

    def look_for_terminal() -> None:
        if _has_gone(0):
            quit_for(ExitCode.HUNG_UP)
        else:
            loop.call_later(_SECONDS_BETWEEN_LOOKS, look_for_terminal)

    loop = asyncio.get_running_loop()
    for number, code in CODES_OF_SIGNALS.items():
        loop.add_signal_handler(number, quit_for, code)
    look_for_terminal()
    await app.run_async()
    return received[0] if received else None


def _has_gone(terminal: int) -> bool:
    """Look whether nobody holds the other end any more; not every terminal sends a signal then."""
    poll = select.poll()
    poll.register(terminal, 0)
    return any(state & select.POLLHUP for _, state in poll.poll(0))


def _exit_code(app: AuditConsoleApp, *, asked: bool) -> ExitCode:
    if app.crash is not None:
        raise app.crash
    if app.verification is not None:
        return code_of_verification(app.verification)
    if app.error is not None:
        say_error(app.error)
        return ExitCode.ERROR
    return ExitCode.INCOMPLETE if asked else ExitCode.PASS
