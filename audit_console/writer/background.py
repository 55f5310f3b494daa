"""A bounded queue, and one thread that stores what waits there in groups."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from audit_console.core.codec import decode_content
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.sealing import Sealed, Unsealed
from audit_console.errors import EventRefused, SinkUnavailable
from audit_console.writer.forking import renew_in_child
from audit_console.writer.storing import Store

WhenFull = Literal["block", "raise", "drop"]
OnError = Callable[[Exception, AuditEvent], None]

GROUP_EVENTS = 1_000
RETRIES = 8
FIRST_DELAY, LONGEST_DELAY = 0.05, 5.0
"""Seconds before the first and the last tries; each waits twice as long as the one before."""

_LOG = logging.getLogger("audit_console.writer")


def log_error(error: Exception, event: AuditEvent) -> None:
    """Tell the standard logging of an event that was not stored, without its content."""
    _LOG.error("audit event %s was not stored: %s", event.id, error)


def closed() -> SinkUnavailable:
    """Say that a logger was closed."""
    return SinkUnavailable("the logger is closed", hint="log before it is closed")


@dataclass(slots=True)
class _Waiting:
    event: Unsealed
    stored: Future[Sealed] | None
    """Whoever waits for it; nobody else is told what becomes of the event then."""


class Background:
    """Stores events on a thread of its own, in the order in which they came.

    A store that does not take a group now is tried again, `retries` times, each time later.
    After that, and until it takes one, each group is tried once. What is given up goes to
    whoever waits for it, or else to `on_error`.
    """

    def __init__(
        self, store: Store, *, limit: int, when_full: WhenFull, retries: int, on_error: OnError
    ) -> None:
        self._store = store
        self._limit = limit
        self._when_full: WhenFull = when_full
        self._retries = retries
        self._on_error = on_error
        self._closed = False
        self.renew()
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child; what waits in the parent is the parent's."""
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._moved = threading.Condition(self._lock)
        self._waiting: deque[_Waiting] = deque()
        self._thread: threading.Thread | None = None
        self._accepted = self._settled = 0
        self._failures = 0

    @property
    def queued(self) -> int:
        """Events that wait."""
        return len(self._waiting)

    def put(self, events: Sequence[Unsealed]) -> None:
        """Have events stored later; where they shall block, they come in as there is room.

        Raises:
            SinkUnavailable: the queue has no room for all of them and shall raise, or it is
                closed, or this is its own thread, which would wait for itself.
        """
        with self._lock:
            while events and not self._closed:
                room = max(self._limit - len(self._waiting), 0)
                if self._when_full == "block" and not room:
                    self.refuse_own_thread()
                    self._moved.wait()
                    continue
                if self._when_full != "block" and room < len(events):
                    events = self._fitting(events, room)
                self._add([_Waiting(event, None) for event in events[:room]])
                events = events[room:]
            if events:
                raise closed()

    def submit(self, event: Unsealed) -> Future[Sealed]:
        """Have an event stored later and be told; never waits, however full the queue is.

        Raises:
            SinkUnavailable: the queue is closed.
        """
        stored: Future[Sealed] = Future()
        with self._lock:
            if self._closed:
                raise closed()
            self._add([_Waiting(event, stored)])
        return stored

    def refuse_own_thread(self) -> None:
        """Refuse to wait, on the thread of the queue, for what that thread has to do.

        Raises:
            SinkUnavailable: this is that thread.
        """
        if threading.current_thread() is self._thread:
            raise SinkUnavailable(
                "on_error runs on the thread that stores events, so it cannot wait for that",
                hint="flush, close and log into a full queue on another thread",
            )

    def drain(self) -> None:
        """Wait until all that came before is stored or given up."""
        with self._lock:
            accepted = self._accepted
            while self._settled < accepted:
                self._moved.wait()

    def close(self) -> None:
        """Take no more events, and wait until all is stored or given up."""
        with self._lock:
            self._closed = True
            self._arrived.notify_all()
            self._moved.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _fitting(self, events: Sequence[Unsealed], room: int) -> Sequence[Unsealed]:
        if self._when_full == "drop":
            self._store.count_dropped(len(events) - room)
            return events[:room]
        raise SinkUnavailable(
            f"{len(self._waiting):,} of {self._limit:,} events wait to be stored already",
            hint="the store is too slow or unreachable: see the logger's last error",
        )

    def _add(self, waiting: Sequence[_Waiting]) -> None:
        if self._thread is None:
            self._thread = self._started()
        self._waiting.extend(waiting)
        self._accepted += len(waiting)
        self._arrived.notify()

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise SinkUnavailable(
                f"no thread to store events: {error}", hint="raise the limit on threads"
            ) from None
        return thread

    def _run(self) -> None:
        group: Sequence[_Waiting] = ()
        try:
            while (group := self._take()) or not self._closed:
                if group:
                    self._settle(group)
                else:
                    self._sync()
                self._count_settled(len(group))
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
            self._fail(group, error)

    def _count_settled(self, events: int) -> None:
        with self._lock:
            self._settled += events
            self._moved.notify_all()

    def _fail(self, group: Sequence[_Waiting], error: BaseException) -> None:
        """Take no more events, and give up those that wait, and who waits for one in hand."""
        with self._lock:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
        in_hand = [one for one in group if one.stored and not one.stored.done()]
        _LOG.error("the thread that stores audit events ended: %r", error)
        self._give_up([*in_hand, *waiting], error)
        self._count_settled(self._accepted - self._settled)

    def _take(self) -> Sequence[_Waiting]:
        """Wait for events. None come when it was quiet for a while, or the queue is closed."""
        with self._lock:
            if not self._waiting and not self._closed:
                self._arrived.wait(self._store.patience)
            size = min(len(self._waiting), GROUP_EVENTS)
            group = [self._waiting.popleft() for _ in range(size)]
            self._moved.notify_all()
        for waiting in group:
            if waiting.stored and not waiting.stored.set_running_or_notify_cancel():
                waiting.stored = None
        return group

    def _settle(self, group: Sequence[_Waiting]) -> None:
        try:
            stored = self._store_patiently([waiting.event for waiting in group])
        except EventRefused as error:
            self._settle_one_by_one(group, error)
        except BaseException as error:  # noqa: BLE001 - whatever a sink raises, the thread goes on
            self._give_up(group, error)
        else:
            for place, waiting in enumerate(group):
                if waiting.stored:
                    waiting.stored.set_result(stored[place])

    def _settle_one_by_one(self, group: Sequence[_Waiting], error: EventRefused) -> None:
        """Find the event that no store takes; the others are stored."""
        if len(group) == 1:
            self._give_up(group, error)
            return
        for waiting in group:
            self._settle([waiting])

    def _store_patiently(self, events: Sequence[Unsealed]) -> Sequence[Sealed]:
        while True:
            try:
                stored = self._store.append(events)
            except SinkUnavailable as error:
                self._failures += 1
                if self._failures > self._retries:
                    raise
                self._store.note_error(error)
                time.sleep(min(FIRST_DELAY * 2 ** (self._failures - 1), LONGEST_DELAY))
            else:
                self._failures = 0
                return stored

    def _give_up(self, group: Sequence[_Waiting], error: BaseException) -> None:
        told = error if isinstance(error, Exception) else SinkUnavailable(repr(error))
        self._store.count_failed(len(group), told)
        for waiting in group:
            if waiting.stored:
                waiting.stored.set_exception(told)
            else:
                self._tell(told, waiting.event)

    def _tell(self, error: Exception, event: Unsealed) -> None:
        try:
            self._on_error(error, _unstored(event))
        except BaseException:  # noqa: BLE001 - the application's own code; the thread goes on
            _LOG.exception("on_error failed; audit event %s was not stored: %s", event.id, error)

    def _sync(self) -> None:
        try:
            self._store.sync()
        except Exception as error:  # noqa: BLE001 - whatever a sink raises, the thread goes on
            if str(error) != self._store.metrics.last_error:
                _LOG.error("what was stored may not be on disk: %s", error)
            self._store.note_error(error)
        self._store.sign_if_due()


def _unstored(event: Unsealed) -> AuditEvent:
    """Give an event without a place in a chain; unless it says when, it happened now."""
    timestamp = event.timestamp or format_time(datetime.now(UTC))
    return decode_content(event.content, event.id, timestamp)
