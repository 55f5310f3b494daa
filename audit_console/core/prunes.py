"""Prune records: what retention deleted, told so that the rest stays verifiable."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit_console.core.checkpoints import decode_signed_checkpoint
from audit_console.core.codec import MAX_SEQ, Malformed, canonical_details
from audit_console.core.event import format_time, parse_time
from audit_console.core.json_object import storable
from audit_console.core.merkle import CompactRange, root_text
from audit_console.core.retention import MAX_DAYS, PrunePlan

PRUNE_ACTION, PRUNE_EVENT_TYPE = "retention.prune", "system_event"
"""Action and type of the event whose details are the prune record."""

PRUNE_RESOURCE_TYPE = "system"
"""Type of the resource of an event that retention writes; its id is the chain."""

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PruneRecord:
    """Events [pruned_from, pruned_to) of `chain` are gone on purpose.

    `range` is the Merkle compact range of [0, pruned_to). `text` is the record as
    stored, without its newline.
    """

    text: str
    chain: str
    pruned_from: int
    pruned_to: int
    last_event_hash: str
    range: tuple[bytes, ...]
    last_recorded_at: datetime
    cutoff: datetime
    applied_at: datetime
    policy_days: int
    actor: str
    reason: str
    checkpoint: str | None
    previous_prune: str | None

    @property
    def sha256(self) -> str:
        """Hash of the stored record: the next record of the chain names it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def keeps_policy(self) -> bool:
        """Whether nothing younger than the policy allows was deleted."""
        kept = self.applied_at - self.cutoff
        return self.last_recorded_at < self.cutoff and kept >= timedelta(days=self.policy_days)

    def is_of(self, plan: PrunePlan) -> bool:
        """Whether this plan was carried out by the prune."""
        return bool(json.loads(self.text).get("plan_sha256") == plan.sha256)

    def tree(self) -> CompactRange:
        """Give the Merkle tree of what was deleted, to be continued."""
        return CompactRange.of(self.pruned_to, self.range)

    @property
    def members(self) -> object:
        """What is stored, read; it may be long."""
        return json.loads(self.text)

    def is_told_by(self, details: str) -> bool:
        """Whether an event's details hold this record."""
        return tells(details, self.members)


