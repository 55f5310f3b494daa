"""A chain that is asked what may go of it: up to which seq, what stops it, what that means."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit_console.core.event import format_time
from audit_console.core.filters import (
    Between,
    Field,
    FieldName,
    Filter,
    Range,
    Term,
    equals,
)
from audit_console.core.prunes import read_prunes
from audit_console.core.query.stages import Limit, Sort
from audit_console.core.retention import Limits, PrunePlan
from audit_console.core.vouchers import backed_size
from audit_console.core.wording import count
from audit_console.errors import PruneRefused
from audit_console.integrity.trust import Trust
from audit_console.retention.preview import Preview, Stop
from audit_console.retention.spans import Matches, both, events_of
from audit_console.sources.protocol import AtRow, Order, Source

NEAR = 256
"""How far from where a boundary should be it is looked for first, in events."""


class PrunableChain:
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
        self._last_recorded: datetime = newest["recorded_at"]
        self._prunes = read_prunes(source.prune_records())
        self._before = self._prunes.latest(name)
        self._require_begin(self._before.pruned_to if self._before else 0)

    def _require_begin(self, begin: int) -> None:
        """Refuse a chain that does not begin where its last prune ended."""
        if self._last < begin:
            raise PruneRefused(
                f"what is here are copies of what retention deleted of {self._name}",
                hint="name the log itself",
            )
        if self.first < begin:
            raise PruneRefused(
                f"a prune of {self._name} goes on or was cut short: seq {self.first} is to go",
                hint="wait for it, or finish it: run the same audit-console retention apply again",
            )
        if self.first > begin:
            raise PruneRefused(
                f"{self._name} begins here with seq {self.first}, not with {begin}",
                hint="name all files of the log, and verify it",
            )

    def outline(self, trust: Trust, matches: Matches) -> Preview:
        """Say where a prune would end, what stops it and who vouches; nothing is counted yet.

        Raises:
            PruneRefused: an event of it is not here.
            SourceError: the log cannot be looked at.
        """
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
        if self._last_recorded < self._limits.cutoff:
            stops.append(Stop("the newest event of a chain always stays", 1, self._last))
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
