"""Verifies the part of a log that holds a range of time, and says what that leaves open.

The part of a chain of format v1 is all its events from the lowest to the highest seq in
the range, so that one that came late is no gap. It is anchored at its first event: what
that one links to is not looked at.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

import polars as pl

from audit_console.columns.runs import PLACE
from audit_console.core.claims import SeqRange
from audit_console.core.event import Scheme
from audit_console.core.findings import Code, Finding, FindingClass, Verdict, finding
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.protocol import Batch, Part, Readable, Status

_OF_WHOLE_LOGS = frozenset({Code.HEAD_MISSING, Code.NO_CHECKPOINT})
"""What the verifier says of a part because it is one."""


def verify_range(
    source: Readable, start: datetime, end: datetime, *, stop: Event | None = None
) -> Verification:
    """Verify the events of a log from `start` on and before `end`, and those between them.

    The verdict is never PASS: a part says nothing about the rest.

    Args:
        source: a log that was read to its end.
        start: of the range, by `timestamp`.
        end: of the range, not included.
        stop: ends the reading early once set; the result then says so.

    Raises:
        SourceError: the log cannot be looked at.
    """
    bounds = _Bounds()
    with closing(source.batches()) as batches:
        for batch in batches:
            inside = pl.col("timestamp").is_between(start, end, closed="left")
            bounds.widen(batch.events.filter(inside))
            if stop is not None and stop.is_set():
                break
    found = verify(_Part(source, bounds), roots=False, stop=stop)
    return _as_part(found, bounds)


def _ends(numbers: pl.Series) -> tuple[int, int]:
    """Give the least and the largest of whole numbers, of which there is at least one."""
    ordered = numbers.sort()
    return int(ordered[0]), int(ordered[-1])


@dataclass(slots=True)
class _Bounds:
    """From where to where the part goes: seqs of chains of format v1, places of all lines."""

    seqs: dict[str, SeqRange] = field(default_factory=dict)
    first_place: int = 1 << 62
    last_place: int = -1

    def widen(self, events: pl.DataFrame) -> None:
        if events.is_empty():
            return
        first, last = _ends(events.select(PLACE).to_series())
        self.first_place = min(self.first_place, first)
        self.last_place = max(self.last_place, last)
        # An edited event may claim any seq: it is taken in by its place.
        sound = events.filter(pl.col("scheme") == Scheme.V1, pl.col("check") != "broken")
        ends = sound.group_by("chain").agg(first=pl.col("seq").min(), last=pl.col("seq").max())
        for name, first, last in ends.iter_rows():
            held = self.seqs.get(name, SeqRange(first, last))
            self.seqs[name] = SeqRange(min(held.first, first), max(held.last, last))

    def holds_place(self) -> pl.Expr:
        return PLACE.is_between(self.first_place, self.last_place)

    def holds_event(self) -> pl.Expr:
        is_v1 = pl.col("scheme") == Scheme.V1
        by_place = (~is_v1 | (pl.col("check") == "broken")) & self.holds_place()
        by_seq = pl.col("seq").is_between(self._of_chain("first"), self._of_chain("last"))
        return by_place | (is_v1 & by_seq.fill_null(value=False))

    def _of_chain(self, end: str) -> pl.Expr:
        """Give the first or the last seq of the part for the chain of each event."""
        ends = [getattr(seqs, end) for seqs in self.seqs.values()]
        names = pl.col("chain").cast(pl.String)
        return names.replace_strict(list(self.seqs), ends, default=None, return_dtype=pl.Int64)


class _Part:
    """The part of a log within bounds, as a log of its own."""

    def __init__(self, source: Readable, bounds: _Bounds) -> None:
        self._source = source
        self._bounds = bounds
        self.status: Status = replace(
            source.status, events=0, malformed=0, lines=0, first=None, last=None, complete=False
        )

    def prune_records(self) -> Sequence[str]:
        """Leave out records of retention: they are about the beginning."""
        return ()

    def checkpoints(self) -> Sequence[str]:
        """Leave out checkpoints: they are about all events up to one."""
        return ()

    def batches(self) -> Generator[Batch]:
        """Read what lies within the bounds."""
        held = self.status
        events = malformed = 0
        with closing(self._source.batches()) as batches:
            for batch in batches:
                part = Batch(
                    batch.events.filter(self._bounds.holds_event()),
                    batch.malformed.filter(self._bounds.holds_place()),
                )
                events += part.events.height
                malformed += part.malformed.height
                self.status = replace(
                    held, events=events, malformed=malformed, lines=events + malformed
                )
                yield part
        self.status = replace(self.status, complete=True)

    def parts(self) -> Generator[Part]:
        """Read what lies within the bounds, in batches."""
        yield from self.batches()


def _as_part(found: Verification, bounds: _Bounds) -> Verification:
    kept = [one for one in found.findings if one.code not in _OF_WHOLE_LOGS]
    kept.append(_not_covered(found))
    counts = {code: many for code, many in found.counts.items() if code not in _OF_WHOLE_LOGS}
    counts[Code.RANGE_NOT_COVERED] = counts.get(Code.RANGE_NOT_COVERED, 0) + 1
    has_faults = any(one.finding_class is FindingClass.FAULT for one in kept)
    return replace(
        found,
        verdict=Verdict.FAIL if has_faults else Verdict.INCOMPLETE,
        findings=tuple(kept),
        counts=counts,
        cannot_show=tuple(_cannot_show(bounds)),
        trees=(),
    )


def _not_covered(found: Verification) -> Finding:
    events = sum(chain.events for chain in found.chains)
    return finding(
        Code.RANGE_NOT_COVERED,
        f"only {events:,} events were verified, those of a range of time",
    )


def _cannot_show(bounds: _Bounds) -> Iterator[str]:
    yield "Anything about the events before and after this range, or whether they are there."
    for name, seqs in bounds.seqs.items():
        yield (
            f"Of {name} seq {seqs.first:,} to {seqs.last:,} was verified, anchored at the first: "
            "that it follows from the event before it was not looked at."
        )
    yield "That this range was not written anew as a whole, all hashes with it."
