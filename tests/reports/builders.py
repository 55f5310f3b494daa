"""Verifications as values, to be printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from audit_console.core.event import UNCOVERED_FIELDS, Scheme
from audit_console.core.findings import CODES, Code, Finding, FindingClass, Verdict
from audit_console.integrity.verification import ChainSummary, Verification
from audit_console.reports.model import Report
from audit_console.sources.protocol import FileStatus, Status

MADE_AT = datetime(2026, 11, 23, 4, 12, 9, tzinfo=UTC)
STATUS = Status(
    events=40,
    malformed=1,
    lines=41,
    bytes_read=24_000,
    bytes_total=24_000,
    first=datetime(2026, 11, 1, tzinfo=UTC),
    last=datetime(2026, 11, 22, 23, 59, 41, 2314, tzinfo=UTC),
    complete=True,
    stopped=False,
    files=(FileStatus(name="audit.jsonl", bytes=24_000, lines=41, sha256="ab" * 32),),
)
CHAIN = ChainSummary(
    chain="audit.example.org/prod",
    scheme=Scheme.V1,
    first_seq=0,
    last_seq=39,
    events=40,
    verified=39,
    failed=1,
    not_checked=0,
    head_hash="cd" * 32,
    root=bytes(range(32)),
    sealed_size=0,
    uncovered_fields=(),
)
ORCHESTRATOR_CHAIN = ChainSummary(
    chain="(orchestrator)",
    scheme=Scheme.ORCHESTRATOR,
    first_seq=None,
    last_seq=None,
    events=40,
    verified=40,
    failed=0,
    not_checked=0,
    head_hash="ef" * 32,
    root=None,
    sealed_size=0,
    uncovered_fields=UNCOVERED_FIELDS[Scheme.ORCHESTRATOR],
)


def finding(code: Code, message: str = "", **where: str | int | None) -> Finding:
    return Finding(
        code=code,
        message=message or CODES[code].meaning,
        finding_class=CODES[code].default_class,
        **where,  # type: ignore[arg-type]
    )


EDITED = finding(
    Code.EVENT_HASH_MISMATCH,
    "the content of seq 12 differs from its hash",
    chain=CHAIN.chain,
    first_seq=12,
    last_seq=12,
    file="audit.jsonl",
    line=13,
    event_id="5d9dc9f8-0000-4000-8000-000000000012",
    stored="01" * 32,
    computed="02" * 32,
)
REMOVED = finding(
    Code.GAP, "1,200 events are missing", chain=CHAIN.chain, first_seq=20, last_seq=1219
)
UNANCHORED = finding(Code.NO_CHECKPOINT, chain=CHAIN.chain)
SHUFFLED = finding(Code.OUT_OF_ORDER, file="audit.jsonl", line=7)


def verification(
    *findings: Finding,
    chains: Sequence[ChainSummary] = (CHAIN,),
    counts: Mapping[Code, int] | None = None,
    cannot_show: Sequence[str] = ("who wrote the log",),
    status: Status = STATUS,
) -> Verification:
    classes = {each.finding_class for each in findings}
    verdict = Verdict.PASS
    if FindingClass.INCOMPLETE in classes:
        verdict = Verdict.INCOMPLETE
    if FindingClass.FAULT in classes:
        verdict = Verdict.FAIL
    counts = counts or Counter(each.code for each in findings)
    faults = {each.code for each in findings if each.finding_class is FindingClass.FAULT}
    return Verification(
        verdict=verdict,
        chains=tuple(chains),
        findings=findings,
        counts=counts,
        faults=sum(counts[code] for code in faults),
        cannot_show=tuple(cannot_show),
        status=status,
    )


def hostile_report(text: str) -> Report:
    """A report in which every text of the log, and of its place, is `text`."""
    named = finding(
        Code.EVENT_HASH_MISMATCH,
        text,
        chain=text,
        first_seq=1,
        last_seq=3,
        file=text,
        line=2,
        event_id=text,
        stored=text,
        computed=text,
    )
    checked = verification(
        named,
        chains=(replace(CHAIN, chain=text, head_hash=text),),
        cannot_show=(text,),
        status=replace(STATUS, files=(replace(STATUS.files[0], name=text, sha256=text),)),
    )
    return report(checked, label=text)


def report(checked: Verification, *, exit_code: int = 1, label: str = "audit.jsonl") -> Report:
    return Report(
        verification=checked,
        source_label=label,
        source_kind="archive",
        exit_code=exit_code,
        made_at=MADE_AT,
        tool_version="1.2.3",
    )
