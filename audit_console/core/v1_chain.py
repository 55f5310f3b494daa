"""The check of one chain of format v1.

A chain is kept as *segments*, runs that have been joined: the usual log is one
segment whatever its length, a log out of order is a few. Each seam between two
segments is judged once, when they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from audit_console.core.anchors import ANY_SIZE
from audit_console.core.claims import Candidate, Claims, Repeat, SeqRange, add_range
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import GENESIS_HASH
from audit_console.core.findings import Code, FindingList, Place, finding
from audit_console.core.ordered import Ordered
from audit_console.core.prunes import PruneRecord
from audit_console.core.run import Run, Tally
from audit_console.core.segment import Segment, part_of, segment_of
from audit_console.core.strays import Strays
from audit_console.core.wording import count, seqs


@dataclass(slots=True)
class _Hole:
    """Seqs that are missing before a segment, and how many strays stood there by their links."""

    span: SeqRange
    before: Segment
    unreadable: tuple[int, int]
    strays: int


class _BrokenLink(NamedTuple):
    """A link that is to be reported unless a fork beside it explains it."""

    seq: int
    place: Place
    stored: str
    computed: str


class _ClockStep(NamedTuple):
    """An event before whose predecessor's time it was recorded, unless one of both is forked."""

    seq: int
    place: Place


