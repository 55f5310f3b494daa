"""What an application calls."""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import ParamSpec, Self, TypeVar, Unpack, get_args

from audit_console.core.sealing import Sealed, Unsealed
from audit_console.errors import SinkUnavailable, UsageError, WriterError
from audit_console.writer.arguments import require_kind, require_methods, require_one_of
from audit_console.writer.background import (
    RETRIES,
    Background,
    OnError,
    WhenFull,
    closed,
    log_error,
)
from audit_console.writer.context import context
from audit_console.writer.forking import renew_in_child
from audit_console.writer.intake import EventFields, event_of, events_of
from audit_console.writer.orchestrator import OrchestratorEvents
from audit_console.writer.signing.signer import Signing
from audit_console.writer.sink import Seal, Sink
from audit_console.writer.storing import Metrics, Store, Sync

QUEUE_EVENTS = 10_000

Given = ParamSpec("Given")
Result = TypeVar("Result")


class _Inside(threading.local):
    """Whether a thread is inside a logger, and may hold one of its locks."""

    now = False


class AuditLogger(OrchestratorEvents[Sealed | None]):
    """Writes an audit log. Its methods may be called from any thread.

    A method that logs gives back the event as it is stored; None with `background`.

    Args:
        sink: where events go; closed with the logger.
        sync: when events are on disk: `always` (when the call returns), `batch` (at least
            every 1,000 events, and a second later with the next event) or `os`.
        background: a call puts the event into a queue and returns; a thread stores groups.
        queue_events: how many events may wait there.
        when_full: what a call does if so many wait: `block`, `raise` SinkUnavailable, or
            `drop` the event and count it.
        retries: how often the thread tries again, later each time, what the sink does not
            take now.
        on_error: is told on the thread of each event that was given up and why. Without it,
            the logging of the standard library is, with the event's id alone.
        signing: when checkpoints are signed, by which key. One that cannot be signed is told
            to the logging of the standard library and to `metrics`; the events are stored.

    Raises:
        UsageError: the sink takes no checkpoints, or a setting is none that there is.
        KeyFileError: the key cannot be used, or is that of another log.
    """

    context = staticmethod(context)

    def __init__(  # noqa: PLR0913 - all but the sink have defaults and names
        self,
        sink: Sink,
        *,
        sync: Sync = "always",
        background: bool = False,
        queue_events: int = QUEUE_EVENTS,
        when_full: WhenFull = "block",
        retries: int = RETRIES,
        on_error: OnError = log_error,
        signing: Signing | None = None,
    ) -> None:
        require_methods("sink", sink, "append", "sync", "close")
        require_one_of("sync", sync, get_args(Sync))
        require_one_of("when_full", when_full, get_args(WhenFull))
        require_kind("queue_events", queue_events, int)
        require_kind("retries", retries, int)
        require_kind("signing", signing, Signing, type(None))
        if queue_events < 1:
            raise UsageError(f"queue_events is {queue_events}", hint="let one event wait at least")
        self._store = Store(sink, sync, signing)
        self._in_background = background
        self._queue = Background(
            self._store,
            limit=queue_events,
            when_full=when_full,
            retries=retries,
            on_error=on_error,
        )
        self._closed = False
        self._inside = _Inside()
        self.renew()
        renew_in_child(self)
        atexit.register(self.close)

    def renew(self) -> None:
        """Begin anew in a forked child, which comes to an end of its own."""
        self._closes_with_child = False

    @staticmethod
    def disabled() -> AuditLogger:
        """Give a logger that does nothing at all."""
        return _DisabledLogger()

    def log_event(self, **fields: Unpack[EventFields]) -> Sealed | None:
        """Log an event of any kind.

        Raises:
            EventRefused: a value cannot be stored, or the event is too large.
            SinkUnavailable: it was not stored; with `background`, the queue is full.
            ChainBroken: the log's last event does not verify.
        """
        event = event_of(fields, "log_event")
        if self._in_background:
            self._once(self._queue.put, [event])
            return None
        return self._once(self._append, [event])[0]

    def log_events(self, many: Iterable[EventFields]) -> Sequence[Sealed]:
        """Log events in one group, all of them or none, and far faster than one by one.

        With `background` they are put into the queue together, and nothing comes back.

        Raises:
            WriterError: as `log_event`.
        """
        events = events_of(many, "log_events")
        if not self._in_background:
            return self._once(self._append, events)
        self._once(self._queue.put, events)
        return ()

    async def alog_event(self, **fields: Unpack[EventFields]) -> Sealed | None:
        """Log an event without blocking the loop, and wait until it is stored.

        Events of many tasks are stored in groups, by one thread.

        Raises:
            WriterError: as `log_event`; a store that does not take it is tried again first.
        """
        event = event_of(fields, "alog_event")
        return await asyncio.wrap_future(self._once(self._queue.submit, event))

    @property
    def aio(self) -> AsyncEvents:
        """The methods that log, each to be awaited as `alog_event`."""
        return AsyncEvents(self)

    @property
    def sink(self) -> Sink:
        """Where events go."""
        return self._store.sink

    @sink.setter
    def sink(self, sink: Sink) -> None:
        self._store.sink = sink

    @property
    def metrics(self) -> Metrics:
        """What the logger did so far."""
        return replace(self._store.metrics, queued=self._queue.queued)

    def flush(self) -> None:
        """Wait until everything that was logged is on disk, or given up.

        Raises:
            SinkUnavailable: the store cannot say that it is, or `on_error` asked.
        """
        self._once(self._flush)

    def _flush(self) -> None:
        self._queue.refuse_own_thread()
        self._queue.drain()
        self._store.sync()

    def close(self) -> None:
        """Flush, sign, and give the sink back. An interpreter that ends does this by itself.

        Raises:
            SinkUnavailable: the store cannot say that everything is on disk, or `on_error`
                asked; nothing is closed then.
        """
        if not self._closed:
            self._once(self._close)

    def _close(self) -> None:
        self._queue.refuse_own_thread()
        self._closed = True
        atexit.unregister(self.close)
        self._queue.close()
        try:
            self._store.sync()
            self._store.sign_rest()
        finally:
            self._store.sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _once(
        self, call: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Call what takes locks, which the thread that has them would wait for without end.

        Raises:
            SinkUnavailable: this is a signal handler, or a `__del__`, that interrupted such a call.
        """
        if self._inside.now:
            raise SinkUnavailable(
                "this thread was interrupted while it called the same logger",
                hint="let a signal handler set a flag, and log where that is looked at",
            )
        if not self._closes_with_child and "multiprocessing.util" in sys.modules:
            self._close_with_child()
        try:
            self._inside.now = True
            return call(*given, **named)
        finally:
            self._inside.now = False

    def _close_with_child(self) -> None:
        """Close at the end of a child of multiprocessing, which runs no exit handlers."""
        if sys.modules["multiprocessing.process"].parent_process() is not None:
            sys.modules["multiprocessing.util"].Finalize(None, self.close, exitpriority=0)
            self._closes_with_child = True

    def _append(self, events: Sequence[Unsealed]) -> Sequence[Sealed]:
        if self._closed:
            raise closed()
        try:
            return self._store.append(events)
        except WriterError as error:
            self._store.count_failed(len(events), error)
            raise


class AsyncEvents(OrchestratorEvents[Awaitable[Sealed | None]]):
    """The methods of a logger that log, to be awaited."""

    def __init__(self, log: AuditLogger) -> None:
        self._log = log

    def log_event(self, **fields: Unpack[EventFields]) -> Awaitable[Sealed | None]:
        """Log an event of any kind; see `AuditLogger.alog_event`."""
        return self._log.alog_event(**fields)


class _Nowhere:
    """A sink that stores nothing, and so need not ask for any places in its chain."""

    chain = "disabled"

    def append(self, _: Seal, *, durable: bool) -> Sequence[Sealed]:  # noqa: ARG002 - nothing is stored
        return ()

    def sync(self) -> None: ...

    def close(self) -> None: ...


class _DisabledLogger(AuditLogger):
    def __init__(self) -> None:
        """Take nothing and hold nothing."""
        self._store = Store(_Nowhere(), "os", signing=None)

    def log_event(self, **_: Unpack[EventFields]) -> None: ...

    def log_events(self, _: Iterable[EventFields]) -> Sequence[Sealed]:
        return ()

    async def alog_event(self, **_: Unpack[EventFields]) -> None: ...

    @property
    def metrics(self) -> Metrics:
        return Metrics()

    def flush(self) -> None: ...

    def close(self) -> None: ...
