"""What a verification can find, and the verdict that follows: data only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple


class FindingClass(StrEnum):
    """What a finding does to the verdict."""

    FAULT = "F"
    INCOMPLETE = "I"
    NOTICE = "notice"


class Severity(IntEnum):
    """OCSF severity_id."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class Code(StrEnum):
    """Finding codes of the evidence format, section 5."""

    EVENT_HASH_MISMATCH = "EVENT_HASH_MISMATCH"
    PREVIOUS_HASH_MISMATCH = "PREVIOUS_HASH_MISMATCH"
    GAP = "GAP"
    HEAD_MISSING = "HEAD_MISSING"
    FORK = "FORK"
    DUPLICATE_SEQ = "DUPLICATE_SEQ"
    TAIL_TRUNCATED = "TAIL_TRUNCATED"
    CHAIN_MISSING = "CHAIN_MISSING"
    ROLLBACK = "ROLLBACK"
    HISTORY_REWRITTEN = "HISTORY_REWRITTEN"
    CHECKPOINT_ROOT_MISMATCH = "CHECKPOINT_ROOT_MISMATCH"
    CHECKPOINT_BAD_SIGNATURE = "CHECKPOINT_BAD_SIGNATURE"
    SPLIT_VIEW = "SPLIT_VIEW"
    MALFORMED = "MALFORMED"
    OVERSIZE = "OVERSIZE"
    PRUNE_RECORD_INVALID = "PRUNE_RECORD_INVALID"
    PRUNE_RECORD_NOT_IN_CHAIN = "PRUNE_RECORD_NOT_IN_CHAIN"
    RETENTION_POLICY_VIOLATED = "RETENTION_POLICY_VIOLATED"
    EVENT_BELOW_PRUNE_BOUNDARY = "EVENT_BELOW_PRUNE_BOUNDARY"
    EVENT_NEWER_THAN_COSIGNATURE = "EVENT_NEWER_THAN_COSIGNATURE"
    NO_CHECKPOINT = "NO_CHECKPOINT"
    UNTRUSTED_CHECKPOINT = "UNTRUSTED_CHECKPOINT"
    PRUNE_NOT_BACKED = "PRUNE_NOT_BACKED"
    RANGE_NOT_COVERED = "RANGE_NOT_COVERED"
    EMPTY = "EMPTY"
    UNVERIFIABLE = "UNVERIFIABLE"
    WEAK_COVERAGE = "WEAK_COVERAGE"
    CHAIN_RESTART = "CHAIN_RESTART"
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    NONCANONICAL = "NONCANONICAL"
    TORN_TAIL = "TORN_TAIL"
    UNSEALED_TAIL = "UNSEALED_TAIL"
    PRUNED_PREFIX = "PRUNED_PREFIX"


class CodeMeaning(NamedTuple):
    """One row of the code table."""

    default_class: FindingClass
    severity: Severity
    meaning: str


_F, _I, _N = FindingClass.FAULT, FindingClass.INCOMPLETE, FindingClass.NOTICE
_S = Severity

