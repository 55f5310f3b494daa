"""What a prune would delete. Only asks: nothing is written anywhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit_console.core.anchors import SignedHead, backed_size
from audit_console.core.event import format_time
from audit_console.core.filters import (
    EVERYTHING,
    Between,
    Field,
    FieldName,
    Filter,
    Range,
    Term,
    equals,
)
from audit_console.core.findings import Finding
from audit_console.core.holds import Hold, read_holds
from audit_console.core.prunes import PruneRecord, read_prunes
from audit_console.core.query.stages import Limit, Sort
from audit_console.core.retention import Limits, PrunePlan
from audit_console.core.wording import chain_options, count
from audit_console.errors import PruneRefused, UsageError
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.retention.going import Breakdown, Going, GoingSums, count_going
from audit_console.retention.spans import Matches, both, count_events, events_of, first_seq
from audit_console.sources.protocol import AtRow, Order, Source, Status
from audit_console.writer.pruning.request import require_valid_holds

NEAR = 256
"""How far from where a boundary should be it is looked for first, in events."""


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
    def backed(self) -> bool:
        """Whether a checkpoint shows later that all that goes was genuine."""
        return self.plan is None or self.plan.pruned_to <= self.backed_to


def preview(
    source: Source, limits: Limits, *, chain: str | None = None, trust: Trust = NO_TRUST
) -> Preview:
    """Say what a prune would delete.

    Args:
        source: a log that was read to its end, or that asks its store.
        limits: what stops a prune.
        chain: which of several chains.
        trust: whose checkpoints count.

    Raises:
        UsageError: the log has several chains, or not this one.
        PruneRefused: it is not whole as far as can be seen here.
        SourceError: it cannot be looked at.
    """
    previews = Previews(source, chain)
    return previews.count(previews.outline(limits, trust))


def holds_of(source: Source) -> Sequence[Hold]:
    """Give the holds in force that are kept beside a log.

    Raises:
        PruneRefused: one of them cannot be read.
        SourceError: they are there and cannot be looked at.
    """
    return require_valid_holds(read_holds(source.hold_changes()), source.label)


class Previews:
    """Previews of one log by one cut-off after the other, each in two steps.

    What the ends of the chain and an index know is there at once; the rest takes a look at
    every event that goes, or at those between the last boundary and this one.
    """

    def __init__(self, source: Source, chain: str | None = None) -> None:
        """Begin.

        Args:
            source: a log that was read to its end, or that asks its store.
            chain: which of several chains.
        """
        self._source = source
        self._chain = chain
        self._earlier: _Earlier | None = None
        self._events_without_chain: int | None = None

    def outline(self, limits: Limits, trust: Trust = NO_TRUST) -> Preview:
        """Say where a prune would end and what stops it; see `preview`."""
        if self._source.status.partial:
            raise PruneRefused("the log was not read to its end", hint="wait until it is")
        name = _chain(self._source, self._chain)
        if name is None:
            return self._of_source(self._without_chain(limits))
        chain = _Chain(self._source, name, limits)
        made = chain.outline(trust, self._earlier_of(name, chain.first).matches)
        return self._of_source(made)

    def _of_source(self, made: Preview) -> Preview:
        source = self._source
        return replace(
            made, source_label=source.label, source_kind=source.kind, status=source.status
        )

    def count(self, outline: Preview) -> Preview:
        """Count what goes and what stays.

        Raises:
            SourceError: the log cannot be looked at.
        """
        if outline.chain is None:
            going = count_going(self._source, _before(outline.cutoff))
            kept = outline.kept
        else:
            going, kept = self._of_chain(outline, outline.chain)
        return replace(
            outline,
            events=going.events,
            kept=kept,
            breakdowns=going.breakdowns,
            days=going.days,
            counted=True,
        )

    def _of_chain(self, outline: Preview, chain: str) -> tuple[Going, int]:
        first, last, plan = outline.first_seq or 0, outline.last_seq or 0, outline.plan
        boundary = first if plan is None else plan.pruned_to
        earlier = self._earlier_of(chain, first)
        going = Going() if plan is None else earlier.sums.count(range(first, boundary))
        if earlier.total is None:
            kept = count_events(self._source, events_of(chain, boundary, last + 1))
            earlier.total = going.events + kept
        return going, earlier.total - going.events

    def _without_chain(self, limits: Limits) -> Preview:
        """Count what is older than the cut-off where nothing can be deleted."""
        source, where = self._source, _before(limits.cutoff)
        if self._events_without_chain is None:  # as many as when the log was opened
            self._events_without_chain = count_events(source, EVERYTHING)
        events = count_events(source, where)
        return Preview(
            chain=None,
            plan=None,
            cutoff=limits.cutoff,
            policy_days=limits.policy.days,
            events=events,
            kept=self._events_without_chain - events,
            holds=tuple(limits.holds),
            stops=tuple(_held(source, where, limits.holds)),
        )

    def _earlier_of(self, chain: str, first: int) -> _Earlier:
        """Give what was counted of a chain; nothing where it began with another seq."""
        if self._earlier is None or self._earlier.first != first:
            sums, matches = GoingSums(self._source, chain), Matches(self._source, chain)
            self._earlier = _Earlier(first, sums, matches)
        return self._earlier


@dataclass(slots=True)
class _Earlier:
    """What was counted of a chain that begins with `first`.

    `total` are all of its events: a log that is open ends where it did when it was opened.
    """

    first: int
    sums: GoingSums
    matches: Matches
    total: int | None = None


def _chain(source: Source, wanted: str | None) -> str | None:
    """Give the chain that is meant, None for events of no chain."""
    chains = source.chains()
    named = [name for name in chains if name is not None]
    if wanted is not None:
        if wanted not in named:
            hint = f"its chains: {chain_options(named)}" if named else "its events are of no chain"
            raise UsageError(f"there is no chain {wanted!r} in this log", hint=hint)
        return wanted
    if len(chains) > 1:
        raise UsageError("this log has several chains", hint=f"say which: {chain_options(named)}")
    return chains[0] if chains else None


def _held(source: Source, where: Filter, holds: Sequence[Hold]) -> Iterator[Stop]:
    for hold in holds:
        held = both(where, hold.where)
        if events := count_events(source, held):
            yield Stop(f"under {hold}", events, first_seq(source, held))


def _before(cutoff: datetime) -> Filter:
    return Filter((Term(Field(FieldName.TIME), Between(None, cutoff)),))


class _Chain:
    """A chain of format v1 that is asked what may go."""

    def __init__(self, source: Source, name: str, limits: Limits) -> None:
        self._source = source
        self._name = name
        self._limits = limits
        self._whole = Filter((equals(FieldName.CHAIN, name),))
        self._asks_store = source.status.asks_store
        oldest = self._end(Order.OLDEST_FIRST)
        self.first: int = oldest["seq"]
        self._first_recorded: datetime = oldest["recorded_at"]
        newest = self._end(Order.NEWEST_FIRST)
        self._last: int = newest["seq"]
        self._head_hash: str = newest["event_hash"]
        self._prunes = read_prunes(source.prune_records())
        self._before = self._prunes.latest(name)
        begin = self._before.pruned_to if self._before else 0
        if self._last < begin:
            raise PruneRefused(
                f"what is here are copies of what retention deleted of {name}",
                hint="name the log itself",
            )
        if self.first < begin:
            raise PruneRefused(
                f"a prune of {name} goes on or was cut short: seq {self.first} is to go",
                hint="wait for it, or finish it: run the same audit-console retention apply again",
            )
        if self.first > begin:
            raise PruneRefused(
                f"{name} begins here with seq {self.first}, not with {begin}",
                hint="name all files of the log, and verify it",
            )

    def outline(self, trust: Trust, matches: Matches) -> Preview:
        by_age = self._first_since(self._limits.cutoff, self._last)
        stops = tuple(self._stops(by_age, matches))
        boundary = min((stop.first_seq or 0 for stop in stops), default=by_age)
        plan = None if boundary == self.first else self._plan(boundary)
        vouchers = trust.vouchers(self._source.checkpoints(), self._prunes.notes)
        heads = vouchers.heads.get(self._name, ())
        told_at = self._last + 1
        return Preview(
            chain=self._name,
            plan=plan,
            cutoff=self._limits.cutoff,
            policy_days=self._limits.policy.days,
            events=boundary - self.first,
            kept=told_at - boundary,
            first_seq=self.first,
            last_seq=self._last,
            head_hash=self._head_hash,
            bytes=self._bytes_before(boundary) if plan else 0,
            about_bytes=self._about_bytes(boundary - self.first) if plan else None,
            holds=tuple(self._limits.holds),
            stops=stops,
            covering=tuple(head for head in heads if head.size >= boundary > 0),
            backed_to=backed_size(heads, self._limits.cutoff, told_at),
            names_witnesses=vouchers.names_witnesses,
            before=self._before,
        )

    def _stops(self, by_age: int, matches: Matches) -> list[Stop]:
        """List what keeps events that the cut-off lets go."""
        kept = [(f"under {one}", one.where, self.first) for one in self._limits.holds]
        for rule in self._limits.policy.longer:
            begin = self._first_since(self._limits.cutoff_of(rule), by_age)
            kept.append((f"kept {count(rule.days, 'day')}: {rule.query}", rule.where, begin))
        stops = []
        for reason, where, begin in kept:
            seqs = range(begin, by_age)
            if events := matches.count(where, seqs):
                stops.append(Stop(reason, events, matches.first(where, seqs)))
        return sorted(stops, key=lambda stop: stop.first_seq or 0)

    def _plan(self, boundary: int) -> PrunePlan:
        last_hash, last_recorded = self._event(boundary - 1)
        return PrunePlan(
            chain=self._name,
            pruned_from=self.first,
            pruned_to=boundary,
            last_event_hash=last_hash,
            first_recorded_at=format_time(self._first_recorded),
            last_recorded_at=format_time(last_recorded),
            cutoff=format_time(self._limits.cutoff),
            policy_days=self._limits.policy.days,
        )

    def _first_since(self, moment: datetime, end: int) -> int:
        """Find the first event recorded at or behind a moment, `end` if none is before it."""
        found = self._first_since_near(moment, end) if self._asks_store else None
        if found is not None:
            return found
        seqs = range(self.first, end)
        return self.first + bisect_left(seqs, moment, key=lambda seq: self._event(seq)[1])

    def _first_since_near(self, moment: datetime, end: int) -> int | None:
        """Look for it around the first event that happened then; None where it is not.

        A store takes as long for one event as for some hundred, and bisection asks for each.
        """
        happened = Filter((Term(Field(FieldName.TIME), Between(moment, None)),))
        at = self._page(both(self._span(self.first, end), happened))
        middle = at[0]["seq"] if at else end
        seqs = range(max(self.first, middle - NEAR), min(end, middle + NEAR))
        rows = self._page(self._span(seqs.start, seqs.stop), limit=len(seqs))
        older = sum(row["recorded_at"] < moment for row in rows)
        begins_before = older > 0 or seqs.start == self.first
        ends_behind = older < len(seqs) or seqs.stop == end
        is_whole = len(rows) == len(seqs)
        return seqs.start + older if is_whole and begins_before and ends_behind else None

    def _event(self, seq: int) -> tuple[str, datetime]:
        rows = self._page(self._span(seq, seq + 1))
        if not rows:
            raise PruneRefused(f"seq {seq} of {self._name} is not here", hint="verify the log")
        return rows[0]["event_hash"], rows[0]["recorded_at"]

    def _bytes_before(self, boundary: int) -> int | None:
        if self._asks_store:
            return None
        row = self._page(self._span(boundary, boundary + 1))[0]
        files = self._source.status.files
        whole = sum(file.bytes for file in files[: row["file"]])
        packed = files[row["file"]].name.endswith((".gz", ".zst"))
        return whole + (0 if packed else int(row["offset"]))

    def _about_bytes(self, events: int) -> int | None:
        each = self._source.status.event_bytes
        return None if each is None else round(each * events)

    def _span(self, first: int, end: int) -> Filter:
        return events_of(self._name, first, end)

    def _page(
        self, where: Filter, order: Order = Order.OLDEST_FIRST, limit: int = 1
    ) -> list[dict[str, Any]]:
        return self._source.page(where, order=order, at=AtRow(0), limit=limit).rows.to_dicts()

    def _end(self, order: Order) -> dict[str, Any]:
        """Give the first or the newest event; by their times it is near, by seq it is found."""
        is_newest = order is Order.NEWEST_FIRST
        stages = Sort("seq", descending=is_newest), Limit(1)
        if self._asks_store:  # which has an index of them
            return self._source.tally(self._whole, by=stages).row(0, named=True)
        near = Decimal(self._page(self._whole, order)[0]["seq"])
        beyond = Range(near, None) if is_newest else Range(None, near)
        where = both(self._whole, Filter((Term(Field(FieldName.SEQ), beyond),)))
        return self._source.tally(where, by=stages).row(0, named=True)
