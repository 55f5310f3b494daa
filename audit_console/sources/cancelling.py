"""Taking back what a source is asked, from another thread than the one that waits.

A screen asks on threads, and often wants something else before the answer is there. It
runs the question under a `Cancellation`; a source that can stop its work says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from audit_console.errors import SourceUnreadable

QUESTION_THREAD = "question"
"""Name of the threads that only read, and that nobody waits for when the program ends."""

INDEX_THREAD = "index"
"""Name of the thread that writes an index, without which a log is read anew the next time."""

_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


class Cancellation:
    """Questions that can be taken back; `asyncio.to_thread` hands it on with the context."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stops: list[Callable[[], None]] = []
        self._cancelled = False

    @contextmanager
    def covers(self) -> Iterator[None]:
        """Cover the questions that are asked in the block, and on threads begun in it."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def cancel(self) -> None:
        """Stop what is under way; later questions are refused. Blocks as long as stopping does."""
        with self._lock:
            self._cancelled = True
            for stop in self._stops:
                stop()

    @contextmanager
    def runs(self, stop: Callable[[], None]) -> Iterator[None]:
        """Let `stop` be called while the block runs, and never behind it."""
        with self._lock:
            self.refuse_if_cancelled()
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)
        self.refuse_if_cancelled()

    def refuse_if_cancelled(self) -> None:
        """Refuse to go on with what was taken back.

        Raises:
            SourceUnreadable: it was.
        """
        if self._cancelled:
            raise SourceUnreadable("the question was taken back")


@contextmanager
def stoppable(stop: Callable[[], None]) -> Iterator[None]:
    """Say how the work of the block is stopped, for whoever asked for it."""
    asked = _current.get()
    if asked is None:
        yield
        return
    with asked.runs(stop):
        yield


def refuse_if_cancelled() -> None:
    """Refuse to go on with the work that is under way, if whoever asked for it took it back.

    Raises:
        SourceUnreadable: it was taken back.
    """
    asked = _current.get()
    if asked is not None:
        asked.refuse_if_cancelled()