@dataclass(slots=True)
class V1Chain:
    """The check of one chain of format v1."""

    name: str
    findings: FindingList
    prune: PruneRecord | None = None
    tally: Tally = field(default_factory=Tally)
    repeats: Ordered[SeqRange] = field(default_factory=Ordered)
    sound: int = ANY_SIZE
    """Seqs below this one are those of events whose links hold and that stand once."""
    has_stray_behind: bool = False
    """The last event that names this chain was a stray."""
    _segments: Ordered[Segment] = field(default_factory=Ordered)
    _seq_before: int = -1
    _broken_links: list[_BrokenLink] = field(default_factory=list)
    _clock_steps: list[_ClockStep] = field(default_factory=list)
    _holes: list[_Hole] = field(default_factory=list)
    _strays_behind: int = 0

    @property
    def base_seq(self) -> int:
        """The seq with which the chain begins: 0, or where retention cut it."""
        return self.prune.pruned_to if self.prune else 0

    @property
    def next_seq(self) -> int:
        """The seq behind the highest one seen."""
        return self._segments.last.last_seq + 1 if self._segments else self.base_seq

    @property
    def head_hash(self) -> str | None:
        """Stored hash of the event with the highest seq."""
        return self._segments.last.last_hash if self._segments else None

    @property
    def first_seq(self) -> int | None:
        """Lowest seq seen."""
        return self._segments.first.first_seq if self._segments else None

    def is_continued_by(self, run: Run) -> bool:
        """Tell whether a run follows what came last, by its own seq and its link."""
        if not self._segments or self.has_stray_behind or run.first_seq != self.next_seq:
            return False
        return run.first_link in (self._segments.last.last_hash, self._segments.last.last_computed)

    def unreadable_behind(self, unreadable: int, strays: Strays) -> int:
        """Count the unreadable lines that may have stood behind the highest seq.

        Args:
            unreadable: unreadable lines of the whole log.
            strays: those of the whole log, placed.
        """
        first = self._segments.last.unreadable_at_last if self._segments else 0
        return unreadable - first - strays.placed_between(first, unreadable) + self._strays_behind

    def ends_with(self, event_hash: str) -> bool:
        """Tell whether the event with the highest seq has this hash, stored or computed."""
        return event_hash in (self._segments.last.last_hash, self._segments.last.last_computed)

    @property
    def pending_faults(self) -> int:
        """Broken links that `finish` will report unless a fork explains them."""
        return len(self._broken_links)

    def add(self, run: Run, unreadable: int) -> None:
        """Take in a run that stands at the place its seq says.

        Args:
            run: events of this chain.
            unreadable: unreadable lines of the whole log before the run.
        """
        self.has_stray_behind = False
        self.tally.events += run.events
        if run.broken:
            self.tally.failed += run.events
        segment = segment_of(run, unreadable)
        if segment.first_seq < self.next_seq:
            self._add_behind(segment)
        else:
            self._insert(segment)
        self._seq_before = segment.last_seq

    def _add_behind(self, late: Segment) -> None:
        new, held = self._compare(late)
        for span in held:
            add_range(self.repeats, span)
            self.sound = min(self.sound, span.first)
        begins_new = bool(new) and new[0].first == late.first_seq
        if begins_new and self._segments and late.first_seq != self._seq_before + 1:
            self._report_late(late)
        for span in new:
            self._insert(part_of(late, span))

    def _compare(self, late: Segment) -> tuple[list[SeqRange], list[SeqRange]]:
        """Tell which seqs of a segment are new and which are held already."""
        new: list[SeqRange] = []
        repeated: list[SeqRange] = []
        begin = late.first_seq
        held = self._segments.at_or_before(begin) or self._segments.behind(begin)
        while held is not None and held.first_seq <= late.last_seq:
            first, last = max(begin, held.first_seq), min(late.last_seq, held.last_seq)
            if begin < first:
                new.append(SeqRange(begin, first - 1))
            if first <= last:
                repeated.append(SeqRange(first, last))
                begin = last + 1
            held = self._segments.behind(held.first_seq)
        if begin <= late.last_seq:
            new.append(SeqRange(begin, late.last_seq))
        return new, repeated

    def _report_late(self, late: Segment) -> None:
        """Report where the order breaks, once, however many events follow in order there."""
        self.findings.report(
            Code.OUT_OF_ORDER,
            lambda code: finding(
                code,
                f"seq {late.first_seq:,} stands after seq {self.next_seq - 1:,}",
                chain=self.name,
                first_seq=late.first_seq,
                last_seq=late.first_seq,
                place=late.first_place,
            ),
        )

    def _insert(self, segment: Segment) -> None:
        earlier = self._segments.at_or_before(segment.first_seq)
        later = self._segments.behind(segment.first_seq)
        if later is not None and segment.last_seq + 1 == later.first_seq:
            self._segments.remove(later.first_seq)
            self._join(segment, later)
        if earlier is not None and earlier.last_seq + 1 == segment.first_seq:
            self._join(earlier, segment)
        else:
            self._segments.add(segment.first_seq, segment)

    def _join(self, earlier: Segment, later: Segment) -> None:
        self._check_link(later, earlier.last_hash, earlier.last_computed)
        self._check_clock(earlier, later)
        earlier.last_seq = later.last_seq
        earlier.last_hash = later.last_hash
        earlier.last_computed = later.last_computed
        earlier.last_broken = later.last_broken
        earlier.last_recorded = later.last_recorded
        earlier.unreadable_at_last = max(earlier.unreadable_at_last, later.unreadable_at_last)

    def _check_link(self, later: Segment, stored: str, computed: str) -> None:
        """Report a link that matches neither the stored nor the computed hash before it.

        An event that fails its own hash is reported for that alone: its link is
        part of the content that was changed. An unknown hash accuses nobody.
        """
        if later.first_link is None or later.first_broken or not stored:
            return
        if later.first_link in (stored, computed):
            return
        broken = _BrokenLink(later.first_seq, later.first_place, later.first_link, stored)
        self._broken_links.append(broken)
        self.sound = min(self.sound, max(later.first_seq - 1, 0))

    def _check_clock(self, earlier: Segment, later: Segment) -> None:
        if earlier.last_recorded is None or later.first_recorded is None:
            return
        if earlier.last_broken or later.first_broken:
            return
        if later.first_recorded < earlier.last_recorded:
            self._clock_steps.append(_ClockStep(later.first_seq, later.first_place))

    def place(self, strays: Strays) -> None:
        """Put strays where their links say that they stood: into the holes, or behind the end."""
        link = self.prune.last_event_hash if self.prune else GENESIS_HASH
        last_seq, unreadable = self.base_seq - 1, 0
        for segment in self._segments:
            missing = segment.first_seq - last_seq - 1
            if missing > 0:
                span = SeqRange(last_seq + 1, segment.first_seq - 1)
                places = unreadable, segment.unreadable_at_first
                self._holes.append(_Hole(span, segment, places, strays.follow(link, missing)))
            last_seq = max(segment.last_seq, last_seq)
            link, unreadable = segment.last_hash, segment.unreadable_at_last
        self._strays_behind = strays.follow(link, MAX_SEQ)

    def finish(self, candidates: list[Candidate], strays: Strays) -> None:
        """Report what only the end can tell.

        Args:
            candidates: all events of the log whose seq lies in `repeats` or
                directly before or behind one of them.
            strays: those of the whole log; `place` was told of them for every chain.
        """
        claims = Claims(candidates)
        self._report_missing(strays)
        for repeat in claims.repeats(self.repeats):
            self._report_repeat(repeat)
        for link in self._broken_links:
            if not claims.explain_link(link.seq):
                self.tally.failed += 1
                self._report_link(link)
        self._broken_links.clear()
        for step in self._clock_steps:
            if not claims.beside_fork(step.seq):
                self._report_clock(step)
        self._clock_steps.clear()

    def _report_link(self, link: _BrokenLink) -> None:
        self.findings.report(
            Code.PREVIOUS_HASH_MISMATCH,
            lambda code: finding(
                code,
                f"seq {link.seq:,} does not link to the event before it",
                chain=self.name,
                first_seq=link.seq,
                last_seq=link.seq,
                place=link.place,
                stored=link.stored,
                computed=link.computed,
            ),
        )

    def _report_clock(self, step: _ClockStep) -> None:
        self.findings.report(
            Code.CLOCK_BACKWARDS,
            lambda code: finding(
                code,
                f"recorded_at of seq {step.seq:,} is before that of the event before",
                chain=self.name,
                first_seq=step.seq,
                last_seq=step.seq,
                place=step.place,
            ),
        )

    def _report_missing(self, strays: Strays) -> None:
        self._report_below_boundary()
        for hole in self._holes:
            first, last = hole.unreadable
            unreadable = max(last - first - strays.placed_between(first, last), 0)
            if hole.span.last - hole.span.first + 1 > hole.strays + unreadable:
                self._report_gap(hole.span, hole.before)
        if self._segments and self._segments.first.first_seq == self.base_seq:
            self._check_base(self._segments.first)

    def _report_below_boundary(self) -> None:
        for segment in self._segments:
            if segment.first_seq >= self.base_seq:
                return
            last = min(segment.last_seq, self.base_seq - 1)
            self.findings.add(
                finding(
                    Code.EVENT_BELOW_PRUNE_BOUNDARY,
                    f"recorded as deleted, and here: {seqs(segment.first_seq, last)}",
                    chain=self.name,
                    first_seq=segment.first_seq,
                    last_seq=last,
                    place=segment.first_place,
                )
            )

    def _check_base(self, first: Segment) -> None:
        before = self.prune.last_event_hash if self.prune else GENESIS_HASH
        self._check_link(first, before, before)
        if self.prune:
            self.findings.add(
                finding(
                    Code.PRUNED_PREFIX,
                    f"retention deleted {seqs(0, self.base_seq - 1)}",
                    chain=self.name,
                    first_seq=0,
                    last_seq=self.base_seq - 1,
                )
            )

    def _report_gap(self, missing: SeqRange, behind: Segment) -> None:
        at_head = missing.first == self.base_seq
        self.findings.report(
            Code.HEAD_MISSING if at_head else Code.GAP,
            lambda code: finding(
                code,
                _missing(missing, at_head=at_head),
                chain=self.name,
                first_seq=missing.first,
                last_seq=missing.last,
                place=Place(behind.first_place.file, behind.first_place.line),
            ),
        )

    def _report_repeat(self, repeat: Repeat) -> None:
        first, last = repeat.span.first, repeat.span.last
        events = last - first + 1
        self.tally.failed += events
        message = {
            Code.DUPLICATE_SEQ: f"{events:,} event{'s stand' if events > 1 else ' stands'} twice",
            Code.FORK: f"different events claim {repeat.span}",
            Code.CHAIN_RESTART: f"the chain begins a second time, up to seq {last:,}",
        }[repeat.code]
        self.findings.add(
            finding(
                repeat.code,
                message,
                chain=self.name,
                first_seq=first,
                last_seq=last,
                place=repeat.again.place,
                stored=repeat.again.event_hash,
            )
        )


def _missing(span: SeqRange, *, at_head: bool) -> str:
    between = f"between seq {span.first - 1:,} and {span.last + 1:,}"
    events = count(span.last - span.first + 1, "event")
    return f"{events} missing {'at the start' if at_head else between}"
