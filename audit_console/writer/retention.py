"""Deletes what a policy no longer keeps, now or again and again, beside running writers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from audit_console.core.retention import DEFAULT_DAYS, KeepLonger, PrunePlan, RetentionPolicy
from audit_console.errors import UsageError
from audit_console.writer.archive import ArchiveSink
from audit_console.writer.arguments import require_kind
from audit_console.writer.forking import renew_in_child
from audit_console.writer.pruning.archive import ArchivePruner
from audit_console.writer.pruning.request import PruneRequest

if TYPE_CHECKING:  # it needs more than Python
    from audit_console.writer.postgres import PostgresSink
    from audit_console.writer.pruning.postgres import PostgresPruner

_LOG = logging.getLogger("audit_console.writer")


class RetentionManager:
    """Keeps the events of one log for so many days, and deletes those that are older.

    Only the oldest events go, up to the first one that must stay, and never the newest. What
    remains verifies as before. Any number of processes may write meanwhile; one prunes.

    Args:
        sink: of the log; with PostgreSQL, its user has the role `audit_retention`.
        days: that every event is kept.
        longer: more days for the events that a query keeps: `{"type:authentication": 365}`.
        actor: who deletes, as the chain tells it.
        reason: why.
        clock: tells the time, aware of its zone.

    Raises:
        UsageError: a number of days or a query is none, or an argument of another type.
    """

    def __init__(  # noqa: PLR0913 - all but the sink have defaults and names
        self,
        sink: ArchiveSink | PostgresSink,
        *,
        days: int = DEFAULT_DAYS,
        longer: Mapping[str, int] | None = None,
        actor: str = "retention",
        reason: str = "retention policy",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        require_kind("longer", longer, Mapping, type(None))
        require_kind("actor", actor, str)
        require_kind("reason", reason, str)
        rules = tuple(KeepLonger(query, kept) for query, kept in (longer or {}).items())
        self._policy = RetentionPolicy(days=days, longer=rules)
        self._request = PruneRequest(actor=actor, reason=reason)
        self._clock = clock
        self._pruner = _pruner_of(sink)
        self.renew()
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child, which has no thread that cleans up."""
        self._background: BackgroundCleanup | None = None

    def preview(self) -> PrunePlan | None:
        """Say what would go now, and change nothing; None for nothing.

        Raises:
            PruneRefused: what would go does not verify, or the holds cannot be read.
            SinkUnavailable: the log cannot be read.
        """
        found = self._pruner.find(self._policy, self._clock())
        return None if found is None else found.plan

    def cleanup(self) -> int:
        """Delete what may go now, and tell how many events that were.

        A cleanup that was cut short before is finished first.

        Raises:
            PruneRefused: for the reason told; nothing was deleted.
            WriterError: the log cannot be written.
        """
        self._pruner.finish()
        plan = self.preview()
        if plan is None:
            return 0
        for _ in self._pruner.steps(plan, self._policy, self._request, self._clock()):
            pass
        return plan.events

    def start_background_cleanup(self, interval: float) -> BackgroundCleanup:
        """Clean up now and every `interval` seconds, on a thread of its own.

        What goes wrong is told to the standard logging, and tried again the next time.

        Raises:
            UsageError: the interval is not positive, or one runs already.
        """
        require_kind("interval", interval, int, float)
        if interval <= 0:
            raise UsageError(f"{interval} is no interval in seconds", hint="86400 for every day")
        if self._background is not None and self._background.is_running:
            raise UsageError("a cleanup runs in the background already", hint="stop it first")
        self._background = BackgroundCleanup(self.cleanup, interval)
        return self._background


class BackgroundCleanup:
    """A thread that cleans up until it is stopped, or the program ends."""

    def __init__(self, cleanup: Callable[[], int], interval: float) -> None:
        self._cleanup = cleanup
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit retention", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it was not stopped."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop, once a cleanup that is under way is done."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                deleted = self._cleanup()
            except Exception as error:  # noqa: BLE001 - whatever it was, the thread goes on
                _LOG.error("retention deleted nothing: %s", error)
            else:
                _LOG.info("retention deleted %d events", deleted)
            self._stopped.wait(self._interval)


def _pruner_of(sink: ArchiveSink | PostgresSink) -> ArchivePruner | PostgresPruner:
    if isinstance(sink, ArchiveSink):
        return ArchivePruner(sink.path, chain=sink.chain)
    from audit_console.writer.postgres import PostgresSink  # noqa: PLC0415 - see above
    from audit_console.writer.pruning.postgres import PostgresPruner  # noqa: PLC0415 - see above

    require_kind("sink", sink, ArchiveSink, PostgresSink)
    return PostgresPruner(sink.dsn, chain=sink.chain)
