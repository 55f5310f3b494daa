"""Prunes a chain in PostgreSQL, by the role `audit_retention`.

The event that tells of a prune and its record are stored in one transaction, and what they
let go is deleted in it if it is little. Much is deleted behind that in short ones, so that no
writer waits; a prune that was cut short there is finished by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime

from audit_console.core.holds import HoldChange
from audit_console.core.prefix import Prefix, changed, find_prefix
from audit_console.core.prunes import PruneRecord
from audit_console.core.retention import Limits, PrunePlan, RetentionPolicy
from audit_console.errors import PrefixBroken
from audit_console.writer.pruning.postgres_log import PostgresLog, opened, opened_alone
from audit_console.writer.pruning.recording import EventsDeleted, PruneStep, record_of
from audit_console.writer.pruning.request import (
    PruneRequest,
    hold_event,
    prune_event,
    require_fitting,
    require_same_chain,
    require_told_holds,
    unsaid,
)

BATCH_EVENTS = 2_000
"""Events that one transaction deletes."""


class PostgresPruner:
    """Prunes one chain of a database while others write it.

    Args:
        dsn: a libpq connection string of a user with the role `audit_retention`.
        chain: name of the chain.
        batch_events: how many events one transaction deletes.
    """

    def __init__(self, dsn: str, *, chain: str, batch_events: int = BATCH_EVENTS) -> None:
        self._dsn = dsn
        self._chain = chain
        self._batch_events = batch_events

    def find(self, policy: RetentionPolicy, now: datetime) -> Prefix | None:
        """Find what may go now; nothing is written.

        Raises:
            PrefixBroken: an event that would go does not verify.
            PruneRefused: the holds or the records beside the log cannot be read, or a prune
                went on meanwhile.
            SinkUnavailable: the server does not answer.
        """
        with opened(self._dsn, self._chain) as log:
            limits, before = Limits(policy.cutoff(now), policy, log.holds()), log.latest_prune()
            try:
                return find_prefix(log.lines(), self._chain, limits, before)
            except PrefixBroken:
                if log.latest_prune() == before:
                    raise
                raise changed("another prune deletes its events") from None

    def steps(
        self, plan: PrunePlan, policy: RetentionPolicy, request: PruneRequest, now: datetime
    ) -> Generator[str, None, PruneRecord]:
        """Delete what a plan says, giving each step when it is done.

        A plan that was carried out already does nothing more.

        Raises:
            PruneRefused: the plan does not fit the log, another prune runs, or the user may not.
            PrefixBroken: what is to go does not verify.
            WriterError: the log cannot be written.
        """
        require_same_chain(plan, self._chain)
        with opened_alone(self._dsn, self._chain) as log:
            yield from self._finish(log)
            before = log.latest_prune()
            if before is not None and before.is_of(plan):
                return before
            require_told_holds(log.told_holds(), log.holds())
            record = yield from record_of(log, plan, policy, request, now)
            event = prune_event(record.text, request.actor, self._chain)
            log.tell_of_prune(event, record, now, delete=plan.events <= self._batch_events)
            yield PruneStep.TOLD_AND_RECORDED
            yield from self._delete(log, record)
            yield PruneStep.FINISHED
            return record

    def finish(self, on_step: Callable[[str], None] = unsaid) -> None:
        """Carry out a prune that was cut short, if there is one; `on_step` is told each step.

        Raises:
            PruneRefused: another prune runs, or the user may not.
            WriterError: the log cannot be written.
        """
        with opened_alone(self._dsn, self._chain) as log:
            for step in self._finish(log):
                on_step(step)

    def change_holds(self, change: HoldChange, now: datetime) -> None:
        """Add a hold or end one, and have the chain tell of it.

        Prunes that were cut short are finished first, of whichever chain: it has told of them.

        Raises:
            UsageError: the hold is in force already, or is not.
            PruneRefused: a prune runs, or the user may not.
            WriterError: the log cannot be written.
        """
        with opened_alone(self._dsn, self._chain) as log:
            for pruned in log.of_pruned_chains():
                for _ in self._finish(pruned):
                    pass
            require_fitting(change, log.holds())
            log.tell_of_hold(hold_event(change, self._chain), change, now)

    def _finish(self, log: PostgresLog) -> Iterator[str]:
        record = log.latest_prune()
        if record is not None:
            yield from self._delete(log, record)

    def _delete(self, log: PostgresLog, record: PruneRecord) -> Iterator[str]:
        begin, boundary = record.pruned_from, record.pruned_to
        for first in range(log.first_seq(), boundary, self._batch_events):
            end = min(first + self._batch_events, boundary)
            log.delete(first, end)
            yield EventsDeleted(f"{end - begin:,} of {boundary - begin:,} events are deleted")