CODES: dict[Code, CodeMeaning] = {
    Code.EVENT_HASH_MISMATCH: CodeMeaning(_F, _S.CRITICAL, "content differs from its hash"),
    Code.PREVIOUS_HASH_MISMATCH: CodeMeaning(
        _F, _S.CRITICAL, "the link does not match the event before"
    ),
    Code.GAP: CodeMeaning(_F, _S.CRITICAL, "events are missing inside the chain"),
    Code.HEAD_MISSING: CodeMeaning(_F, _S.CRITICAL, "events are missing at the start"),
    Code.FORK: CodeMeaning(_F, _S.CRITICAL, "two different events claim one place"),
    Code.DUPLICATE_SEQ: CodeMeaning(_F, _S.CRITICAL, "the same event stands twice"),
    Code.TAIL_TRUNCATED: CodeMeaning(
        _F, _S.CRITICAL, "fewer events than a signed checkpoint covers"
    ),
    Code.CHAIN_MISSING: CodeMeaning(_F, _S.CRITICAL, "a chain that the policy names is not there"),
    Code.ROLLBACK: CodeMeaning(_F, _S.CRITICAL, "fewer events than this console verified before"),
    Code.HISTORY_REWRITTEN: CodeMeaning(
        _F, _S.CRITICAL, "other events than this console verified before"
    ),
    Code.CHECKPOINT_ROOT_MISMATCH: CodeMeaning(
        _F, _S.CRITICAL, "the events are not those that a checkpoint signs"
    ),
    Code.CHECKPOINT_BAD_SIGNATURE: CodeMeaning(
        _F, _S.CRITICAL, "a signature under the name of a trusted key is not by it"
    ),
    Code.SPLIT_VIEW: CodeMeaning(_F, _S.CRITICAL, "two signed tree heads for one size"),
    Code.MALFORMED: CodeMeaning(_F, _S.HIGH, "a line cannot be read"),
    Code.OVERSIZE: CodeMeaning(_F, _S.HIGH, "a line or file is over the limit"),
    Code.PRUNE_RECORD_INVALID: CodeMeaning(_F, _S.CRITICAL, "a prune record contradicts itself"),
    Code.PRUNE_RECORD_NOT_IN_CHAIN: CodeMeaning(
        _F, _S.CRITICAL, "no event of the chain tells of the prune"
    ),
    Code.RETENTION_POLICY_VIOLATED: CodeMeaning(
        _F, _S.CRITICAL, "events were deleted before their time"
    ),
    Code.EVENT_BELOW_PRUNE_BOUNDARY: CodeMeaning(
        _F, _S.HIGH, "events are there that were recorded as deleted"
    ),
    Code.EVENT_NEWER_THAN_COSIGNATURE: CodeMeaning(
        _F, _S.CRITICAL, "an event is younger than the cosignature over it"
    ),
    Code.NO_CHECKPOINT: CodeMeaning(_I, _S.MEDIUM, "nothing outside the log vouches for its end"),
    Code.UNTRUSTED_CHECKPOINT: CodeMeaning(
        _I, _S.MEDIUM, "a checkpoint that the policy does not trust"
    ),
    Code.PRUNE_NOT_BACKED: CodeMeaning(
        _I, _S.MEDIUM, "no checkpoint from before the cut-off covers what was deleted"
    ),
    Code.RANGE_NOT_COVERED: CodeMeaning(_I, _S.MEDIUM, "less was read than was asked for"),
    Code.EMPTY: CodeMeaning(_I, _S.MEDIUM, "there is no event"),
    Code.UNVERIFIABLE: CodeMeaning(_I, _S.MEDIUM, "events carry no hash that can be checked"),
    Code.WEAK_COVERAGE: CodeMeaning(_I, _S.LOW, "the hash leaves fields uncovered"),
    Code.CHAIN_RESTART: CodeMeaning(_F, _S.MEDIUM, "a second genesis"),
    Code.CLOCK_BACKWARDS: CodeMeaning(_N, _S.MEDIUM, "recorded_at decreases"),
    Code.OUT_OF_ORDER: CodeMeaning(_N, _S.LOW, "lines are not in seq order"),
    Code.NONCANONICAL: CodeMeaning(_N, _S.LOW, "same content in another JSON spelling"),
    Code.TORN_TAIL: CodeMeaning(_N, _S.LOW, "half a line at the end"),
    Code.UNSEALED_TAIL: CodeMeaning(
        _N, _S.INFORMATIONAL, "events after the last that is vouched for"
    ),
    Code.PRUNED_PREFIX: CodeMeaning(_N, _S.INFORMATIONAL, "retention deleted the beginning"),
}


