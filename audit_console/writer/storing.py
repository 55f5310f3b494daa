"""Groups of events go into a sink, as durable as was asked, and are counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from audit_console.core.event import format_time
from audit_console.core.sealing import Head, Sealed, SealedGroup, Unsealed, seal
from audit_console.writer.forking import renew_in_child
from audit_console.writer.signing.signer import Signer, Signing
from audit_console.writer.sink import Seal, Sink

_LOG = logging.getLogger("audit_console.writer")

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
    the slowest of them in `slowest`. `checkpoints` were signed; so many `failed_checkpoints`
    could not be when they were due.
    """

    written: int = 0
    failed: int = 0
    dropped: int = 0
    queued: int = 0
    groups: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    checkpoints: int = 0
    failed_checkpoints: int = 0
    last_error: str | None = None


class Store:
    """A sink with a rule of durability. Its methods may be called from any thread.

    Checkpoints are of the sink that it is made with, not of one put in its place.
    """

    def __init__(self, sink: Sink, sync: Sync, signing: Signing | None) -> None:
        self.sink = sink
        self._signer = Signer(signing, sink) if signing else None
        self._sync: Sync = sync
        self._metrics = Metrics()
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._lock = threading.RLock()  # a signal handler may log while `metrics` is asked
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child; what the parent stored is the parent's."""
        self._metrics = Metrics()
        self._unsynced = 0
        self._lock = threading.RLock()

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
        self.sign_if_due(len(sealed))
        return sealed

    def sync(self) -> None:
        """Make everything durable that was stored.

        Raises:
            SinkUnavailable: that did not go well.
        """
        self.sink.sync()
        with self._lock:
            self._note_synced()

    def sign_if_due(self, stored: int = 0) -> None:
        """Count events that were stored, and sign a checkpoint if it is time for one."""
        signer = self._signer_in_use
        if signer is not None and signer.is_turn(stored):
            self._sign(signer)

    def sign_rest(self) -> None:
        """Sign a checkpoint over what was stored since the last one."""
        signer = self._signer_in_use
        if signer is not None and signer.unsigned:
            self._sign(signer)

    @property
    def patience(self) -> float | None:
        """Seconds after which a `sync` or a checkpoint is due if no more events come."""
        until_sync = BATCH_SECONDS if self._sync == "batch" and self._unsynced else None
        signer = self._signer_in_use
        until_checkpoint = signer.patience if signer is not None else None
        waits = (until_sync, until_checkpoint)
        return min((seconds for seconds in waits if seconds is not None), default=None)

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

    @property
    def _signer_in_use(self) -> Signer | None:
        signer = self._signer
        return signer if signer is not None and signer.sink is self.sink else None

    def _sign(self, signer: Signer) -> None:
        """Sign; what goes wrong never comes in the way of events, which are stored already."""
        try:
            signer.sign()
        except Exception as error:  # noqa: BLE001 - what is stored stays stored
            _LOG.error("no checkpoint of %s was signed: %s", self.sink.chain, error)
            with self._lock:
                self._metrics.failed_checkpoints += 1
                self._metrics.last_error = str(error)
        else:
            with self._lock:
                self._metrics.checkpoints += 1

    def _must_sync(self, events: int) -> bool:
        if self._sync != "batch":
            return self._sync == "always"
        waited = time.monotonic() - self._synced_at
        return self._unsynced + events >= BATCH_EVENTS or waited >= BATCH_SECONDS

    def _seal(self, events: Sequence[Unsealed]) -> Seal:
        def seal_behind(head: Head | None) -> SealedGroup:
            now = format_time(datetime.now(UTC))
            return seal(events, chain=self.sink.chain, head=head, recorded_at=now)

        return seal_behind

    def _note_synced(self) -> None:
        self._unsynced = 0
        self._synced_at = time.monotonic()
