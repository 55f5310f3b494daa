"""What goes into an evidence package."""

from __future__ import annotations

from dataclasses import dataclass

from audit_console.core.policy import Policy
from audit_console.reports.model import Report
from audit_console.search.question import Question
from audit_console.signing import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Selected events, and what is said about the log that they come from.

    Attributes:
        question: which events of which log, and the reader's marks.
        query: the question, its times absolute.
        report: of the verification of the whole log, at the time of the package.
        policy: by which the log was verified.
        key: of the console, a witness's, that signs the package.
    """

    question: Question
    query: str
    report: Report
    policy: Policy | None = None
    key: SigningKey | None = None
