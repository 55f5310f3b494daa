"""The beginning of a chain, read event by event for retention to delete it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from audit_console.core.codec import Malformed, decode_bytes
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time
from audit_console.core.hashing import check_hash
from audit_console.core.merkle import CompactRange
from audit_console.core.prunes import PruneRecord
from audit_console.core.retention import Limits, PrunePlan
from audit_console.core.safe_text import safe_text
from audit_console.errors import PrefixBroken, PruneRefused


@dataclass(frozen=True, slots=True)
class Prefix:
    """Events that may go, and the tree over them and all that went before.

    `stopped_by` says why the event behind them stays.
    """

    plan: PrunePlan
    tree: CompactRange
    stopped_by: str


def find_prefix(
    lines: Iterable[bytes], chain: str, limits: Limits, before: PruneRecord | None
) -> Prefix | None:
    """Find what may go of a chain; None for nothing. Its newest event is never read on to.

    Args:
        lines: of the chain, in the order of seq, without newlines.
        chain: its name.
        limits: what stops a prune.
        before: what was pruned last.

    Raises:
        PrefixBroken: an event that would go does not verify.
    """
    reader = _Reader(chain, before)
    stopped_by = "the newest event"
    held: AuditEvent | None = None
    for event in reader.events(lines):
        if held is not None:
            reader.take(held)
        held = event
        reason = limits.reason_to_keep(event)
        if reason is not None:
            stopped_by = reason
            break
    plan = reader.plan(limits)
    return None if plan is None else Prefix(plan, reader.tree, stopped_by)


def check_prefix(
    lines: Iterable[bytes], plan: PrunePlan, limits: Limits, before: PruneRecord | None
) -> CompactRange:
    """Check that a plan still fits its chain, and give the tree over what goes.

    Args:
        lines: of the chain, in the order of seq, without newlines.
        plan: what is to go.
        limits: what stops a prune, by `Limits.of` this plan.
        before: what was pruned last.

    Raises:
        PrefixBroken: an event of the plan does not verify.
        PruneRefused: one must stay, or the events are not those that were planned.
    """
    reader = _Reader(plan.chain, before)
    if reader.next_seq != plan.pruned_from:
        raise changed(
            f"the chain begins with seq {reader.next_seq:,} now, not {plan.pruned_from:,}"
        )
    has_more = False
    for event in reader.events(lines):
        has_more = event.seq == plan.pruned_to
        if has_more:
            break
        reason = limits.reason_to_keep(event)
        if reason is not None:
            raise changed(f"seq {event.seq:,} stays: {reason}")
        reader.take(event)
    if not has_more:
        raise changed("the newest event of the chain would go")
    if reader.plan(limits) != plan:
        raise changed("its events are not those of the plan")
    return reader.tree


def changed(how: str) -> PruneRefused:
    """Say that a plan does not fit the log any more."""
    return PruneRefused(
        f"the log is not as it was for the plan: {safe_text(how)}", hint="preview it again"
    )


@dataclass(slots=True)
class _Reader:
    """Events that follow one another, and what a plan of them says."""

    chain: str
    before: PruneRecord | None
    tree: CompactRange = field(init=False)
    next_seq: int = field(init=False)
    _previous_hash: str = field(init=False)
    _first: AuditEvent | None = None
    _last: AuditEvent | None = None

    def __post_init__(self) -> None:
        before = self.before
        self.tree = before.tree() if before else CompactRange()
        self.next_seq = before.pruned_to if before else 0
        self._previous_hash = before.last_event_hash if before else GENESIS_HASH

    def events(self, lines: Iterable[bytes]) -> Iterator[AuditEvent]:
        for line in lines:
            event = _event(line, self.next_seq)
            if (event.chain, event.seq) != (self.chain, self.next_seq):
                found = f"{safe_text(event.chain or '', limit=80)} seq {event.seq:,}"
                raise broken(self.next_seq, f"{found} stands in its place")
            if event.previous_hash != self._previous_hash:
                raise broken(self.next_seq, "it does not link to the event before it")
            self._previous_hash = event.event_hash or ""
            self.next_seq += 1
            yield event

    def take(self, event: AuditEvent) -> None:
        self.tree.extend([bytes.fromhex(event.event_hash or "")])
        self._first = self._first or event
        self._last = event

    def plan(self, limits: Limits) -> PrunePlan | None:
        first, last = self._first, self._last
        if first is None or last is None:
            return None
        return PrunePlan(
            chain=self.chain,
            pruned_from=first.seq or 0,
            pruned_to=self.tree.size,
            last_event_hash=last.event_hash or "",
            first_recorded_at=first.recorded_at or "",
            last_recorded_at=last.recorded_at or "",
            cutoff=format_time(limits.cutoff),
            policy_days=limits.policy.days,
        )


def _event(line: bytes, seq: int) -> AuditEvent:
    event = decode_bytes(line)
    if isinstance(event, Malformed):
        raise broken(seq, f"a line that is no event stands in its place: {event.reason}")
    if event.scheme is not Scheme.V1:
        raise broken(seq, "an event of another format stands in its place")
    if check_hash(event, line.decode()).computed != event.event_hash:
        raise broken(seq, "its content differs from its hash")
    return event


def broken(seq: int, how: str) -> PrefixBroken:
    """Say that what is to be deleted does not verify."""
    return PrefixBroken(
        f"seq {seq:,}: {how}; nothing is deleted",
        hint="verify the log: what does not verify is evidence, and stays",
    )