def tells(details: str, members: object) -> bool:
    """Tell whether an event's details hold the members of a record."""
    try:
        return bool(json.loads(details) == members)
    except (ValueError, RecursionError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneCircumstances:
    """What a record says besides which events are gone.

    Attributes:
        actor: who deletes.
        reason: why.
        applied_at: when.
        checkpoint: a note that covers what is deleted.
        archive: the copy that was kept: `name`, `sha256` and `events`.
    """

    actor: str
    reason: str
    applied_at: datetime
    checkpoint: str | None = None
    archive: Mapping[str, str | int] | None = None


def encode_prune(
    plan: PrunePlan,
    tree: CompactRange,
    circumstances: PruneCircumstances,
    before: PruneRecord | None,
) -> str:
    """Print the record of a prune, without a newline.

    Args:
        plan: what is deleted.
        tree: over all events from seq 0 to the last that is deleted.
        circumstances: who, why, when.
        before: the record of the prune before.
    """
    return canonical_details(
        {
            "v": 1,
            "chain": plan.chain,
            "pruned_from": plan.pruned_from,
            "pruned_to": plan.pruned_to,
            "events": plan.events,
            "last_event_hash": plan.last_event_hash,
            "range": [one.hex() for one in tree.hashes],
            "root": root_text(tree.root()),
            "first_recorded_at": plan.first_recorded_at,
            "last_recorded_at": plan.last_recorded_at,
            "cutoff": plan.cutoff,
            "applied_at": format_time(circumstances.applied_at),
            "policy_days": plan.policy_days,
            "actor": storable(circumstances.actor),
            "reason": storable(circumstances.reason),
            "checkpoint": circumstances.checkpoint,
            "archive": circumstances.archive,
            "plan_sha256": plan.sha256,
            "previous_prune": before.sha256 if before else None,
        }
    )


def decode_prune(text: str) -> PruneRecord | Malformed:
    """Read a prune record and check that it is whole and consistent in itself."""
    try:
        values = json.loads(text)
        record = _record(text, values)
        _require_consistent(record, values)
        _require_circumstances(record, values)
    except UnicodeEncodeError:
        return Malformed("half a character stands in it")
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        return Malformed(f"{type(error).__name__}: {error}"[:200])
    return record


def _record(text: str, values: dict[str, object]) -> PruneRecord:
    hashes = _list(values["range"])
    previous, note = values["previous_prune"], values["checkpoint"]
    return PruneRecord(
        text=text,
        chain=_text(values["chain"]),
        pruned_from=_count(values["pruned_from"]),
        pruned_to=_count(values["pruned_to"]),
        last_event_hash=_hash(values["last_event_hash"]),
        range=tuple(bytes.fromhex(_hash(one)) for one in hashes),
        last_recorded_at=_time(values["last_recorded_at"]),
        cutoff=_time(values["cutoff"]),
        applied_at=_time(values["applied_at"]),
        policy_days=_count(values["policy_days"], most=MAX_DAYS),
        actor=_text(values["actor"]),
        reason=_text(values["reason"]),
        checkpoint=None if note is None else _text(note),
        previous_prune=None if previous is None else _hash(previous),
    )


def _require_consistent(record: PruneRecord, values: dict[str, object]) -> None:
    if values["v"] != 1:
        raise ValueError("only version 1 is known")
    if not record.pruned_from < record.pruned_to:
        raise ValueError("pruned_to is not behind pruned_from")
    if values["events"] != record.pruned_to - record.pruned_from:
        raise ValueError("events is not pruned_to - pruned_from")
    if values["root"] != root_text(record.tree().root()):
        raise ValueError("root is not the root of range")
    if record.pruned_to % 2 and record.range[-1].hex() != record.last_event_hash:
        raise ValueError("last_event_hash is not the last leaf of range")
    if values["plan_sha256"] != _plan(record, values).sha256:
        raise ValueError("plan_sha256 is not the hash of its plan")


def _plan(record: PruneRecord, values: dict[str, object]) -> PrunePlan:
    _time(values["first_recorded_at"])
    return PrunePlan(
        chain=record.chain,
        pruned_from=record.pruned_from,
        pruned_to=record.pruned_to,
        last_event_hash=record.last_event_hash,
        first_recorded_at=_text(values["first_recorded_at"]),
        last_recorded_at=_text(values["last_recorded_at"]),
        cutoff=_text(values["cutoff"]),
        policy_days=record.policy_days,
    )


def _require_circumstances(record: PruneRecord, values: dict[str, object]) -> None:
    copy = values["archive"]
    if copy is not None:
        _require_copy(copy, record.pruned_to - record.pruned_from)
    fault = None if record.checkpoint is None else _fault_in_note(record.checkpoint, record)
    if fault is not None:
        raise ValueError(f"checkpoint: {fault}")


def _fault_in_note(note: str, record: PruneRecord) -> str | None:
    signed = decode_signed_checkpoint(note)
    if isinstance(signed, Malformed):
        return signed.reason
    head = signed.checkpoint
    covers = head.origin == record.chain and head.size >= record.pruned_to
    return None if covers else "it does not cover what was deleted"


def _require_copy(copy: object, events: int) -> None:
    if not isinstance(copy, dict) or copy.keys() != {"name", "sha256", "events"}:
        raise TypeError("archive is not name, sha256 and events")
    _text(copy["name"])
    _hash(copy["sha256"])
    if copy["events"] != events:
        raise ValueError("archive does not hold the events that were deleted")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _time(value: object) -> datetime:
    return parse_time(_text(value))


def _count(value: object, *, most: int = MAX_SEQ) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("a number is not whole or out of range")
    return value


def _hash(value: object) -> str:
    if not _HASH.fullmatch(_text(value)):
        raise ValueError("a hash is not 64 lower-case hex digits")
    return _text(value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("range is not a list")
    return value


@dataclass(frozen=True, slots=True)
class PruneHistory:
    """The prune records of one log, and what is wrong with its lines.

    Attributes:
        records: those of each chain, oldest first; at least one.
        notes: the checkpoints within the records.
        invalid: line numbers from 1, and reasons.
    """

    records: Mapping[str, Sequence[PruneRecord]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    invalid: tuple[tuple[int, str], ...] = ()

    def of(self, chain: str) -> Sequence[PruneRecord]:
        """Give the records of a chain, oldest first."""
        return self.records.get(chain, ())

    def latest(self, chain: str) -> PruneRecord | None:
        """Give the last record of a chain."""
        return next(reversed(self.of(chain)), None)

    def before(self, chain: str, seq: int) -> PruneRecord | None:
        """Give the last record by which nothing went from `seq` on."""
        return next((one for one in reversed(self.of(chain)) if one.pruned_to <= seq), None)


def read_prunes(lines: Iterable[str]) -> PruneHistory:
    """Read the prune records of a log in the order in which they were written."""
    records: dict[str, list[PruneRecord]] = {}
    notes: list[str] = []
    invalid: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        record = decode_prune(line)
        if isinstance(record, Malformed):
            invalid.append((number, record.reason))
            continue
        held = records.get(record.chain, [])
        fault = _fault_in_sequence(record, held[-1] if held else None)
        if fault is not None:
            invalid.append((number, fault))
        else:
            records.setdefault(record.chain, held).append(record)
            notes += [] if record.checkpoint is None else [record.checkpoint]
    return PruneHistory(records, tuple(notes), tuple(invalid))


def merged_records(files: Iterable[Sequence[str]]) -> list[str]:
    """Put the lines of several files of prune records together.

    Copies of a log are kept beside the same records, so a line that stands in a file before is
    that record; one that stands twice in a file was put there.
    """
    merged: list[str] = []
    for lines in files:
        known = frozenset(merged)
        merged += [line for line in lines if line not in known]
    return merged


def _fault_in_sequence(record: PruneRecord, before: PruneRecord | None) -> str | None:
    if record.pruned_from != (before.pruned_to if before else 0):
        return "it does not begin where the record before it ends"
    if record.previous_prune != (before.sha256 if before else None):
        return "previous_prune is not the hash of the record before it"
    return None
