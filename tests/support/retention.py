"""Logs old enough to be pruned, and who prunes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit_console.core.codec import canonical_details
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.holds import Hold
from audit_console.core.retention import Limits, PrunePlan, RetentionPolicy
from audit_console.writer.pruning.archive import ArchivePruner
from audit_console.writer.pruning.request import PruneRequest
from tests.support.chains import CHAIN, event, linked, v1_lines
from tests.support.places import text_of

BEGIN = datetime(2026, 8, 1, tzinfo=UTC)
POLICY = RetentionPolicy(days=10)
REQUEST = PruneRequest(actor="operator", reason="a test")


@dataclass
class Kept:
    """A copy that is kept in memory, and the records beside it."""

    lines: list[bytes] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def keep(self, plan: PrunePlan, lines: Iterable[bytes]) -> dict[str, str | int]:
        """Take the lines in."""
        assert isinstance(lines, Iterator)
        self.lines.extend(lines)
        return {"name": "copy", "sha256": "0" * 64, "events": plan.events}

    def keep_records(self, chain: str, records: Sequence[str]) -> None:
        """Take the records in."""
        assert chain == CHAIN
        self.records.extend(records)


def day(number: float) -> datetime:
    """Give the moment so many days after the first event of an aged chain."""
    return BEGIN + timedelta(days=number)


def aged_chain(count: int) -> list[AuditEvent]:
    """Make a chain of one event a day."""
    return linked(
        replace(event(seq), recorded_at=format_time(day(seq)), timestamp=format_time(day(seq)))
        for seq in range(count)
    )


def hold(query: str, hold_id: str = "h1") -> Hold:
    """Make a hold."""
    at = format_time(BEGIN)
    return Hold(id=hold_id, query=query, reason="case 7", owner="legal", at=at)


def limits(
    boundary: float, *, holds: Sequence[Hold] = (), policy: RetentionPolicy = POLICY
) -> Limits:
    """Let go what was recorded before a day."""
    return Limits(day(boundary), policy, holds)


def plan_of(chain: Sequence[AuditEvent], first: int, end: int, cutoff: float) -> PrunePlan:
    """Make the plan of a prune by `POLICY`."""
    return PrunePlan(
        chain=CHAIN,
        pruned_from=first,
        pruned_to=end,
        last_event_hash=chain[end - 1].event_hash or "",
        first_recorded_at=chain[first].recorded_at or "",
        last_recorded_at=chain[end - 1].recorded_at or "",
        cutoff=format_time(day(cutoff)),
        policy_days=POLICY.days,
    )


def planned(record: Mapping[str, object]) -> dict[str, object]:
    """Give a prune record the hash of the plan that its other members make, as far as they do."""
    named = {name: record.get(name) for name in PrunePlan.__slots__}
    plan = canonical_details({"v": 1, "events": record.get("events")} | named)
    return {**record, "plan_sha256": hashlib.sha256(plan.encode()).hexdigest()}


def store(folder: Path, chain: Sequence[AuditEvent], cuts: Iterable[int] = ()) -> Path:
    """Write a chain as a writer does that closed its file before some seqs; give the active one."""
    lines = v1_lines(chain)
    begins = [0, *(cut for cut in cuts if cut < len(lines))]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        name = "audit.jsonl" if end == len(lines) else f"audit.{begin:012d}.jsonl"
        (folder / name).write_bytes(text_of(lines[begin:end]))
    return folder / "audit.jsonl"


def pruner(path: Path) -> ArchivePruner:
    """Prune the log of a test; wait for nobody."""
    return ArchivePruner(path, chain=CHAIN, patience=0)
