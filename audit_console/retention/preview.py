"""What a prune would delete of a log: the values that a preview is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit_console.core.findings import Finding
from audit_console.core.holds import Hold
from audit_console.core.prunes import PruneRecord
from audit_console.core.retention import PrunePlan
from audit_console.core.vouchers import SignedHead
from audit_console.retention.going import Breakdown
from audit_console.sources.protocol import Status


@dataclass(frozen=True, slots=True)
class Stop:
    """Events that are old enough and stay: why, how many, and the first of them."""

    reason: str
    events: int
    first_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would go of a chain, and how it looks before and after.

    Attributes:
        chain: its name; None for a log whose events carry none.
        plan: what `retention apply` takes; None if nothing goes, or nothing can.
        cutoff: what is recorded from then on stays.
        policy_days: days that everything is kept.
        events: how many go.
        kept: how many stay.
        source_label: names the log, without a password.
        source_kind: archive, table or what else it is.
        status: how far it was read.
        first_seq: of the chain, None where events have no number.
        last_seq: of its newest event.
        head_hash: of the same; a prune leaves it as it is.
        bytes: stored bytes that become free: of files that go as a whole, and the part
            of an unpacked one; None for a table.
        about_bytes: what they take in a table, by its statistics; None without.
        holds: all that are in force.
        stops: those of them, and rules, that keep events which are old enough.
        breakdowns: what goes by type, user, resource and result.
        days: what goes by day (UTC), those on which nothing happened left out.
        covering: checkpoints over all that goes.
        backed_to: events from seq 0 on that trusted checkpoints from before the cut-off cover.
        names_witnesses: whether the trust policy does; then what is not backed is a fault.
        before: the record of the prune before.
        faults: what does not verify of what goes; None if that was not looked at.
        counted: whether events were counted. Until then `events` and `kept` are what the seqs
            of the plan say, as `apply` does, and there are no `breakdowns` and `days`.
    """

    chain: str | None
    plan: PrunePlan | None
    cutoff: datetime
    policy_days: int
    events: int
    kept: int
    source_label: str = ""
    source_kind: str = ""
    status: Status | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    head_hash: str | None = None
    bytes: int | None = None
    about_bytes: int | None = None
    holds: tuple[Hold, ...] = ()
    stops: tuple[Stop, ...] = ()
    breakdowns: Sequence[Breakdown] = ()
    days: Sequence[tuple[datetime, int]] = ()
    covering: tuple[SignedHead, ...] = ()
    backed_to: int = 0
    names_witnesses: bool = False
    before: PruneRecord | None = None
    faults: tuple[Finding, ...] | None = None
    counted: bool = False

    @property
    def can_go(self) -> bool:
        """Whether a prune would delete anything: there is a plan, and no fault among what goes."""
        return self.plan is not None and not self.faults

    @property
    def is_foreign(self) -> bool:
        """Whether its events are of no chain, as those of other formats: none of them can go."""
        return self.chain is None and self.events + self.kept > 0

    @property
    def backed(self) -> bool:
        """Whether a checkpoint shows later that all that goes was genuine."""
        return self.plan is None or self.plan.pruned_to <= self.backed_to
