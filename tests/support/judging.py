"""A log of lines judged in several ways, in a form that can be compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit_console.core.chain import LogCheck
from audit_console.core.claims import Candidate
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.findings import Code, Finding, FindingClass, Place
from audit_console.core.hashing import HashCheck, check_hash
from audit_console.core.run import FORK_WINDOW, run_of
from audit_console.core.v1_chain import V1Chain
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource

Span = tuple[int | None, int | None]
Kept = tuple[int, int, int | None, int | None, str | None]
"""Of a chain: events, failed ones, first and last seq, hash of the head."""


def in_order(found: Iterable[tuple[Code, Span]]) -> list[tuple[Code, Span]]:
    """Sort by code, then by seqs; None stands first."""
    return sorted(found, key=lambda one: (one[0], [-1 if seq is None else seq for seq in one[1]]))


@dataclass(frozen=True)
class Judgement:
    """What was found, counted and kept, without the names of files, in a fixed order."""

    findings: tuple[Finding, ...]
    counts: dict[Code, int]
    chains: dict[str, Kept]

    @property
    def beyond_the_unanchored_end(self) -> list[tuple[Code, Span]]:
        """Codes of class F and I with their seqs, but for NO_CHECKPOINT."""
        return in_order(
            (finding.code, (finding.first_seq, finding.last_seq))
            for finding in self.findings
            if finding.finding_class is not FindingClass.NOTICE
            and finding.code is not Code.NO_CHECKPOINT
        )

    @property
    def notices(self) -> list[tuple[Code, Span]]:
        """Codes of class notice with their seqs."""
        return in_order(
            (finding.code, (finding.first_seq, finding.last_seq))
            for finding in self.findings
            if finding.finding_class is FindingClass.NOTICE
        )

    def without(self, code: Code) -> list[Finding]:
        """Give the findings of all other codes."""
        return [finding for finding in self.findings if finding.code is not code]


def told(verification: Verification) -> Judgement:
    """Take what can be compared out of a verification."""
    return _judgement(
        verification.findings,
        dict(verification.counts),
        {
            chain.chain: (
                chain.events,
                chain.failed,
                chain.first_seq,
                chain.last_seq,
                chain.head_hash,
            )
            for chain in verification.chains
            if chain.scheme is not Scheme.UNHASHED
        },
    )


def judge_in_memory(lines: Sequence[bytes], batch_lines: int = 5000) -> Judgement:
    """Verify lines from memory, so many at a time."""
    return told(verify(MemorySource(lines, batch_lines=batch_lines)))


def judge_archive(*paths: Path) -> Judgement:
    """Verify files."""
    return told(verify_archive(*paths))


def verify_archive(*paths: Path) -> Verification:
    """Verify files, and close them."""
    source = open_archive([str(path) for path in paths], keep=False)
    try:
        return verify(source)
    finally:
        source.close()


def judge_one_by_one(lines: Sequence[bytes], *, fork_window: int = FORK_WINDOW) -> Judgement:
    """Judge lines by the core alone: no frames, one event at a time."""
    reader = _OneByOne(deque(maxlen=fork_window), deque(maxlen=fork_window))
    for number, line in enumerate(lines, 1):
        event = decode_bytes(line)
        if isinstance(event, AuditEvent):
            reader.add(event, line.decode(), Place("memory", number, event.id))
        elif line and not line.isspace():
            reader.check.add_unreadable(event.code, event.reason, Place("memory", number))
    check = reader.check
    check.finish(
        {name: _asked_for(chain, reader.claims) for name, chain in check.v1_chains.items()}
    )
    return _judgement(check.findings.kept, check.findings.counts, _chains(check))


@dataclass
class _OneByOne:
    recent: deque[str | None]
    links: deque[str | None]
    check: LogCheck = field(default_factory=LogCheck)
    claims: list[tuple[str, Candidate]] = field(default_factory=list)

    def add(self, event: AuditEvent, line: str, place: Place) -> None:
        hashed = check_hash(event, line)
        if hashed.computed is None:
            self.check.unhashed += 1
            return
        if event.scheme is Scheme.V1:
            self._claim(event, hashed, place)
        known, taken = event.previous_hash in self.recent, event.previous_hash in self.links
        self.check.add_run(
            run_of(event, hashed.computed, place, link_known=known, link_taken=taken)
        )
        if event.scheme is Scheme.ORCHESTRATOR:
            self.recent.append(event.event_hash)
            self.links.append(event.previous_hash)

    def _claim(self, event: AuditEvent, hashed: HashCheck, place: Place) -> None:
        chain, seq, stored = event.chain or "", event.seq or 0, event.event_hash or ""
        computed = hashed.computed or ""
        if not hashed.canonical and computed == stored:
            self.check.add_noncanonical(chain, seq, place)
        claim = Candidate(seq, event.previous_hash or "", stored, computed, place)
        self.claims.append((chain, claim))


def _asked_for(chain: V1Chain, claims: list[tuple[str, Candidate]]) -> list[Candidate]:
    wanted = {seq for span in chain.repeats for seq in range(span.first - 1, span.last + 2)}
    return [claim for name, claim in claims if name == chain.name and claim.seq in wanted]


def _chains(check: LogCheck) -> dict[str, Kept]:
    told: dict[str, Kept] = {}
    unnamed = check.misplaced[""]
    for name, chain in check.v1_chains.items():
        strays = check.misplaced[name] + unnamed
        events = chain.tally.events + strays
        failed = min(chain.tally.failed + strays, events)
        told[name] = (events, failed, chain.first_seq, chain.next_seq - 1, chain.head_hash)
        unnamed = 0
    if unnamed:
        told[f"({Scheme.V1})"] = (unnamed, unnamed, None, None, None)
    one = check.orchestrator
    if one is not None:
        failed = min(one.tally.failed, one.tally.events)
        told[one.name] = (one.tally.events, failed, None, None, one.head_hash)
    return told


def _judgement(
    findings: Sequence[Finding],
    counts: dict[Code, int],
    chains: dict[str, Kept],
) -> Judgement:
    ordered = sorted(
        (replace(one, file=None) for one in findings),
        key=lambda one: (one.code, one.chain or "", one.line or 0, one.first_seq or 0),
    )
    return Judgement(tuple(ordered), dict(counts), chains)
