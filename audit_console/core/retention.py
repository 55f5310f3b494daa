"""What retention may delete: the policy, legal holds, and the plan of one prune.

Only a prefix of a chain goes: from its first event up to the first one that is younger
than the policy allows or under a hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from audit_console.core.codec import MAX_SEQ, Malformed, canonical_details
from audit_console.core.event import AuditEvent, format_time, parse_time
from audit_console.core.filters import Filter
from audit_console.core.holds import Hold
from audit_console.core.lasting import lasting_filter
from audit_console.core.matching import matches
from audit_console.core.wording import count
from audit_console.errors import PruneRefused, UsageError

DEFAULT_DAYS = 90
MAX_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class KeepLonger:
    """Events that a query keeps stay so many days."""

    query: str
    days: int
    where: Filter = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        require_days(self.days)
        object.__setattr__(self, "where", lasting_filter(self.query))


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How many days events are kept; of several that apply, the longest.

    Attributes:
        days: for all events.
        floor: what `days` may not be less than, whoever asks.
        longer: kinds of events that are kept longer.

    Raises:
        UsageError: a number of days is none, or under the floor.
    """

    days: int = DEFAULT_DAYS
    floor: int = 0
    longer: tuple[KeepLonger, ...] = ()

    def __post_init__(self) -> None:
        require_days(self.days)
        if self.days < self.floor:
            are = "is" if self.days == 1 else "are"
            raise UsageError(
                f"{count(self.days, 'day')} {are} under the floor of {self.floor}",
                hint="the floor is set in the configuration, and no flag goes under it",
            )

    def cutoff(self, now: datetime, before: datetime | None = None) -> datetime:
        """Give the moment from which on events are kept: by the days, and not after `before`."""
        try:
            by_days = now - timedelta(days=self.days)
        except OverflowError:
            by_days = datetime.min.replace(tzinfo=UTC)
        return by_days if before is None else min(by_days, before)


def require_days(days: int) -> None:
    """Refuse what is no number of days that something is kept.

    Raises:
        UsageError: it is negative or absurdly large.
    """
    if type(days) is not int or not 0 <= days <= MAX_DAYS:
        raise UsageError(f"{days!r:.80} is not a number of days from 0 to {MAX_DAYS:,}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What stops a prune: the cut-off, kinds of events that are kept longer, and holds.

    `cutoff` is that of `policy.days`; what is kept longer has an earlier one.
    """

    cutoff: datetime
    policy: RetentionPolicy
    holds: Sequence[Hold] = ()

    @classmethod
    def of(
        cls, plan: PrunePlan, policy: RetentionPolicy, holds: Sequence[Hold], now: datetime
    ) -> Self:
        """Give the limits under which a plan is applied: its own cut-off, the rules of today.

        Raises:
            PruneRefused: the policy keeps events longer than the plan says.
        """
        try:
            of_plan = replace(policy, days=plan.policy_days)
        except UsageError as error:
            raise PruneRefused(f"the plan is not applied: {error}", hint=error.hint) from None
        cutoff = parse_time(plan.cutoff)
        if cutoff > of_plan.cutoff(now):
            raise PruneRefused(
                f"the plan is not applied: it deletes what is younger than "
                f"{count(of_plan.days, 'day')}",
                hint="preview it again",
            )
        return cls(cutoff, of_plan, holds)

    def cutoff_of(self, rule: KeepLonger) -> datetime:
        """Give the moment from which on the events of a rule are kept."""
        try:
            return self.cutoff - timedelta(days=max(0, rule.days - self.policy.days))
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    def reason_to_keep(self, event: AuditEvent) -> str | None:
        """Say why an event of format v1 stays; None if it may go."""
        recorded_at = parse_time(event.recorded_at or "")
        if recorded_at >= self.cutoff:
            return "recorded after the cut-off"
        for rule in self.policy.longer:
            if recorded_at >= self.cutoff_of(rule) and matches(rule.where, event):
                return f"kept {count(rule.days, 'day')} as {rule.query}"
        for hold in self.holds:
            if matches(hold.where, event):
                return f"under {hold}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """The events [pruned_from, pruned_to) of `chain` are to go.

    `last_event_hash` is that of the last of them; by their links it stands for all. Times
    are printed as format v1 does. The same events by the same policy make the same plan.
    """

    chain: str
    pruned_from: int
    pruned_to: int
    last_event_hash: str
    first_recorded_at: str
    last_recorded_at: str
    cutoff: str
    policy_days: int

    @property
    def events(self) -> int:
        """How many events go."""
        return self.pruned_to - self.pruned_from

    @property
    def sha256(self) -> str:
        """Name of the plan, in hex: the hash of what it says."""
        return hashlib.sha256(canonical_details(self._members()).encode()).hexdigest()

    @property
    def text(self) -> str:
        """The plan as it is stored: one JSON object without a newline."""
        return canonical_details(self._members() | {"plan_sha256": self.sha256})

    def _members(self) -> dict[str, object]:
        return {"v": 1, "events": self.events} | asdict(self)


_KINDS: dict[str, type] = {"pruned_from": int, "pruned_to": int, "policy_days": int}
_TIMES = ("first_recorded_at", "last_recorded_at", "cutoff")


def decode_plan(text: str) -> PrunePlan | Malformed:
    """Read a plan, and check that it is as it was written."""
    try:
        members = json.loads(text)
        named = {name: members[name] for name in PrunePlan.__slots__}
        for name, value in named.items():
            if type(value) is not _KINDS.get(name, str):
                return Malformed(f"{name} is of another type")
        plan = PrunePlan(**named)
        for name in _TIMES:
            if format_time(parse_time(named[name])) != named[name]:
                return Malformed(f"{name} is not spelled as format v1 spells times")
        is_as_written = members == json.loads(plan.text)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        lack = f": it does not say its {error.args[0]}" if isinstance(error, KeyError) else ""
        return Malformed(f"not a plan{lack}")
    if not 0 <= plan.pruned_from < plan.pruned_to <= MAX_SEQ:
        return Malformed("it deletes no events")
    if not is_as_written:
        return Malformed("plan_sha256 is not the hash of the plan")
    return plan
