"""What a report for people says, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit_console.core.event import Scheme, format_time
from audit_console.core.findings import Code, Finding, FindingClass, Verdict
from audit_console.core.merkle import root_text
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count, seqs
from audit_console.integrity.verification import ChainSummary, Verification
from audit_console.reports.document import Document, Field, Section, Tone, exact, named, worded
from audit_console.reports.explanations import EXPLANATIONS
from audit_console.reports.model import (
    CLASS_ORDER,
    Report,
    Standing,
    Statement,
    cosigners,
    meaning,
)
from audit_console.reports.vouching import vouching_sections
from audit_console.sources.protocol import FileStatus, Status

_VERDICT_TONES = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.INCOMPLETE: Tone.OPEN,
}
_CLASS_BADGES = {
    FindingClass.FAULT: ("FAULT", Tone.BAD),
    FindingClass.INCOMPLETE: ("OPEN", Tone.OPEN),
    FindingClass.NOTICE: ("NOTICE", Tone.PLAIN),
}
_HASHES_HOLD = "every event that was read has the content and the link that its hash says"
_SEAL_HOLDS = "every line that was read is as it was when it was sealed"
_NONE_MISSING = "no event is missing, as far as the log is vouched for"


def document_of(report: Report) -> Document:
    """Lay out a report; every text in it is safe to show."""
    verification = report.verification
    groups = (*grounds_of(verification), _group_of("Findings", *_findings(report)))
    return Document(
        headline=report.headline,
        tone=_VERDICT_TONES[verification.verdict],
        fields=tuple(_heading(report)),
        sections=(
            _statement("Integrity", report.integrity, report, _what_holds(verification.chains)),
            _statement("Coverage", report.coverage, report, _NONE_MISSING),
            *(group for group in groups if group.parts),
            open_ends_of(verification),
        ),
        ending=f"{report.headline} (exit code {report.exit_code})",
    )


def grounds_of(verification: Verification) -> tuple[Section, ...]:
    """Lay out what a verdict rests on, one section of parts for each kind."""
    status = verification.status
    return (
        _group_of("Chains", *map(_chain, verification.chains)),
        *vouching_sections(verification),
        _group_of("Files", *(_file(file, status) for file in status.files)),
    )


def open_ends_of(verification: Verification) -> Section:
    """Lay out what a run cannot show."""
    points = tuple(map(safe_text, verification.cannot_show))
    return Section(title="This run cannot show", points=points)


def _group_of(title: str, *parts: Section) -> Section:
    return Section(title=title, parts=parts)


def _heading(report: Report) -> Iterator[Field]:
    verification, status = report.verification, report.verification.status
    yield worded("question", report.question)
    yield exact("source", f"{report.source_label} ({report.source_kind})")
    yield read_field(status)
    yield worded(
        "checked",
        f"{verification.verified:,} verified, {verification.failed:,} failed, "
        f"{verification.not_checked:,} not checked",
    )
    yield from window_fields(status)
    if not status.complete:
        yield worded("part", "the log was not read to its end; all numbers are of a part")
    yield exact("policy", verification.policy_sha256 or "none")
    yield worded("made", f"{format_time(report.made_at)} by {report.tool} {report.tool_version}")


def read_field(status: Status) -> Field:
    """Say how much of a log was read."""
    return worded(
        "read",
        f"{count(status.lines, 'line')}: {count(status.events, 'event')}, "
        f"{status.malformed:,} unreadable",
    )


def window_fields(status: Status) -> Iterator[Field]:
    """Say from when to when its events are, if there are any."""
    if status.first and status.last:
        yield worded("window", f"{format_time(status.first)} to {format_time(status.last)}")


def _statement(name: str, statement: Statement, report: Report, holds: str) -> Section:
    return Section(
        title=f"{name}: {statement.question}",
        fields=tuple(_answers(statement, report, holds)),
    )


def _what_holds(chains: Iterable[ChainSummary]) -> str:
    """Say what makes the events those that were written: outside format v1, a seal alone."""
    schemes = {chain.scheme for chain in chains}
    by_hash = [_HASHES_HOLD] if Scheme.V1 in schemes else []
    by_seal = [_SEAL_HOLDS] if schemes - {Scheme.V1} else []
    return "; ".join(by_hash + by_seal)


def _answers(statement: Statement, report: Report, holds: str) -> Iterator[Field]:
    if statement.standing is Standing.HOLDS:
        yield worded("YES", holds, Tone.GOOD)
    for code in statement.faults:
        yield worded("NO", _tally(code, report), Tone.BAD)
    for code in statement.open_points:
        yield worded("OPEN", _tally(code, report), Tone.OPEN)
    if statement.standing is Standing.OPEN and not statement.open_points:
        yield worded("OPEN", "nothing was verified", Tone.OPEN)


def _tally(code: Code, report: Report) -> str:
    count = report.verification.counts[code]
    times = f"{count:,} × " if count > 1 else ""
    return f"{times}{meaning(code)} ({code})"


def _chain(chain: ChainSummary) -> Section:
    return Section(title=named(chain.chain), fields=tuple(_of_chain(chain)))


def _of_chain(chain: ChainSummary) -> Iterator[Field]:
    yield worded("scheme", f"{chain.scheme}, {_covered(chain)}")
    if chain.first_seq is not None and chain.last_seq is not None:
        yield worded("seq", f"{chain.first_seq:,} to {chain.last_seq:,}")
    yield worded(
        "events",
        f"{chain.events:,}: {chain.verified:,} verified, {chain.failed:,} failed, "
        f"{chain.not_checked:,} not checked",
    )
    if chain.head_hash is not None:
        yield exact("head", chain.head_hash)
    if chain.root is not None:
        yield exact("root", root_text(chain.root))
    if chain.sealed_by is not None:
        yield worded("sealed", f"the first {chain.covered:,} events")
        by = [f"{chain.sealed_by.size:,} events by the log", *cosigners(chain.sealed_by)]
        yield worded("signed", "; ".join(by))


def _covered(chain: ChainSummary) -> str:
    if chain.scheme is Scheme.UNHASHED:
        return "no hash covers any field"
    if not chain.uncovered_fields:
        return "the hash covers every field"
    return f"not covered by the hash: {', '.join(chain.uncovered_fields)}"


def _file(file: FileStatus, status: Status) -> Section:
    lines = count(file.lines, "line") if status.complete else f"{count(file.lines, 'line')} read"
    return Section(
        title=named(file.name),
        fields=(
            worded("size", f"{count(file.bytes, 'byte')}, {lines}"),
            exact("sha256", file.sha256 or "not computed in this run"),
        ),
    )


def _findings(report: Report) -> Iterator[Section]:
    """Give a part for each code, faults first, with its findings as parts of it."""
    groups: dict[tuple[FindingClass, Code], list[Finding]] = {}
    for finding in report.verification.findings:
        groups.setdefault((finding.finding_class, finding.code), []).append(finding)
    for wanted in CLASS_ORDER:
        for (finding_class, code), findings in groups.items():
            if finding_class is wanted:
                yield _group(finding_class, code, findings, report.unlisted.get(code, 0))


def _group(
    finding_class: FindingClass, code: Code, findings: list[Finding], unlisted: int
) -> Section:
    badge, tone = _CLASS_BADGES[finding_class]
    explanation = EXPLANATIONS[code]
    parts = [_finding(finding) for finding in findings]
    if unlisted:
        parts.append(Section(title=f"and {unlisted:,} more, counted but not listed"))
    severity = findings[0].severity.name.lower()
    return Section(
        title=f"{code} ({severity}): {meaning(code)}",
        badge=badge,
        tone=tone,
        paragraphs=(explanation.meaning,),
        fields=(worded("next", explanation.next_step),),
        parts=tuple(parts),
    )


def _finding(finding: Finding) -> Section:
    return Section(title=safe_text(finding.message), fields=tuple(_of_finding(finding)))


def _of_finding(finding: Finding) -> Iterator[Field]:
    where = " · ".join(_where(finding))
    if where:
        yield exact("where", where)
    if finding.event_id is not None:
        yield exact("event", finding.event_id)
    if finding.stored is not None:
        yield exact("stored", finding.stored)
    if finding.computed is not None:
        yield exact("computed", finding.computed)


def _where(finding: Finding) -> Iterator[str]:
    if finding.file is not None:
        yield finding.file if finding.line is None else f"{finding.file}, line {finding.line:,}"
    if finding.chain is not None:
        yield finding.chain
    if finding.first_seq is not None:
        yield seqs(finding.first_seq, finding.last_seq or finding.first_seq)
