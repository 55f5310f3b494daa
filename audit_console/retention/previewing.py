"""What a prune would delete. Only asks: nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from audit_console.core.filters import (
    EVERYTHING,
    AnyOf,
    Between,
    Exact,
    Field,
    FieldName,
    Filter,
    Term,
    equals,
)
from audit_console.core.holds import (
    ADDED_ACTION,
    REMOVED_ACTION,
    Hold,
    HoldChange,
    read_holds,
    told_changes,
)
from audit_console.core.prunes import PRUNE_EVENT_TYPE, PRUNE_RESOURCE_TYPE
from audit_console.core.retention import Limits
from audit_console.core.wording import chain_options
from audit_console.errors import PruneRefused, UsageError
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.retention.chain import PrunableChain
from audit_console.retention.going import Going, GoingSums, count_going
from audit_console.retention.preview import Preview, Stop
from audit_console.retention.spans import Matches, both, count_events, events_of, first_seq
from audit_console.sources.protocol import Source
from audit_console.writer.pruning.request import require_told_holds, require_valid_holds

_HOLD_IS_TOLD = Filter(
    (
        equals(FieldName.TYPE, PRUNE_EVENT_TYPE),
        equals(FieldName.RTYPE, PRUNE_RESOURCE_TYPE),
        Term(Field(FieldName.ACTION), AnyOf((Exact(ADDED_ACTION), Exact(REMOVED_ACTION)))),
    )
)


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


def told_holds(source: Source) -> Sequence[HoldChange]:
    """Give the changes of holds of which a log tells; of a table found by the resource.

    Raises:
        SourceError: the log cannot be looked at.
    """
    chains = tuple(Exact(chain) for chain in source.chains() if chain)
    about = chains[0] if len(chains) == 1 else AnyOf(chains)
    where = both(_HOLD_IS_TOLD, Filter((Term(Field(FieldName.RID), about),)))
    with closing(source.in_log_order(where)) as parts:
        return told_changes(text for rows in parts for text in rows["details"])


class Previews:
    """Previews of one log by one cut-off after the other, each in two steps.

    What the ends of the chain and an index know is there at once; the rest takes a look at
    every event that goes, or at those between the last boundary and this one.

    Args:
        source: a log that was read to its end, or that asks its store.
        chain: which of several chains.
    """

    def __init__(self, source: Source, chain: str | None = None) -> None:
        self._source = source
        self._chain = chain
        self._earlier: _Earlier | None = None
        self._events_without_chain: int | None = None
        self._told_holds: Sequence[HoldChange] | None = None

    def outline(self, limits: Limits, trust: Trust = NO_TRUST) -> Preview:
        """Say where a prune would end and what stops it; see `preview`."""
        if self._source.status.partial:
            raise PruneRefused("the log was not read to its end", hint="wait until it is")
        name = _chain(self._source, self._chain)
        if name is None:
            return self._of_source(self._without_chain(limits))
        if self._told_holds is None:  # those of when the log was opened
            self._told_holds = told_holds(self._source)
        require_told_holds(self._told_holds, limits.holds)
        chain = PrunableChain(self._source, name, limits)
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
