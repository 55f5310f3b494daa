"""A report as text for people: the verdict first and last, in between what it rests on."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable, Iterator

from audit_console.core.event import Scheme, format_time
from audit_console.core.findings import Code, Finding, FindingClass
from audit_console.core.safe_text import safe_text
from audit_console.integrity.verification import ChainSummary
from audit_console.reports.model import (
    CLASS_ORDER,
    Report,
    Standing,
    Statement,
    cosigners,
    meaning,
)
from audit_console.sources.protocol import FileStatus, Status

_WIDTH = 90
_LABEL_WIDTH = 10
_CLASS_WORDS = {
    FindingClass.FAULT: "FAULT",
    FindingClass.INCOMPLETE: "OPEN",
    FindingClass.NOTICE: "NOTICE",
}
_HOLDS = {
    "Integrity": "every event that was read has the content and the link that its hash says",
    "Coverage": "no event is missing, as far as the log is vouched for",
}


def render_text(report: Report) -> str:
    """Print a report as lines of text that are safe for a terminal."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    verification = report.verification
    yield report.headline
    yield ""
    yield from _heading(report, verification.status)
    yield ""
    yield from _statement("Integrity", report.integrity, report)
    yield from _statement("Coverage", report.coverage, report)
    yield from _section("Chains", (_chain(chain) for chain in verification.chains))
    yield from _section("Files", (_file(file) for file in verification.status.files))
    yield from _section("Findings", _findings(report))
    yield from _section("This run cannot show", map(_bullet, verification.cannot_show))
    yield ""
    yield f"{report.headline} (exit code {report.exit_code})"


def _heading(report: Report, status: Status) -> Iterator[str]:
    yield from _field("question", report.question)
    yield from _field("source", f"{report.source_label} ({report.source_kind})")
    yield from _field(
        "read", f"{status.lines:,} lines: {status.events:,} events, {status.malformed:,} unreadable"
    )
    if status.first and status.last:
        yield from _field("window", f"{format_time(status.first)} to {format_time(status.last)}")
    if not status.complete:
        yield from _field("part", "the log was not read to its end; all numbers are of a part")
    if report.verification.policy_sha256 is not None:
        yield from _field("policy", f"sha256 {report.verification.policy_sha256}")
    yield from _field(
        "made", f"{format_time(report.made_at)} by {report.tool} {report.tool_version}"
    )


def _statement(name: str, statement: Statement, report: Report) -> Iterator[str]:
    yield f"{name}: {statement.question}"
    if statement.standing is Standing.HOLDS:
        yield from _field("YES", _HOLDS[name])
    for code in statement.faults:
        yield from _field("NO", _tally(code, report))
    for code in statement.open_points:
        yield from _field("OPEN", _tally(code, report))
    if statement.standing is Standing.OPEN and not statement.open_points:
        yield from _field("OPEN", "nothing was verified")


def _tally(code: Code, report: Report) -> str:
    count = report.verification.counts[code]
    times = f"{count:,} × " if count > 1 else ""
    return f"{times}{meaning(code)} ({code})"


def _section(title: str, blocks: Iterable[Iterable[str]]) -> Iterator[str]:
    lines = [line for block in blocks for line in block]
    if lines:
        yield ""
        yield title
        yield from lines


def _chain(chain: ChainSummary) -> Iterator[str]:
    yield f"  {safe_text(chain.chain, limit=300)}"
    yield from _field("scheme", f"{chain.scheme}, {_covered(chain)}", indent=4)
    if chain.first_seq is not None and chain.last_seq is not None:
        yield from _field("seq", f"{chain.first_seq} to {chain.last_seq}", indent=4)
    yield from _field(
        "events",
        f"{chain.events:,}: {chain.verified:,} verified, {chain.failed:,} failed, "
        f"{chain.not_checked:,} not checked",
        indent=4,
    )
    if chain.head_hash is not None:
        yield from _field("head", chain.head_hash, indent=4)
    if chain.root is not None:
        yield from _field("root", base64.b64encode(chain.root).decode(), indent=4)
    if chain.sealed_size:
        yield from _field("sealed", f"the first {chain.sealed_size:,} events", indent=4)
    if chain.sealed_by is not None:
        by = "; ".join([f"{chain.sealed_by.size:,} events by the log", *cosigners(chain.sealed_by)])
        yield from _field("signed", by, indent=4)


def _covered(chain: ChainSummary) -> str:
    if chain.scheme is Scheme.UNHASHED:
        return "no hash covers any field"
    if not chain.uncovered_fields:
        return "the hash covers every field"
    return f"not covered by the hash: {', '.join(chain.uncovered_fields)}"


def _file(file: FileStatus) -> Iterator[str]:
    yield f"  {safe_text(file.name, limit=300)}"
    yield from _field("size", f"{file.bytes:,} bytes, {file.lines:,} lines", indent=4)
    yield from _field("sha256", file.sha256 or "none: not read to the end", indent=4)


def _findings(report: Report) -> Iterator[Iterable[str]]:
    for wanted in CLASS_ORDER:
        for finding in report.verification.findings:
            if finding.finding_class is wanted:
                yield _finding(finding)
    for code, count in report.unlisted.items():
        yield [f"  and {count:,} more of {code}, counted but not listed"]


def _finding(finding: Finding) -> Iterator[str]:
    severity = finding.severity.name.lower()
    yield f"  {_CLASS_WORDS[finding.finding_class]:<6}  {finding.code} ({severity})"
    yield from _wrapped(safe_text(finding.message), " " * 10)
    where = " · ".join(_where(finding))
    if where:
        yield from _field("where", where, indent=10)
    if finding.event_id is not None:
        yield from _field("event", finding.event_id, indent=10)
    if finding.stored is not None:
        yield from _field("stored", finding.stored, indent=10)
    if finding.computed is not None:
        yield from _field("computed", finding.computed, indent=10)


def _where(finding: Finding) -> Iterator[str]:
    if finding.file is not None:
        yield finding.file if finding.line is None else f"{finding.file}, line {finding.line}"
    if finding.chain is not None:
        yield finding.chain
    if finding.first_seq is not None:
        span = "" if finding.last_seq in {None, finding.first_seq} else f" to {finding.last_seq}"
        yield f"seq {finding.first_seq}{span}"


def _bullet(sentence: str) -> Iterator[str]:
    return _wrapped(safe_text(sentence), "    ", first="  - ")


def _field(label: str, value: str, *, indent: int = 2) -> Iterator[str]:
    margin = " " * indent
    first = f"{margin}{label:<{_LABEL_WIDTH}}"
    return _wrapped(safe_text(value), " " * len(first), first=first)


def _wrapped(text: str, margin: str, *, first: str | None = None) -> Iterator[str]:
    """Break at spaces only: a hash, a path or an id stays in one piece to be copied."""
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=margin if first is None else first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [(first or "").rstrip()]
