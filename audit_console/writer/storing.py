"""Groups of events go into a sink, as durable as was asked, and are counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from audit_console.core.event import format_time
from audit_console.core.sealing import Head, Sealed, Unsealed, seal
from audit_console.writer.forking import renew_in_child
from audit_console.writer.sink import Seal, Sink

Sync = Literal["always", "batch", "os"]
"""When events are on disk.

`always`: when the call that stores them returns. `batch`: every `BATCH_EVENTS` events, and
with the first event that comes `BATCH_SECONDS` later. `os`: when the operating system likes.
With each of them `flush` and `close` leave nothing behind.
"""

BATCH_EVENTS = 1_000
BATCH_SECONDS = 1.0


@dataclass(slots=True)
class Metrics:
    """What a logger did so far; times in seconds.

    `failed` events were not stored, and who logged them or `on_error` was told. `dropped`
    ones found the queue full. `queued` ones wait. `groups` groups were stored in `seconds`,
    the slowest of them in `slowest`.
    """

    written: int = 0
    failed: int = 0
    dropped: int = 0
    queued: int = 0
    groups: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    last_error: str | None = None


class Store:
    """A sink with a rule of durability. Its methods may be called from any thread."""

    def __init__(self, sink: Sink, sync: Sync) -> None:
        self.sink = sink
        self._sync: Sync = sync
        self._metrics = Metrics()
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._lock = threading.Lock()
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child; what the parent stored is the parent's."""
        self._metrics = Metrics()
        self._unsynced = 0
        self._lock = threading.Lock()

    @property
    def metrics(self) -> Metrics:
        """A copy of the counts."""
        with self._lock:
            return replace(self._metrics)

    def append(self, events: Sequence[Unsealed]) -> Sequence[Sealed]:
        """Store a group of events, all of them or none.

        Raises:
            WriterError: nothing was stored.
        """
        durable = self._must_sync(len(events))
        begin = time.perf_counter()
        sealed = self.sink.append(self._seal(events), durable=durable)
        seconds = time.perf_counter() - begin
        with self._lock:
            self._metrics.written += len(sealed)
            self._metrics.groups += 1
            self._metrics.seconds += seconds
            self._metrics.slowest = max(self._metrics.slowest, seconds)
            self._unsynced += len(sealed)
            if durable:
                self._note_synced()
        return sealed

    def sync(self) -> None:
        """Make everything durable that was stored.

        Raises:
            SinkUnavailable: that did not go well.
        """
        self.sink.sync()
        with self._lock:
            self._note_synced()

    @property
    def patience(self) -> float | None:
        """Seconds after which stored events want a `sync`, if no more come; None for never."""
        return BATCH_SECONDS if self._sync == "batch" and self._unsynced else None

    def count_failed(self, events: int, error: Exception) -> None:
        """Count events that were given up."""
        with self._lock:
            self._metrics.failed += events
            self._metrics.last_error = str(error)

    def count_dropped(self, events: int) -> None:
        """Count events that found the queue full."""
        with self._lock:
            self._metrics.dropped += events

    def note_error(self, error: Exception) -> None:
        """Keep the reason why something will be tried again."""
        with self._lock:
            self._metrics.last_error = str(error)

    def _must_sync(self, events: int) -> bool:
        if self._sync != "batch":
            return self._sync == "always"
        waited = time.monotonic() - self._synced_at
        return self._unsynced + events >= BATCH_EVENTS or waited >= BATCH_SECONDS

    def _seal(self, events: Sequence[Unsealed]) -> Seal:
        def seal_behind(head: Head | None) -> Sequence[Sealed]:
            now = format_time(datetime.now(UTC))
            return list(seal(events, chain=self.sink.chain, head=head, recorded_at=now))

        return seal_behind

    def _note_synced(self) -> None:
        self._unsynced = 0
        self._synced_at = time.monotonic()
