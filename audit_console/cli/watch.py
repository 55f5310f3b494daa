"""A verification that shows how far it is and can be interrupted."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from typing import NoReturn

from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.progress import ProgressLine, progress_text
from audit_console.cli.talk import say
from audit_console.integrity.verification import Progress, Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.protocol import Source

_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_TO_STOP = 3


class _Run:
    """A verification on a thread, because a main thread that waits still hears Ctrl+C.

    The thread is a daemon: input that never comes cannot hold the program.
    """

    def __init__(self, source: Source) -> None:
        self.progress = Progress(status=source.status, faults=0)
        self._source = source
        self._stop = threading.Event()
        self._outcome: Future[Verification] = Future()
        threading.Thread(target=self._verify, name="verify", daemon=True).start()

    def result(self, seconds: float) -> Verification | None:
        """Wait for the result, None when it is not there in time.

        Raises:
            SourceError: the log cannot be looked at.
        """
        try:
            return self._outcome.result(seconds)
        except TimeoutError:
            if self._outcome.done():  # the run itself ran into it
                raise
            return None

    def stop(self) -> bool:
        """End the run with what it has; tell whether it came to an end."""
        self._stop.set()
        try:
            self._outcome.exception(_SECONDS_TO_STOP)
        except TimeoutError:
            return False
        return True

    def _verify(self) -> None:
        try:
            verification = verify(self._source, stop=self._stop, on_progress=self._take)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is taken
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(verification)

    def _take(self, progress: Progress) -> None:
        self.progress = progress


def verify_watched(source: Source) -> Verification:
    """Verify with a progress line on the terminal.

    Raises:
        SourceError: the log cannot be looked at.
        SystemExit: the user interrupted; how far it got was said.
    """
    run = _Run(source)
    line = ProgressLine()
    try:
        while (verification := run.result(_SECONDS_BETWEEN_LOOKS)) is None:
            line.show(run.progress)
    except KeyboardInterrupt:
        line.remove()
        _leave(run)
    finally:
        line.remove()
    return verification


def _leave(run: _Run) -> NoReturn:
    stopped = run.stop()
    say(f"interrupted after {progress_text(run.progress)}. There is no verdict.")
    if not stopped:  # Python would wait with it for input that does not come
        os._exit(ExitCode.INTERRUPTED)
    raise SystemExit(ExitCode.INTERRUPTED)
