"""Opens and verifies one source on a thread of its own; speaks in messages only."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Protocol

from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Progress, Verification
from audit_console.sources.protocol import Source
from audit_console.tui.background import crash_of
from audit_console.tui.messages import (
    LoadCrashed,
    LoadFailed,
    LoadFinished,
    LoadMessage,
    LoadProgressed,
    SourceOpened,
)


class Reading(Enum):
    """What a load is for."""

    ANOTHER = auto()
    """Another log than the one on the screen."""
    AGAIN = auto()
    """The same log from its start; the investigation goes on."""
    NEWS = auto()
    """The same log as it is now, shown when it is read: until then all is as it was."""


Opener = Callable[[Sequence[str]], Source]


class Verifier(Protocol):
    """Reads the whole of a source and judges it, as `integrity.verifier.verify` does."""

    def __call__(
        self, source: Source, *, stop: threading.Event, on_progress: Callable[[Progress], None]
    ) -> Verification:
        """Verify on the calling thread; raises `AuditConsoleError`."""
        ...


def verify_alone(
    source: Source, *, stop: threading.Event, on_progress: Callable[[Progress], None]
) -> Verification:
    """Verify by what the log itself says, with nothing to vouch for it."""
    # Polars is needed from here on: importing it beside the first paint saves its time.
    from audit_console.integrity.verifier import verify

    return verify(source, stop=stop, on_progress=on_progress)


SECONDS_BETWEEN_PROGRESS = 0.1
SECONDS_TO_STOP = 2.0
"""How long closing waits for a load to hand over what it has."""


class Load:
    """One load, on a daemon thread: a place that never answers cannot hold the program.

    Attributes:
        verification: the result; also there after a stopped load.
        error: why there is none.
        source: the log, once it is open.
    """

    def __init__(
        self,
        opener: Opener,
        verifier: Verifier,
        places: Sequence[str],
        post: Callable[[LoadMessage], object],
        generation: int,
    ) -> None:
        self.places = tuple(places)
        self.generation = generation
        self.verification: Verification | None = None
        self.error: AuditConsoleError | None = None
        self._opener = opener
        self._verifier = verifier
        self._post = post
        self.source: Source | None = None
        self._stop = threading.Event()
        self._is_left = False
        self._last_progress = float("-inf")
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    @property
    def is_a_log(self) -> bool:
        """Whether the places are known to be a log: an event is there, or none was to be read."""
        if self.source is None:
            return False
        status = self.source.status
        return bool(status.events) or status.asks_store or self.verification is not None

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the load to end with what it has; it does so at the next batch."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and give back what the source holds; a load that takes longer does so itself."""
        self._is_left = True
        self.stop()
        self._thread.join(SECONDS_TO_STOP)
        if not self._thread.is_alive():
            self._give_back()

    async def close_on_a_thread(self) -> None:
        """Close; also when the program ends before a thread is free."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self.close))

    def _give_back(self) -> None:
        if self.source is not None:
            self.source.close()

    def _run(self) -> None:
        try:
            self.source = self._opener(self.places)
            self._post(SourceOpened(self.generation, self.source))
            self.verification = self._verifier(
                self.source, stop=self._stop, on_progress=self._on_progress
            )
            self._post(LoadFinished(self.generation, self.verification))
        except AuditConsoleError as error:
            self.error = error
            self._post(LoadFailed(self.generation, error))
        except BaseException as error:  # noqa: BLE001 - raised by the app, which owns the screen
            self._post(LoadCrashed(self.generation, crash_of(error)))
        finally:
            if self._is_left:
                self._give_back()

    def _on_progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last_progress >= SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self._post(LoadProgressed(self.generation, progress, progress.maps()))