class Place(NamedTuple):
    """Where something stands: file name, line number from 1, event id.

    What is kept in a table has neither file nor line.
    """

    file: str | None
    line: int | None
    event_id: str | None = None

    @classmethod
    def among(
        cls, files: Sequence[str], file: int, line: int, event_id: str | None = None
    ) -> Place:
        """Name a place in one of a source's files, of which it may have none."""
        return cls(files[file], line, event_id) if files else cls(None, None, event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, and where.

    `first_seq` and `last_seq` are inclusive and None outside format v1. `file` is
    a name and `line` counts from 1 within it. `stored` and `computed` are hashes.
    """

    code: Code
    message: str
    chain: str | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    file: str | None = None
    line: int | None = None
    event_id: str | None = None
    stored: str | None = None
    computed: str | None = None
    finding_class: FindingClass

    @property
    def severity(self) -> Severity:
        """OCSF severity of the code."""
        return CODES[self.code].severity


class Verdict(StrEnum):
    """The answer of a verification."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"


EXIT_CODES: dict[Verdict, int] = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCOMPLETE: 3}


KEEP_PER_CODE = 1000
"""Findings of one code that are listed; all are counted."""


@dataclass(slots=True)
class FindingList:
    """Findings in the order found: all are counted, the first of each code are kept."""

    keep_per_code: int = KEEP_PER_CODE
    kept: list[Finding] = field(default_factory=list)
    counts: dict[Code, int] = field(default_factory=dict)
    class_counts: dict[FindingClass, int] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count a finding and keep it unless its code has reached the cap."""
        self._count(finding.code, finding.finding_class, 1)
        if self.counts[finding.code] <= self.keep_per_code:
            self.kept.append(finding)

    def is_full(self, code: Code) -> bool:
        """Tell whether a code has reached the cap, so that no more of it is kept."""
        return self.counts.get(code, 0) >= self.keep_per_code

    def report(self, code: Code, make: Callable[[Code], Finding]) -> None:
        """Count a finding, and have it made only if it is to be kept."""
        if self.is_full(code):
            self.add_unlisted(code, 1)
        else:
            self.add(make(code))

    def add_unlisted(self, code: Code, count: int) -> None:
        """Count findings of a code that has reached the cap."""
        self._count(code, CODES[code].default_class, count)

    def extend(self, others: FindingList) -> None:
        """Add all findings of another list."""
        for one in others.kept:
            self.add(one)
        listed = Counter(one.code for one in others.kept)
        for code, count in others.counts.items():
            if count > listed[code]:
                self.add_unlisted(code, count - listed[code])

    def _count(self, code: Code, finding_class: FindingClass, count: int) -> None:
        self.counts[code] = self.counts.get(code, 0) + count
        self.class_counts[finding_class] = self.class_counts.get(finding_class, 0) + count

    @property
    def faults(self) -> int:
        """Findings of class F."""
        return self.class_counts.get(FindingClass.FAULT, 0)

    @property
    def verdict(self) -> Verdict:
        """FAIL on any fault, else INCOMPLETE on any open question, else PASS."""
        if self.faults:
            return Verdict.FAIL
        if self.class_counts.get(FindingClass.INCOMPLETE):
            return Verdict.INCOMPLETE
        return Verdict.PASS


def finding(  # noqa: PLR0913 - one keyword for each field of a finding
    code: Code,
    message: str,
    *,
    chain: str | None = None,
    first_seq: int | None = None,
    last_seq: int | None = None,
    place: Place | None = None,
    stored: str | None = None,
    computed: str | None = None,
    finding_class: FindingClass | None = None,
) -> Finding:
    """Make a finding of its code's class, or of `finding_class` where the scheme differs."""
    return Finding(
        code=code,
        message=message,
        chain=chain,
        first_seq=first_seq,
        last_seq=last_seq,
        file=place.file if place else None,
        line=place.line if place else None,
        event_id=place.event_id if place else None,
        stored=stored,
        computed=computed,
        finding_class=finding_class or CODES[code].default_class,
    )
