"""The check of a whole log: chains, unreadable lines, what was not checkable.

Runs and unreadable lines are handed over in the order of the log. An event that
fails its own hash is believed about its place only where it continues its chain, right
behind the event that it links to; elsewhere it is a stray and counts as an unreadable
line, as a malformed one does. A gap that strays by their links, or the unreadable lines
between its ends, can fill is not reported a second time: one edit, one finding. A torn
line fills no gap: it is a notice, and a writer goes on with the event that it tore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from audit_console.core.anchors import ANY_SIZE, Anchoring, Measured, TreeHeads
from audit_console.core.claims import Candidate
from audit_console.core.event import UNCOVERED_FIELDS, Scheme
from audit_console.core.findings import Code, FindingList, Place, finding
from audit_console.core.linked_chain import LinkedChain
from audit_console.core.prune_check import PruneCheck
from audit_console.core.prunes import PruneHistory
from audit_console.core.run import Run
from audit_console.core.strays import Strays
from audit_console.core.v1_chain import V1Chain
from audit_console.core.vouchers import SignedHead, Vouchers
from audit_console.core.wording import count


@dataclass(frozen=True, slots=True)
class LogTrees:
    """Tree heads of a whole log: of its v1 chains by name, and over its other lines."""

    chains: Mapping[str, TreeHeads] = field(default_factory=dict)
    lines: TreeHeads = field(default_factory=TreeHeads)


@dataclass(slots=True)
class LogCheck:
    """Folds a log into findings. Its memory does not grow with the length of a chain.

    Once finished, `anchorings` says of each chain, and of each name under which the
    lines without v1 events are sealed, what vouches for it.
    """

    vouchers: Vouchers = field(default_factory=Vouchers)
    prunes: PruneHistory = field(default_factory=PruneHistory)
    findings: FindingList = field(default_factory=FindingList)
    v1_chains: dict[str, V1Chain] = field(default_factory=dict)
    orchestrator: LinkedChain | None = None
    unhashed: int = 0
    imprecise: int = 0
    unreadable: int = 0
    strays: Strays = field(default_factory=Strays)
    misplaced: Counter[str] = field(default_factory=Counter)
    """Strays by the chain that they name; by no name where there was no such chain."""
    anchorings: dict[str, Anchoring] = field(default_factory=dict)
    prune_check: PruneCheck = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no event."""
        self.prune_check = PruneCheck(self.prunes, self.vouchers, self.findings, self.v1_chains)

    @property
    def faults(self) -> int:
        """Findings of class F so far; may still shrink where a fork explains a broken link."""
        pending = sum(chain.pending_faults for chain in self.v1_chains.values())
        return self.findings.faults + pending

    def takes_whole(self, run: Run) -> bool:
        """Tell whether events of a run need not be taken in one by one, for their links."""
        if not run.broken or run.events == 1 or run.scheme is Scheme.ORCHESTRATOR:
            return True
        return self.strays.is_full or self._continues(run)

    def add_run(self, run: Run) -> None:
        """Take in hashed events; a broken one is reported here."""
        if run.broken:
            self._report_broken(run)
        if run.scheme is Scheme.ORCHESTRATOR:
            self._orchestrator_chain(run.chain).add(run, self.unreadable)
        elif run.broken and not self._continues(run):
            self._add_stray(run)
        else:
            self._v1_chain(run.chain).add(run, self.unreadable)

    def add_unreadable(self, code: Code, reason: str, place: Place) -> None:
        """Take in a line that is no event; `code` is MALFORMED, OVERSIZE or TORN_TAIL."""
        if code is not Code.TORN_TAIL:
            self.unreadable += 1
        self.findings.add(finding(code, reason, place=place))

    def add_unlisted(self, code: Code, count: int) -> None:
        """Take in so many more of unreadable lines, of which enough are listed."""
        if code is not Code.TORN_TAIL:
            self.unreadable += count
        self.findings.add_unlisted(code, count)

    def add_noncanonical(self, chain: str, seq: int, place: Place) -> None:
        """Note an event whose hash holds although its line is spelled in another way."""
        self.findings.add(
            finding(
                Code.NONCANONICAL,
                f"seq {seq:,} holds the same content in another JSON spelling",
                chain=chain,
                first_seq=seq,
                last_seq=seq,
                place=place,
            )
        )

    @property
    def other_lines(self) -> int:
        """Events that are none of format v1."""
        return self.unhashed + (self.orchestrator.tally.events if self.orchestrator else 0)

    @property
    def seal(self) -> SignedHead | None:
        """The largest trusted checkpoint over the lines without v1 events that agrees with them."""
        seals = [
            anchoring.sealed_by
            for name, anchoring in self.anchorings.items()
            if anchoring.sealed_by is not None and name not in self.v1_chains
        ]
        return max(seals, key=attrgetter("size"), default=None)

    @property
    def sealed_lines(self) -> int:
        """Of the events that are none of v1, how many `seal` covers."""
        return 0 if self.seal is None else self.seal.size

    @property
    def unverifiable(self) -> int:
        """Events without hashes that no seal covers."""
        return min(self.unhashed, self.other_lines - self.sealed_lines)

    def finish(
        self,
        candidates: Mapping[str, Sequence[Candidate]],
        trees: LogTrees | None = None,
        *,
        complete: bool = True,
    ) -> None:
        """Report what only the end can tell.

        Args:
            candidates: per v1 chain, the events that `V1Chain.finish` asks for.
            trees: the tree heads at the sizes that the vouchers speak of.
            complete: whether the log was read to its end.
        """
        trees = trees or LogTrees()
        self.prune_check.report_invalid()
        self.findings.extend(self.vouchers.faults)
        standing = self.prune_check.standing()
        for name, chain in self.v1_chains.items():
            chain.prune = standing.get(name)
            chain.place(self.strays)
        for name, chain in self.v1_chains.items():
            chain.finish(list(candidates.get(name, ())), self.strays)
            heads = trees.chains.get(name, TreeHeads())
            if not self.prune_check.is_copy(name):
                self.prune_check.report_log(chain, heads, complete=complete)
            self._anchor_chain(chain, heads, complete=complete)
        if self.other_lines:
            self._finish_lines(trees.lines, complete=complete)
        missing = self._report_absent() if complete else False
        if self.misplaced and not self.v1_chains and not missing:
            self._report_no_checkpoint(f"({Scheme.V1})", None)
        found = bool(self.v1_chains or self.other_lines or self.misplaced)
        if not found and not missing:
            self.findings.add(finding(Code.EMPTY, "no event was found"))

    def _anchor_chain(self, chain: V1Chain, heads: TreeHeads, *, complete: bool) -> None:
        measured = Measured(
            size=chain.next_seq,
            pruned=chain.base_seq,
            heads=heads,
            sound=chain.sound,
            unreadable_behind=chain.unreadable_behind(self.unreadable, self.strays),
            complete=complete,
            is_copy=self.prune_check.is_copy(chain.name),
        )
        anchoring = self._anchor(chain.name, measured)
        self._report_no_checkpoint(chain.name, anchoring)
        if measured.is_copy:
            sealed = 0 if anchoring.sealed_by is None else anchoring.sealed_by.size
            unreadable = measured.unreadable_behind if measured.complete else None
            self.prune_check.report_copy(chain, sealed, unreadable)

    def _anchor(self, name: str, measured: Measured) -> Anchoring:
        anchoring = Anchoring(name, self.vouchers, measured)
        self.anchorings[name] = anchoring
        for found in anchoring.findings:
            self.findings.add(found)
        return anchoring

    def _finish_lines(self, heads: TreeHeads, *, complete: bool) -> None:
        """Judge the events that are none of v1; a seal covers their lines, whatever they say."""
        failed = self.orchestrator.tally.failed if self.orchestrator else 0
        measured = Measured(
            size=self.other_lines,
            heads=heads,
            sound=0 if self.unreadable or failed else ANY_SIZE,
            unreadable_behind=self.unreadable,
            complete=complete,
        )
        names = [name for name in self.vouchers.heads if name not in self.v1_chains]
        seals = [self._anchor(name, measured) for name in names]
        if self.orchestrator is not None and self.sealed_lines < self.other_lines:
            self._report_weak_coverage(self.orchestrator)
            self._report_imprecise(self.orchestrator)
        if self.unverifiable:
            self._report_unverifiable()
        if all(self._leaves_end_open(seal) for seal in seals):
            for name in self._unnamed_chains():
                self._report_no_checkpoint(name, None)

    def _leaves_end_open(self, anchoring: Anchoring) -> bool:
        """Tell whether nothing vouches for an end, and what keeps it from doing so is not told."""
        if anchoring.vouched or anchoring.is_told:
            return False
        return not (self.findings.faults and anchoring.has_voucher)

    def _unnamed_chains(self) -> list[str]:
        names = [] if self.orchestrator is None else [self.orchestrator.name]
        return [*names, f"({Scheme.UNHASHED})"] if self.unhashed else names

    def _report_absent(self) -> bool:
        """Report chains that are not there; tell whether the policy expected one."""
        expected = [name for name in self.vouchers.expected if self._is_absent(name)]
        for name in expected:
            event = "event of it that holds" if self.misplaced else "event of it"
            message = f"the policy names this chain, and no {event} is here"
            self.findings.add(finding(Code.CHAIN_MISSING, message, chain=name))
        for name in self.vouchers.heads if self.vouchers.judged else ():
            if name not in expected and self._is_absent(name):
                message = "a checkpoint of a chain that is not here"
                self.findings.add(finding(Code.UNTRUSTED_CHECKPOINT, message, chain=name))
        return bool(expected)

    def _is_absent(self, name: str) -> bool:
        return name not in self.v1_chains and name not in self.anchorings

    def _continues(self, run: Run) -> bool:
        chain = self.v1_chains.get(run.chain)
        return chain is not None and chain.is_continued_by(run)

    def _add_stray(self, run: Run) -> None:
        chain = self.v1_chains.get(run.chain)
        if chain is not None:
            chain.has_stray_behind = True
        self.misplaced["" if chain is None else run.chain] += run.events
        self.unreadable += run.events
        self.strays.add(run, self.unreadable)

    def _v1_chain(self, name: str) -> V1Chain:
        if name not in self.v1_chains:
            self.v1_chains[name] = V1Chain(name, self.findings, self.prunes.latest(name))
        return self.v1_chains[name]

    def _orchestrator_chain(self, name: str) -> LinkedChain:
        if self.orchestrator is None:
            self.orchestrator = LinkedChain(name, self.findings)
        return self.orchestrator

    def _report_broken(self, run: Run) -> None:
        if run.events > 1:
            self.findings.add_unlisted(Code.EVENT_HASH_MISMATCH, run.events)
            return
        subject = "the event" if run.first_seq is None else f"seq {run.first_seq:,}"
        self.findings.report(
            Code.EVENT_HASH_MISMATCH,
            lambda code: finding(
                code,
                f"the content of {subject} differs from its hash",
                chain=run.chain,
                first_seq=run.first_seq,
                last_seq=run.first_seq,
                place=run.first_place,
                stored=run.last_hash,
                computed=run.last_computed,
            ),
        )

    def _report_no_checkpoint(self, chain: str, anchoring: Anchoring | None) -> None:
        """Report that nothing vouches for a chain, unless what keeps it from doing so is told."""
        if anchoring is not None and not self._leaves_end_open(anchoring):
            return
        if None in self.vouchers.doubtful or chain in self.vouchers.doubtful:
            return
        message = "nothing outside the log vouches for its end: events cut off there leave no trace"
        if self.vouchers.heads.get(chain) and not self.vouchers.judged:
            message += "; there are checkpoints, but no policy that says whose count"
        self.findings.add(finding(Code.NO_CHECKPOINT, message, chain=chain))

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
            message = (
                f"precision lost in storage: the hash of {count(self.imprecise, 'event')} may cover"
                " nanoseconds that the table does not keep; only the link was checked"
            )
            self.findings.add(finding(Code.UNVERIFIABLE, message, chain=chain.name))

    def _report_unverifiable(self) -> None:
        carry = "carry" if self.unverifiable > 1 else "carries"
        message = f"{count(self.unverifiable, 'event')} {carry} no hash"
        self.findings.add(finding(Code.UNVERIFIABLE, message, chain=f"({Scheme.UNHASHED})"))
