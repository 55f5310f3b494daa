"""The check of a whole log: chains, unreadable lines, what was not checkable.

Runs and unreadable lines are handed over in the order of the log. An event that
fails its own hash is believed about its place only where it continues its chain;
elsewhere it counts as an unreadable line, as a malformed one does. A gap that the
unreadable lines between its ends can fill is not reported a second time: one
edit, one finding. A torn line fills no gap: it is a notice, and a writer goes on
with the event that it tore.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from audit_console.core.claims import Candidate
from audit_console.core.event import UNCOVERED_FIELDS, Scheme
from audit_console.core.findings import CODES, Code, FindingClass, FindingList, Place, finding
from audit_console.core.linked_chain import LinkedChain
from audit_console.core.prunes import PruneHistory
from audit_console.core.run import Run
from audit_console.core.v1_chain import V1Chain


@dataclass(slots=True)
class LogCheck:
    """Folds a log into findings. Its memory does not grow with the length of a chain."""

    prunes: PruneHistory = field(default_factory=PruneHistory)
    findings: FindingList = field(default_factory=FindingList)
    v1_chains: dict[str, V1Chain] = field(default_factory=dict)
    orchestrator: LinkedChain | None = None
    unhashed: int = 0
    imprecise: int = 0
    unreadable: int = 0
    misplaced: int = 0
    _told_prunes: set[str] = field(default_factory=set)

    @property
    def faults(self) -> int:
        """Findings of class F so far; may still shrink where a fork explains a broken link."""
        pending = sum(chain.pending_faults for chain in self.v1_chains.values())
        return self.findings.class_counts.get(FindingClass.FAULT, 0) + pending

    def add_run(self, run: Run) -> None:
        """Take in hashed events; a broken one is reported here."""
        if run.broken:
            self._report_broken(run)
        if run.scheme is Scheme.ORCHESTRATOR:
            self._orchestrator_chain(run.chain).add(run, self.unreadable)
        elif run.broken and not self._continues(run):
            self.unreadable += 1
            self.misplaced += 1
        else:
            self._v1_chain(run.chain).add(run, self.unreadable)

    def add_unreadable(self, code: Code, reason: str, place: Place) -> None:
        """Take in a line that is no event; `code` is MALFORMED, OVERSIZE or TORN_TAIL."""
        if code is not Code.TORN_TAIL:
            self.unreadable += 1
        self.findings.add(finding(code, reason, place=place))

    def add_noncanonical(self, chain: str, seq: int, place: Place) -> None:
        """Note an event whose hash holds although its line is spelled in another way."""
        self.findings.add(
            finding(
                Code.NONCANONICAL,
                f"seq {seq} holds the same content in another JSON spelling",
                chain=chain,
                first_seq=seq,
                last_seq=seq,
                place=place,
            )
        )

    def add_prune_event(self, chain: str, details: str) -> None:
        """Take in the details of an event that tells of a prune."""
        record = self.prunes.latest.get(chain)
        if record is not None and record.is_told_by(details):
            self._told_prunes.add(chain)

    def finish(self, candidates: Mapping[str, Sequence[Candidate]]) -> None:
        """Report what only the end can tell.

        Args:
            candidates: per v1 chain, the events that `V1Chain.finish` asks for.
        """
        self._report_invalid_prunes()
        for name, chain in self.v1_chains.items():
            chain.finish(list(candidates.get(name, ())))
            self._report_prune(name)
            self._report_no_checkpoint(name)
        if self.orchestrator is not None:
            self._report_weak_coverage(self.orchestrator)
            self._report_imprecise(self.orchestrator)
            self._report_no_checkpoint(self.orchestrator.name)
        if self.unhashed:
            self._report_unhashed()
        if not (self.v1_chains or self.orchestrator or self.unhashed or self.misplaced):
            self.findings.add(finding(Code.EMPTY, "no event was found"))

    def _continues(self, run: Run) -> bool:
        chain = self.v1_chains.get(run.chain)
        return chain is not None and run.first_seq == chain.next_seq

    def _v1_chain(self, name: str) -> V1Chain:
        if name not in self.v1_chains:
            self.v1_chains[name] = V1Chain(name, self.findings, self.prunes.latest.get(name))
        return self.v1_chains[name]

    def _orchestrator_chain(self, name: str) -> LinkedChain:
        if self.orchestrator is None:
            self.orchestrator = LinkedChain(name, self.findings)
        return self.orchestrator

    def _report_broken(self, run: Run) -> None:
        subject = "the event" if run.first_seq is None else f"seq {run.first_seq}"
        self.findings.add(
            finding(
                Code.EVENT_HASH_MISMATCH,
                f"the content of {subject} differs from its hash",
                chain=run.chain,
                first_seq=run.first_seq,
                last_seq=run.first_seq,
                place=run.first_place,
                stored=run.last_hash,
                computed=run.last_computed,
            )
        )

    def _report_invalid_prunes(self) -> None:
        for number, reason in self.prunes.invalid:
            self.findings.add(
                finding(Code.PRUNE_RECORD_INVALID, f"prune record {number}: {reason}")
            )

    def _report_prune(self, chain: str) -> None:
        record = self.prunes.latest.get(chain)
        if record is None:
            return
        found = {
            Code.PRUNE_RECORD_NOT_IN_CHAIN: chain not in self._told_prunes,
            Code.RETENTION_POLICY_VIOLATED: not record.keeps_policy,
            Code.PRUNE_NOT_BACKED: True,
        }
        for code, holds in found.items():
            if holds:
                message = f"{CODES[code].meaning} (seq 0 to {record.pruned_to - 1})"
                self.findings.add(finding(code, message, chain=chain))

    def _report_no_checkpoint(self, chain: str) -> None:
        self.findings.add(
            finding(
                Code.NO_CHECKPOINT,
                "nothing outside the log vouches for its end: events cut off there leave no trace",
                chain=chain,
            )
        )

    def _report_weak_coverage(self, chain: LinkedChain) -> None:
        fields = ", ".join(UNCOVERED_FIELDS[Scheme.ORCHESTRATOR])
        self.findings.add(
            finding(
                Code.WEAK_COVERAGE,
                f"the hash does not cover {fields}: they can be changed without a trace",
                chain=chain.name,
            )
        )

    def _report_imprecise(self, chain: LinkedChain) -> None:
        if self.imprecise:
            count = f"{self.imprecise:,} event{'s' if self.imprecise > 1 else ''}"
            message = (
                f"precision lost in storage: the hash of {count} may cover nanoseconds that the"
                " table does not keep; only the link was checked"
            )
            self.findings.add(finding(Code.UNVERIFIABLE, message, chain=chain.name))

    def _report_unhashed(self) -> None:
        name = f"({Scheme.UNHASHED})"
        count = f"{self.unhashed:,} event{'s carry' if self.unhashed > 1 else ' carries'}"
        self.findings.add(finding(Code.UNVERIFIABLE, f"{count} no hash", chain=name))
        self._report_no_checkpoint(name)
