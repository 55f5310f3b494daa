"""Prunes an archive step by step, so that a crash between two steps loses nothing.

A prune is prepared in `name.prune.pending`. From the moment on at which the chain tells of
it, it is carried out, by the next prune if need be; before that, it never was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from audit_console.core.beside import HOLDS, PRUNES
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import AuditEvent
from audit_console.core.hashing import event_hash
from audit_console.core.holds import HoldChange
from audit_console.core.prefix import Prefix, find_prefix
from audit_console.core.prunes import PRUNE_ACTION, PRUNE_EVENT_TYPE, PruneRecord, read_prunes
from audit_console.core.retention import Limits, PrunePlan, RetentionPolicy
from audit_console.disk import sync_folder
from audit_console.errors import PruneRefused
from audit_console.writer.archive import LOCK_SECONDS
from audit_console.writer.files import append, open_anew, open_own, unavailable
from audit_console.writer.pruning.archive_cut import PART, cut
from audit_console.writer.pruning.archive_files import (
    LogFile,
    OpenFile,
    last_seq,
    open_plain,
)
from audit_console.writer.pruning.archive_log import ArchiveLog
from audit_console.writer.pruning.recording import PruneStep, decoded, record_of
from audit_console.writer.pruning.request import (
    PruneRequest,
    hold_event,
    prune_event,
    require_fitting,
    require_same_chain,
    require_told_holds,
    unsaid,
)

_PENDING, _PREPARED = ".prune.pending", ".prune.prepared"


@dataclass(frozen=True, slots=True)
class _Pending:
    """A prune that may have begun: its record, and the event that tells of it."""

    record: str
    event_id: str
    after_seq: int


def _decode_pending(text: bytes) -> _Pending:
    """Read what `_prepare` wrote; anything else is a TypeError or ValueError."""
    record, event_id, after_seq = json.loads(text)
    if not (isinstance(record, str) and isinstance(event_id, str) and isinstance(after_seq, int)):
        raise TypeError("a part is of another type")
    return _Pending(record, event_id, after_seq)


class ArchivePruner:
    """Prunes the log that an `ArchiveSink` writes at `path`, while it writes.

    Args:
        path: the file that grows.
        chain: name of the chain.
        open_file: opens the text of closed files, packed or not.
        patience: seconds to wait for writers that hold the log.
    """

    def __init__(
        self,
        path: Path,
        *,
        chain: str,
        open_file: OpenFile = open_plain,
        patience: float = LOCK_SECONDS,
    ) -> None:
        self._log = ArchiveLog(path, chain, open_file, patience)

    def find(self, policy: RetentionPolicy, now: datetime) -> Prefix | None:
        """Find what may go now; nothing is written.

        Raises:
            PrefixBroken: an event that would go does not verify.
            PruneRefused: the holds or the records beside the log cannot be read.
            SinkUnavailable: a file cannot be read.
        """
        log = self._log
        with unavailable(log.path):
            limits = Limits(policy.cutoff(now), policy, log.holds())
            return find_prefix(log.lines(), log.chain, limits, log.latest_prune())

    def steps(
        self, plan: PrunePlan, policy: RetentionPolicy, request: PruneRequest, now: datetime
    ) -> Generator[PruneStep, None, PruneRecord]:
        """Delete what a plan says, giving each step when it is done.

        A plan that was carried out already does nothing more.

        Raises:
            PruneRefused: the plan does not fit the log, or another prune runs.
            PrefixBroken: what is to go does not verify.
            WriterError: the log cannot be written, or writers hold it all the time.
        """
        log = self._log
        require_same_chain(plan, log.chain)
        with log.alone():
            yield from self._finish()
            before = log.latest_prune()
            if before is not None and before.is_of(plan):
                return before
            record = yield from record_of(log, plan, policy, request, now)
            self._require_apart(plan.pruned_to)
            require_told_holds(log.told_holds(), log.holds())
            yield from self._apply(record, request.actor, now)
            return record

    def finish(self, on_step: Callable[[str], None] = unsaid) -> None:
        """Carry out a prune that was cut short, if there is one; `on_step` is told each step.

        Raises:
            PruneRefused: another prune runs.
            WriterError: the log cannot be written.
        """
        with self._log.alone():
            for step in self._finish():
                on_step(step)

    def change_holds(self, change: HoldChange, now: datetime) -> None:
        """Add a hold or end one, and have the chain tell of it.

        A hold counts before it is told of, and as long as its end is not told of. A prune
        that was cut short is finished first: the chain has told of it.

        Raises:
            UsageError: the hold is in force already, or is not.
            PruneRefused: a prune runs, or the book of holds cannot be read.
            WriterError: the log cannot be written.
        """
        log = self._log
        with log.alone():
            for _ in self._finish():
                pass
            require_fitting(change, log.holds())
            if change.change == "add":
                log.add_record(HOLDS, change.text)
            log.tell(hold_event(change, log.chain), now)
            if change.change == "remove":
                log.add_record(HOLDS, change.text)

    def _finish(self) -> Iterator[PruneStep]:
        """Carry out a prune that the chain tells of, and forget one that it does not."""
        pending = self._pending()
        if pending is None:
            return
        record = decoded(pending.record)
        event = self._told(pending)
        if event is not None:
            self._require_telling(event, record)
            self._log.sync()  # by whom it was told may have been killed before
            yield from self._carry_out(record)
        self._forget()

    def _apply(self, record: PruneRecord, actor: str, now: datetime) -> Iterator[PruneStep]:
        event = prune_event(record.text, actor, self._log.chain)
        self._prepare(_Pending(record.text, event.id, self._log.head_seq()))
        yield PruneStep.PREPARED
        self._log.tell(event, now)
        yield PruneStep.TOLD
        yield from self._carry_out(record)
        self._forget()
        yield PruneStep.FINISHED

    def _carry_out(self, record: PruneRecord) -> Iterator[PruneStep]:
        log, boundary = self._log, record.pruned_to
        if record.text not in log.records(PRUNES):
            log.add_record(PRUNES, record.text)
        yield PruneStep.RECORDED
        for file, behind in self._neighbours(boundary):
            if self._ends_before(file, behind):
                file.path.unlink()
                sync_folder(log.path.parent)
                yield PruneStep.FILE_DELETED
        while (files := log.files()) and files[0].first_seq < boundary:
            if cut(log, files[0], boundary):
                yield PruneStep.FILE_CUT

    def _neighbours(self, boundary: int) -> list[tuple[LogFile, LogFile]]:
        """List the files that end under a boundary, each with the one behind it."""
        pairs = pairwise(self._log.files())
        return [(file, behind) for file, behind in pairs if behind.first_seq <= boundary]

    def _ends_before(self, file: LogFile, behind: LogFile) -> bool:
        return last_seq(file, self._log.open_file) + 1 == behind.first_seq

    def _require_apart(self, boundary: int) -> None:
        """Refuse files that hold the same events: who deletes one of them would err."""
        for file, behind in self._neighbours(boundary):
            if not self._ends_before(file, behind):
                raise PruneRefused(
                    f"{behind.path}: begins within {file.path.name}; nothing is deleted",
                    hint="one of the two is left over, as by packing that was cut short: "
                    "verify the log, and take that one away",
                )

    def _prepare(self, pending: _Pending) -> None:
        prepared = self._log.beside(_PREPARED)
        text = json.dumps([pending.record, pending.event_id, pending.after_seq])
        with open_anew(prepared) as file:
            append(file, text.encode(), durable=True)
        prepared.replace(self._log.beside(_PENDING))
        sync_folder(self._log.path.parent)

    def _pending(self) -> _Pending | None:
        path = self._log.beside(_PENDING)
        if not path.exists():
            return None
        try:
            with unavailable(path), open_own(path) as file:
                return _decode_pending(file.read())
        except (TypeError, ValueError, RecursionError):
            raise self._not_written_here() from None

    def _not_written_here(self) -> PruneRefused:
        return PruneRefused(
            f"{self._log.beside(_PENDING)}: not written by this program, or damaged; "
            "nothing is deleted",
            hint="verify the log; if it is whole and no prune was under way, remove this file",
        )

    def _told(self, pending: _Pending) -> AuditEvent | None:
        """Find the event that was to tell of a prune."""
        wanted = f'"id":"{pending.event_id}"'.encode()
        files = self._log.files()
        ends = [behind.first_seq for behind in files[1:]] + [MAX_SEQ]
        newest = [file for file, end in zip(files, ends, strict=True) if end > pending.after_seq]
        events = self._log.events_with(wanted, newest)
        return next((event for event in events if event.id == pending.event_id), None)

    def _require_telling(self, event: AuditEvent, record: PruneRecord) -> None:
        """Delete nothing on the word of a file alone: the chain must tell of just this prune."""
        log = self._log
        is_next = read_prunes([*log.records(PRUNES), record.text]).latest(log.chain) == record
        is_whole = event.chain == log.chain and event_hash(event) == event.event_hash
        is_prune = (event.event_type, event.action) == (PRUNE_EVENT_TYPE, PRUNE_ACTION)
        if not (is_next and is_whole and is_prune and record.is_told_by(event.details or "")):
            raise self._not_written_here()

    def _forget(self) -> None:
        for suffix in (_PENDING, _PREPARED, PART):
            self._log.beside(suffix).unlink(missing_ok=True)
        sync_folder(self._log.path.parent)
