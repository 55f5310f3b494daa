"""The one content of every report, whatever prints it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from audit_console import __version__
from audit_console.core.event import format_time
from audit_console.core.findings import CODES, Code, Finding, FindingClass, Verdict
from audit_console.core.vouchers import SignedHead
from audit_console.core.wording import count
from audit_console.integrity.verification import Verification
from audit_console.sources.protocol import Source

QUESTION = "Is every event of this log unaltered, and is every event there?"

COVERAGE_CODES = frozenset(
    {
        Code.GAP,
        Code.HEAD_MISSING,
        Code.TAIL_TRUNCATED,
        Code.CHAIN_MISSING,
        Code.ROLLBACK,
        Code.CHAIN_RESTART,
        Code.NO_CHECKPOINT,
        Code.UNTRUSTED_CHECKPOINT,
        Code.RANGE_NOT_COVERED,
        Code.EMPTY,
    }
)
"""Findings on what is missing. The others are on what is there."""

CLASS_ORDER = (FindingClass.FAULT, FindingClass.INCOMPLETE, FindingClass.NOTICE)


class Standing(StrEnum):
    """How a statement stands after the check."""

    HOLDS = "holds"
    FAULTY = "faulty"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Statement:
    """Integrity or coverage: how it stands, and the findings that say so.

    Open without an open point means that nothing was verified.
    """

    question: str
    standing: Standing
    faults: tuple[Code, ...]
    open_points: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A verification, what was asked of which source, by which tool and when.

    `exit_code` is the program's; it can be 0 for an INCOMPLETE verdict whose only
    open point the caller accepted. `made_at` is aware.
    """

    verification: Verification
    source_label: str
    source_kind: str
    exit_code: int
    made_at: datetime
    question: str = QUESTION
    tool: str = "audit-console"
    tool_version: str = __version__

    @classmethod
    def of(cls, source: Source, verification: Verification, exit_code: int) -> Report:
        """Report now what the verification of a source found."""
        return cls(
            verification=verification,
            source_label=source.label,
            source_kind=source.kind,
            exit_code=exit_code,
            made_at=datetime.now(UTC),
        )

    @property
    def integrity(self) -> Statement:
        """Is what is there unaltered?"""
        return integrity_of(self.verification)

    @property
    def coverage(self) -> Statement:
        """Is everything there that should be?"""
        return coverage_of(self.verification)

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        verification = self.verification
        match verification.verdict:
            case Verdict.FAIL:
                # not "in" the lines: what lies beside the log has faults of its own
                lines = count(verification.status.lines, "line")
                reason = f"{count(verification.faults, 'fault')} found, {lines} read"
            case Verdict.INCOMPLETE:
                open_codes = _codes_of(verification.findings, FindingClass.INCOMPLETE)
                reason = f"no fault found, but open: {', '.join(open_codes)}"
            case Verdict.PASS:
                reason = f"{count(verification.verified, 'event')} verified, no fault"
        accepted = verification.verdict is Verdict.INCOMPLETE and self.exit_code == 0
        return f"{verification.verdict}: {reason}{' (accepted)' if accepted else ''}"

    @property
    def unlisted(self) -> dict[Code, int]:
        """How many findings of a code are counted, but not in the list."""
        listed: dict[Code, int] = {}
        for finding in self.verification.findings:
            listed[finding.code] = listed.get(finding.code, 0) + 1
        missing = {
            code: count - listed.get(code, 0) for code, count in self.verification.counts.items()
        }
        return {code: count for code, count in missing.items() if count > 0}


def integrity_of(verification: Verification) -> Statement:
    """State whether what is there is unaltered."""
    codes = set(Code) - COVERAGE_CODES
    statement = _statement("Is what is there unaltered?", codes, verification.findings)
    if statement.standing is Standing.HOLDS and not verification.verified:
        return replace(statement, standing=Standing.OPEN)
    return statement


def coverage_of(verification: Verification) -> Statement:
    """State whether everything is there that should be."""
    question = "Is everything there that should be?"
    return _statement(question, COVERAGE_CODES, verification.findings)


def only_unanchored(verification: Verification) -> bool:
    """Tell whether the missing checkpoint is all that keeps the verdict from PASS."""
    open_codes = {
        finding.code
        for finding in verification.findings
        if finding.finding_class is FindingClass.INCOMPLETE
    }
    return verification.verdict is Verdict.INCOMPLETE and open_codes == {Code.NO_CHECKPOINT}


def cosigners(head: SignedHead) -> list[str]:
    """Say which witnesses cosigned a checkpoint, and when."""
    return [f"cosigned by {name} {_moment(at)}" for name, at in head.cosigned.items()]


def standing_of(head: SignedHead) -> str:
    """Say what a checkpoint covers, whether it is trusted, and who cosigned it when."""
    standing = "trusted" if head.trusted else "not trusted"
    return "; ".join([f"over the first {head.size:,} events, {standing}", *cosigners(head)])


def _moment(seconds: int) -> str:
    try:
        return format_time(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return f"{seconds:,} s after 1970"


def meaning(code: Code) -> str:
    """Say what a code means."""
    return CODES[code].meaning


def _statement(question: str, codes: Iterable[Code], findings: Iterable[Finding]) -> Statement:
    group = set(codes)
    found = [finding for finding in findings if finding.code in group]
    faults = _codes_of(found, FindingClass.FAULT)
    open_points = _codes_of(found, FindingClass.INCOMPLETE)
    standing = Standing.HOLDS
    if open_points:
        standing = Standing.OPEN
    if faults:
        standing = Standing.FAULTY
    return Statement(question, standing, faults, open_points)


def _codes_of(findings: Iterable[Finding], wanted: FindingClass) -> tuple[Code, ...]:
    return tuple(
        dict.fromkeys(finding.code for finding in findings if finding.finding_class is wanted)
    )
