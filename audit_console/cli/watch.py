"""A verification that shows how far it is and can be interrupted."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from audit_console.cli.progress import ProgressLine
from audit_console.core.wording import count
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Progress, Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.protocol import Source

_SECONDS_BETWEEN_LOOKS = 0.1


class _Run:
    """A verification on a thread, because a main thread that waits still hears Ctrl+C.

    The thread is a daemon: input that never comes cannot hold the program.
    """

    def __init__(self, source: Source, trust: Trust, *, roots: bool) -> None:
        self._trust = trust
        self._roots = roots
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

    def stop(self) -> None:
        """End the run at its next batch."""
        self._stop.set()

    def _verify(self) -> None:
        try:
            verification = verify(
                self._source,
                trust=self._trust,
                roots=self._roots,
                stop=self._stop,
                on_progress=self._take,
            )
        except BaseException as error:  # noqa: BLE001 - raised again where the result is taken
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(verification)

    def _take(self, progress: Progress) -> None:
        self.progress = progress


def verify_watched(source: Source, *, trust: Trust = NO_TRUST, roots: bool = True) -> Verification:
    """Verify with a progress line on the terminal; see `integrity.verifier.verify`.

    Raises:
        SourceError: the log cannot be looked at.
        KeyboardInterrupt: the user interrupted; it says how far it got.
    """
    run = _Run(source, trust, roots=roots)
    line = ProgressLine()
    try:
        while (verification := run.result(_SECONDS_BETWEEN_LOOKS)) is None:
            line.show(_progress_text(run.progress))
    except KeyboardInterrupt:
        run.stop()
        text = f"interrupted after {_progress_text(run.progress)}; there is no verdict"
        raise KeyboardInterrupt(text) from None
    finally:
        line.remove()
    return verification


def _progress_text(progress: Progress) -> str:
    """Say amounts: events, bytes and faults."""
    status = progress.status
    read = f"{status.bytes_read / 1e6:,.0f}"
    if status.bytes_total:
        read += f" of {status.bytes_total / 1e6:,.0f}"
    return f"{count(status.events, 'event')} · {read} MB · {count(progress.faults, 'fault')}"
