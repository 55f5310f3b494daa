"""What goes into an evidence package."""

from __future__ import annotations

from dataclasses import dataclass

from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.reports.model import Report
from audit_console.search.question import Question
from audit_console.signing import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Selected events, and what is said about the log that they come from.

    Attributes:
        question: which events of which log, and the reader's marks.
        query: the question as it was asked.
        report: of the verification of the whole log, at the time of the package.
        trust: what the log was held against.
        policy_text: the trust's policy as it was written.
        key: of the console, a witness's, that signs the package.
    """

    question: Question
    query: str
    report: Report
    trust: Trust = NO_TRUST
    policy_text: str | None = None
    key: SigningKey | None = None
