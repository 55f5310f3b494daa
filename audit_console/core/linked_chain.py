"""The check of the orchestrator's chain, whose events have links but no seq."""

from __future__ import annotations

from dataclasses import dataclass, field

from audit_console.core.findings import Code, FindingClass, FindingList, finding
from audit_console.core.run import Run, Tally


@dataclass(slots=True)
class LinkedChain:
    """The chain that the orchestrator wrote, event by event in the order of its lines."""

    name: str
    findings: FindingList
    tally: Tally = field(default_factory=Tally)
    head_hash: str | None = None
    _head_computed: str | None = None
    _unreadable: int = 0

    def add(self, run: Run, unreadable: int) -> None:
        """Take in a run behind all that came before.

        Args:
            run: events of this chain.
            unreadable: unreadable lines of the whole log before the run.
        """
        if not run.broken and not self._is_continued_by(run):
            self._judge_link(run, links_to_unreadable=unreadable > self._unreadable)
        self._unreadable = unreadable
        self.tally.events += run.events
        if run.broken:
            self.tally.failed += run.events
        self.head_hash = run.last_hash
        self._head_computed = run.last_computed

    def _is_continued_by(self, run: Run) -> bool:
        """Tell whether a run follows the last event, or an earlier one that none follows yet."""
        if run.first_link in (self.head_hash, self._head_computed):
            return True
        return run.first_link_known and not run.first_link_taken

    def _judge_link(self, run: Run, *, links_to_unreadable: bool) -> None:
        code, message = self._meaning_of_link(run)
        if links_to_unreadable and code in (Code.HEAD_MISSING, Code.PREVIOUS_HASH_MISMATCH):
            return
        if code is not Code.CHAIN_RESTART:
            self.tally.failed += 1
        self.findings.add(
            finding(
                code,
                message,
                chain=self.name,
                place=run.first_place,
                stored=run.first_link,
                computed=self.head_hash,
                finding_class=(FindingClass.INCOMPLETE if code is Code.CHAIN_RESTART else None),
            )
        )

    def _meaning_of_link(self, run: Run) -> tuple[Code, str]:
        if self.head_hash is None:
            return Code.HEAD_MISSING, (
                "the first event links to one that is not here; "
                "the orchestrator's own retention leaves this behind"
            )
        if run.first_link is None:
            return Code.CHAIN_RESTART, (
                "a second genesis; the orchestrator begins a new chain at each process start"
            )
        if run.first_link_known:
            return Code.FORK, (
                "links to an earlier event that another one follows already; "
                "the orchestrator's concurrent tasks fork its chain, and a line that stands twice "
                "looks the same"
            )
        return Code.PREVIOUS_HASH_MISMATCH, "does not link to the event before it"
