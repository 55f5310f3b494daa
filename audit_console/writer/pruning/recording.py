"""What a prune does before it deletes, whatever keeps the log: checks, keeps a copy, records."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from audit_console.core.checkpoints import decode_stored_checkpoint
from audit_console.core.codec import Malformed
from audit_console.core.holds import Hold
from audit_console.core.prefix import changed, check_prefix
from audit_console.core.prunes import PruneCircumstances, PruneRecord, decode_prune, encode_prune
from audit_console.core.retention import Limits, PrunePlan, RetentionPolicy
from audit_console.errors import PruneRefused
from audit_console.writer.pruning.request import PruneRequest

if TYPE_CHECKING:
    from hashlib import _Hash

LONGEST_NOTE = 16 << 10
"""A note that is kept in a record leaves room in the event that tells of it."""


class PruneStep(StrEnum):
    """What a prune has done; the first three and the last of any log, the others of one kind."""

    CHECKED = "what goes was verified"
    KEPT = "a copy of it was kept and read back"
    ANCHORED = "the records of prunes are kept beside the copy"
    PREPARED = "the prune is prepared"
    TOLD = "the chain tells of it"
    RECORDED = "the record is kept beside the log"
    FILE_DELETED = "a file was deleted"
    FILE_CUT = "the file with the boundary was cut"
    TOLD_AND_RECORDED = "the chain tells of the prune, and its record is kept"
    FINISHED = "nothing is left to be done"


class EventsDeleted(str):
    """How many of the events that go are deleted, told again and again while more go."""

    __slots__ = ()


class PrunedLog(Protocol):
    """A chain as a prune reads it."""

    def lines(self) -> Iterator[bytes]:
        """Read the whole lines, without their newlines."""
        ...

    def holds(self) -> Sequence[Hold]:
        """Give the holds in force."""
        ...

    def latest_prune(self) -> PruneRecord | None:
        """Give the record of the last prune."""
        ...

    def prune_records(self) -> list[str]:
        """Give the records of all prunes, oldest first."""
        ...

    def notes(self) -> list[str]:
        """Give the checkpoints as an archive stores them, oldest first."""
        ...


def record_of(
    log: PrunedLog,
    plan: PrunePlan,
    policy: RetentionPolicy,
    request: PruneRequest,
    now: datetime,
) -> Generator[PruneStep, None, PruneRecord]:
    """Check what goes, keep a copy where that is asked for, and make the record of the prune.

    Args:
        log: held alone.
        plan: what goes.
        policy: of today.
        request: who asks, and what makes a copy.
        now: when it is applied.

    Raises:
        PruneRefused: the plan does not fit the log.
        PrefixBroken: what is to go does not verify.
    """
    before = log.latest_prune()
    limits = Limits.of(plan, policy, log.holds(), now)
    lines, checked = log.lines(), hashlib.sha256()
    goes = _hashed(islice(lines, plan.events), checked)
    tree = check_prefix(chain(goes, lines), plan, limits, before)
    yield PruneStep.CHECKED
    copy = None
    if request.keeper is not None:
        goes = islice(log.lines(), plan.events)
        copy = request.keeper.keep(plan, _as_checked(goes, checked.digest()))
        yield PruneStep.KEPT
    circumstances = PruneCircumstances(
        actor=request.actor,
        reason=request.reason,
        applied_at=now,
        checkpoint=_covering_note(log.notes(), plan),
        archive=copy,
    )
    record = decoded(encode_prune(plan, tree, circumstances, before))
    if request.keeper is not None:
        request.keeper.keep_records(plan.chain, [*log.prune_records(), record.text])
        yield PruneStep.ANCHORED
    return record


def _hashed(lines: Iterable[bytes], digest: _Hash) -> Iterator[bytes]:
    """Give the same lines, and hash their text."""
    for line in lines:
        digest.update(line + b"\n")
        yield line


def _as_checked(lines: Iterable[bytes], checked: bytes) -> Iterator[bytes]:
    """Give the same lines, which are read once more to be copied.

    Raises:
        PruneRefused: their text is another one than that which was checked.
    """
    digest = hashlib.sha256()
    yield from _hashed(lines, digest)
    if digest.digest() != checked:
        raise changed("what would be copied is not what was checked")


def decoded(text: str) -> PruneRecord:
    """Read a record that this program printed.

    Raises:
        PruneRefused: it is another one.
    """
    record = decode_prune(text)
    if isinstance(record, Malformed):
        raise PruneRefused(
            f"the record of the prune does not hold: {record.reason}",
            hint="verify the log, and preview the prune again",
        )
    return record


def _covering_note(stored: Iterable[str], plan: PrunePlan) -> str | None:
    """Find the newest of the stored checkpoints that covers what goes."""
    found: str | None = None
    for line in stored:
        read = decode_stored_checkpoint(line)
        if isinstance(read, Malformed) or read.checkpoint.origin != plan.chain:
            continue
        if read.checkpoint.size >= plan.pruned_to and len(str(read.note)) <= LONGEST_NOTE:
            found = str(read.note)
    return found
