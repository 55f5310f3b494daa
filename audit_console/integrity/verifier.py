"""Verifies a log: one pass in log order, a second look only where seqs repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

import polars as pl

from audit_console.columns.merkle import extend
from audit_console.columns.runs import LocatedRun, runs
from audit_console.core.chain import LogCheck
from audit_console.core.claims import Candidate, SeqRange
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import UNCOVERED_FIELDS, Scheme
from audit_console.core.findings import Code, Finding, Place, finding
from audit_console.core.linked_chain import LinkedChain
from audit_console.core.merkle import CompactRange
from audit_console.core.prunes import PRUNE_ACTION, read_prunes
from audit_console.core.v1_chain import V1Chain
from audit_console.integrity.verification import ChainSummary, Progress, Verification
from audit_console.sources.protocol import Batch, Source, Status


def verify(
    source: Source,
    *,
    roots: bool = True,
    stop: Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Verification:
    """Read the whole of `source` and judge it.

    Args:
        source: a log of which nothing was read yet.
        roots: compute the Merkle tree heads too, a hash more for every event.
        stop: ends the reading early once set; the result then says so.
        on_progress: is told after each batch, on the calling thread.

    Raises:
        SourceError: the log cannot be looked at.
    """
    verifier = _Verifier(LogCheck(read_prunes(source.prune_records())), roots=roots)
    with closing(source.batches()) as batches:
        for batch in batches:
            verifier.add(batch, source.status)
            if on_progress is not None:
                on_progress(Progress(status=source.status, faults=verifier.check.faults))
            if stop is not None and stop.is_set():
                break
    return verifier.finish(source)


@dataclass(slots=True)
class _Verifier:
    check: LogCheck
    roots: bool
    trees: dict[str, CompactRange | None] = field(default_factory=dict)

    def add(self, batch: Batch, status: Status) -> None:
        names = [file.name for file in status.files]
        unhashed = batch.events["scheme"] == Scheme.UNHASHED
        self.check.unhashed += int(unhashed.sum())
        self.check.imprecise += _imprecise(batch.events)
        self._note_noncanonical(batch.events, names)
        self._note_prunes(batch.events)
        items: list[LocatedRun | _Unreadable] = [
            *runs(batch.events, batch.malformed, names),
            *_unreadable(batch.malformed),
        ]
        for item in sorted(items, key=_position):
            if isinstance(item, LocatedRun):
                self.check.add_run(item.run)
                self._grow_tree(item)
            else:
                place = Place.among(names, item.file, item.line)
                self.check.add_unreadable(item.code, item.reason, place)

    def _note_noncanonical(self, events: pl.DataFrame, names: list[str]) -> None:
        holds = pl.col("computed_hash") == pl.col("event_hash")
        respelled = events.filter(~pl.col("canonical") & holds)
        rows = respelled.select("chain", "seq", "file", "line", "id").iter_rows()
        for chain, seq, file, line, event_id in rows:
            self.check.add_noncanonical(chain, seq, Place.among(names, file, line, event_id))

    def _note_prunes(self, events: pl.DataFrame) -> None:
        if not self.check.prunes.latest:
            return
        told = events.filter(
            pl.col("action") == PRUNE_ACTION, pl.col("event_type") == "system_event"
        )
        for chain, details in told.select("chain", "details").drop_nulls().iter_rows():
            self.check.add_prune_event(chain, details)

    def _grow_tree(self, located: LocatedRun) -> None:
        """Add a run's leaves where they are next; a chain out of order has no tree here."""
        run = located.run
        if not self.roots or run.scheme is not Scheme.V1:
            return
        if run.chain not in self.trees:
            prune = self.check.prunes.latest.get(run.chain)
            self.trees[run.chain] = prune.tree() if prune else CompactRange()
        tree = self.trees[run.chain]
        if tree is None:
            return
        if run.first_seq == tree.size:
            extend(tree, located.computed)
        else:
            self.trees[run.chain] = None

    def finish(self, source: Source) -> Verification:
        status = source.status
        if status.complete:
            self.check.finish(_candidates(source, self.check.v1_chains))
        else:
            self.check.finish({})
            self.check.findings.add(_not_covered(status))
        findings = self.check.findings
        return Verification(
            verdict=findings.verdict,
            chains=tuple(self._summaries()),
            findings=tuple(findings.kept),
            counts=dict(findings.counts),
            cannot_show=tuple(_cannot_show(self.check, status)),
            status=status,
        )

    def _summaries(self) -> Iterator[ChainSummary]:
        strays = self.check.misplaced
        for chain in self.check.v1_chains.values():
            yield _v1_summary(chain, self.trees.get(chain.name), strays)
            strays = 0
        if self.check.orchestrator is not None:
            yield _orchestrator_summary(self.check.orchestrator, self.check.imprecise)
        if self.check.unhashed:
            yield _unhashed_summary(self.check.unhashed)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    file: int
    line: int
    code: Code
    reason: str


