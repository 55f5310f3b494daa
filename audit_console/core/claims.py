"""Seqs that more than one event claims: duplicates, forks and second beginnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from audit_console.core.event import GENESIS_HASH
from audit_console.core.findings import Code, Place
from audit_console.core.ordered import Ordered
from audit_console.core.wording import seqs


@dataclass(frozen=True, slots=True)
class SeqRange:
    """Positions first to last, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return seqs(self.first, self.last)


def add_range(ranges: Ordered[SeqRange], span: SeqRange) -> None:
    """Add positions to ranges by their first ones, which do not touch one another."""
    first, last = span.first, span.last
    held = ranges.at_or_before(first) or ranges.behind(first)
    while held is not None and held.first <= last + 1:
        if held.last >= first - 1:
            ranges.remove(held.first)
            first, last = min(first, held.first), max(last, held.last)
        held = ranges.behind(held.first)
    ranges.add(first, SeqRange(first, last))


class Candidate(NamedTuple):
    """One of several events that claim the same seq."""

    seq: int
    previous_hash: str
    event_hash: str
    computed_hash: str
    place: Place


@dataclass(frozen=True, slots=True)
class Repeat:
    """Seqs in a row that are claimed again in one way; `again` is the first that does so."""

    code: Code
    span: SeqRange
    again: Candidate


class Claims:
    """Who claims which seq. Nothing is claimed by an event that fails its own hash."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_seq: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            self._by_seq.setdefault(candidate.seq, []).append(candidate)

    def repeats(self, spans: Iterable[SeqRange]) -> Iterator[Repeat]:
        """Put the seqs of `spans` that are claimed twice together where they are alike."""
        repeated = sorted({seq for span in spans for seq in self._claimed_twice(span)})
        start = 0
        for index, seq in enumerate(repeated):
            last = index + 1 == len(repeated)
            if last or repeated[index + 1] != seq + 1 or self._code(seq + 1) != self._code(seq):
                yield self._repeat(SeqRange(repeated[start], seq))
                start = index + 1

    def beside_fork(self, seq: int) -> bool:
        """Tell whether a seq or the one before it is forked: whose clock is compared, then?"""
        return any(self._code(one) is Code.FORK for one in (seq - 1, seq))

    def explain_link(self, seq: int) -> bool:
        """Tell whether, of several, some event at `seq` links to one at the seq before."""
        earlier, later = self._by_seq.get(seq - 1, []), self._by_seq.get(seq, [])
        if len(earlier) < 2 and len(later) < 2:
            return False
        known = {hashed for one in earlier for hashed in (one.event_hash, one.computed_hash)}
        if seq == 0:
            known.add(GENESIS_HASH)
        return any(one.previous_hash in known for one in later)

    def _claimed_twice(self, span: SeqRange) -> list[int]:
        seqs = range(span.first, span.last + 1)
        return [seq for seq in seqs if len(self._claimants(seq)) > 1]

    def _claimants(self, seq: int) -> list[Candidate]:
        claimed = self._by_seq.get(seq, ())
        return [one for one in claimed if one.event_hash == one.computed_hash]

    def _code(self, seq: int) -> Code:
        hashes = {candidate.event_hash for candidate in self._claimants(seq)}
        return Code.FORK if len(hashes) > 1 else Code.DUPLICATE_SEQ

    def _repeat(self, span: SeqRange) -> Repeat:
        code = self._code(span.first)
        if code is Code.FORK and span.first == 0:
            code = Code.CHAIN_RESTART
        return Repeat(code, span, self._claimants(span.first)[1])
