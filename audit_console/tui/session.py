"""What is known of the log on the screen: one immutable value, replaced as the load goes on."""

from __future__ import annotations

from dataclasses import dataclass

from audit_console.core.chain_map import ChainMap
from audit_console.core.findings import EXIT_CODES, Code
from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Verification
from audit_console.reports.model import Report
from audit_console.sources.protocol import NOTHING_NEW, News, Source, Status
from audit_console.tui.painting import Line

MISSING = frozenset({Code.GAP, Code.HEAD_MISSING, Code.PRUNED_PREFIX})
"""Codes of findings about events that are not there."""

CANNOT_BE_LOOKED_AT = (AuditConsoleError, OSError)
"""What may be raised by anything that is asked of a source."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open source, how far it was read and what the check says so far.

    `places` is what was opened, `mark` its environment, empty where it is of none.
    `faults` counts findings of class F while the load runs, `maps` show how far the
    chains were checked. `error` is why the load broke off, `news`
    what was written since it ended, `unreached` why that cannot be told now.
    """

    source: Source
    status: Status
    places: tuple[str, ...] = ()
    mark: Line = ()
    faults: int = 0
    maps: tuple[ChainMap, ...] = ()
    verification: Verification | None = None
    news: News = NOTHING_NEW
    unreached: str | None = None
    error: AuditConsoleError | None = None

    @property
    def loading(self) -> bool:
        """Whether events are still being read."""
        return self.verification is None and self.error is None

    @property
    def partial(self) -> bool:
        """Whether every number is a part, because reading ended early."""
        return self.status.stopped or self.error is not None

    @property
    def answers(self) -> bool:
        """Whether what is asked of the source is answered of the whole log."""
        return self.status.asks_store or not (self.loading or self.partial)

    @property
    def fraction(self) -> float | None:
        """How much was read, 0 to 1; None when the whole is not known."""
        if not self.status.bytes_total:
            return None
        return min(1.0, self.status.bytes_read / self.status.bytes_total)

    def missing_before(self, chain: str | None, seq: int | None) -> Code | None:
        """Give the code by which the findings list that the event before this one is missing."""
        if self.verification is None or seq is None:
            return None
        for finding in self.verification.findings:
            if finding.code in MISSING and (finding.chain, finding.last_seq) == (chain, seq - 1):
                return finding.code
        return None

    def file_name(self, index: int) -> str:
        """Name the file with this index; empty where the source has none."""
        files = self.status.files
        return files[index].name if 0 <= index < len(files) else ""


def report_of(session: Session) -> Report:
    """Report now what the verification of a log found.

    Raises:
        LookupError: there is no verification.
    """
    if session.verification is None:
        raise LookupError("the log was not verified")
    exit_code = EXIT_CODES[session.verification.verdict]
    return Report.of(session.source, session.verification, exit_code)