def _unreadable(malformed: pl.DataFrame) -> Iterator[_Unreadable]:
    for file, line, code, reason in malformed.select("file", "line", "code", "reason").iter_rows():
        yield _Unreadable(file, line, Code(code), reason)


def _imprecise(events: pl.DataFrame) -> int:
    """Count events that have a hash which cannot be computed again."""
    return events.filter(
        pl.col("event_hash").is_not_null(), pl.col("computed_hash").is_null()
    ).height


def _position(item: LocatedRun | _Unreadable) -> tuple[int, int]:
    return item.file, item.line


def _not_covered(status: Status) -> Finding:
    total = "" if status.bytes_total is None else f" of {status.bytes_total:,}"
    return finding(
        Code.RANGE_NOT_COVERED,
        f"reading was stopped after {status.events:,} events, {status.bytes_read:,}{total} bytes",
    )


def _candidates(source: Source, chains: dict[str, V1Chain]) -> dict[str, list[Candidate]]:
    """Look a second time, for the events that claim repeated seqs and their neighbours."""
    wanted = {name: _with_neighbours(chain.repeats) for name, chain in chains.items()}
    wanted = {name: seqs for name, seqs in wanted.items() if not seqs.is_empty()}
    found: dict[str, list[Candidate]] = {name: [] for name in wanted}
    if not wanted:
        return found
    names = [file.name for file in source.status.files]
    with closing(source.batches()) as batches:
        for batch in batches:
            for name, seqs in wanted.items():
                claims = batch.events.filter(
                    pl.col("chain") == name, pl.col("seq").is_in(seqs.implode())
                )
                found[name].extend(_claims(claims, names))
    return found


def _with_neighbours(spans: Iterable[SeqRange]) -> pl.Series:
    nothing = pl.Series("seq", [], pl.Int64)
    ranges = [
        pl.concat(
            [
                pl.Series("seq", [max(span.first - 1, 0), span.last, min(span.last + 1, MAX_SEQ)]),
                pl.int_range(span.first, span.last, eager=True).alias("seq"),
            ]
        )
        for span in spans
    ]
    return pl.concat([nothing, *ranges]).unique()


def _claims(events: pl.DataFrame, names: list[str]) -> Iterator[Candidate]:
    columns = ("seq", "previous_hash", "event_hash", "computed_hash", "file", "line", "id")
    for seq, previous, stored, computed, file, line, event_id in events.select(columns).iter_rows():
        yield Candidate(seq, previous, stored, computed, Place.among(names, file, line, event_id))


def _v1_summary(chain: V1Chain, tree: CompactRange | None, strays: int) -> ChainSummary:
    events = chain.tally.events + strays
    failed = min(chain.tally.failed + strays, events)
    whole = tree is not None and tree.size == chain.next_seq
    return ChainSummary(
        chain=chain.name,
        scheme=Scheme.V1,
        first_seq=chain.first_seq,
        last_seq=chain.next_seq - 1,
        events=events,
        verified=events - failed,
        failed=failed,
        not_checked=0,
        head_hash=chain.head_hash,
        root=tree.root() if tree is not None and whole else None,
    )


def _orchestrator_summary(chain: LinkedChain, imprecise: int) -> ChainSummary:
    failed = min(chain.tally.failed, chain.tally.events)
    not_checked = min(imprecise, chain.tally.events - failed)
    return ChainSummary(
        chain=chain.name,
        scheme=Scheme.ORCHESTRATOR,
        events=chain.tally.events,
        verified=chain.tally.events - failed - not_checked,
        failed=failed,
        not_checked=not_checked,
        head_hash=chain.head_hash,
        uncovered_fields=UNCOVERED_FIELDS[Scheme.ORCHESTRATOR],
    )


def _unhashed_summary(events: int) -> ChainSummary:
    return ChainSummary(
        chain=f"({Scheme.UNHASHED})",
        scheme=Scheme.UNHASHED,
        events=events,
        verified=0,
        failed=0,
        not_checked=events,
        uncovered_fields=UNCOVERED_FIELDS[Scheme.UNHASHED],
    )


def _cannot_show(check: LogCheck, status: Status) -> Iterator[str]:
    """Say in sentences what this run leaves open."""
    if not status.complete:
        yield "Anything about the part of the log that was not read."
    yield (
        "That no events were cut off at the end, or that the whole log was not rewritten: "
        "this release reads no checkpoints and remembers no earlier run."
    )
    if check.orchestrator is not None or check.unhashed:
        yield "That the fields listed as not covered are as they were written."
    if check.imprecise:
        yield "That the events whose hash cannot be computed again are as they were written."
    if check.unhashed:
        yield "That events without hashes are genuine, complete or in their order."
