"""Verifies a log: one pass in log order, a second look only where seqs repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from operator import attrgetter
from threading import Event
from types import MappingProxyType

import polars as pl

from audit_console.columns.runs import PLACE, LocatedRun, one_by_one, runs
from audit_console.columns.schema import EVENT
from audit_console.columns.sound import SoundRun, moment
from audit_console.core.chain import LogCheck, LogTrees
from audit_console.core.chain_map import ChainMap
from audit_console.core.claims import Candidate, SeqRange
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import Scheme
from audit_console.core.findings import KEEP_PER_CODE, Code, Finding, Place, finding
from audit_console.core.prunes import PRUNE_ACTION, PRUNE_EVENT_TYPE, read_prunes
from audit_console.core.v1_chain import V1Chain
from audit_console.integrity.map_builder import MapBuilder
from audit_console.integrity.telling import cannot_show, sealed_events, summaries, whole_trees
from audit_console.integrity.trees import TreeGrower
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Progress, Verification
from audit_console.sources.protocol import Batch, Part, Readable, Status

_PRUNE_ACTION = f'"action":"{PRUNE_ACTION}"'.encode()
"""As it stands in a canonical line, and maybe in other places of it."""

_NOTHING_SEALED: Mapping[str, int] = MappingProxyType({})


def verify(
    source: Readable,
    *,
    trust: Trust = NO_TRUST,
    roots: bool = True,
    stop: Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Verification:
    """Read the whole of `source` and judge it.

    Args:
        source: a log of which nothing was read yet.
        trust: what may vouch for the log from outside.
        roots: compute the Merkle tree heads of all chains, a hash more for every event;
            without, those of the chains for which something vouches.
        stop: ends the reading early once set; the result then says so.
        on_progress: is told after each batch, on the calling thread.

    Raises:
        SourceError: the log cannot be looked at.
    """
    verifier = _verifier(source, trust, roots=roots)
    with closing(source.parts()) as parts:
        for part in parts:
            verifier.add(part, source.status)
            if on_progress is not None:
                on_progress(verifier.progress(source.status))
            if stop is not None and stop.is_set():
                break
    return verifier.finish(source)


def _verifier(source: Readable, trust: Trust, *, roots: bool) -> _Verifier:
    prunes = read_prunes(source.prune_records())
    vouchers = trust.vouchers(source.checkpoints(), prunes.notes)
    check = LogCheck(vouchers, prunes)
    return _Verifier(check, TreeGrower(vouchers, check.prunes, everywhere=roots), trust)


@dataclass(slots=True)
class _Verifier:
    check: LogCheck
    trees: TreeGrower
    trust: Trust
    map_builder: MapBuilder = field(default_factory=MapBuilder)

    def progress(self, status: Status) -> Progress:
        return Progress(
            status=status,
            faults=self.check.faults,
            maps=lambda: self._maps(complete=False),
        )

    def add(self, part: Part, status: Status) -> None:
        names = [file.name for file in status.files]
        if isinstance(part, SoundRun):
            self._add_sound(part, names)
        else:
            self._add_batch(part, names)

    def _add_sound(self, run: SoundRun, names: list[str]) -> None:
        self._note_prunes_of_run(run)
        self.map_builder.add_run(run)
        self.trees.note_times_of_run(run)
        self.trees.add_run(run)
        self.check.add_run(run.as_run(names))

    def _add_batch(self, batch: Batch, names: list[str]) -> None:
        unhashed = batch.events["scheme"] == Scheme.UNHASHED
        self.check.unhashed += int(unhashed.sum())
        self.check.imprecise += _imprecise(batch.events)
        self._note_noncanonical(batch.events, names)
        self._note_prunes(batch.events)
        self.map_builder.add(batch.events)
        self.trees.note_times(batch.events)
        self.trees.add_events(batch.events)
        self.trees.add_lines(batch.events)
        located = runs(batch.events, batch.malformed, names)
        items: list[LocatedRun | _Unreadable] = [
            *located,
            *_unreadable(batch.malformed, located),
        ]
        for item in sorted(items, key=attrgetter("place")):
            if isinstance(item, LocatedRun):
                self._add_run(item, names)
            elif item.reason is None:
                self.check.add_unlisted(item.code, item.count)
            else:
                place = Place.among(names, item.file, item.line)
                self.check.add_unreadable(item.code, item.reason, place)

    def _add_run(self, located: LocatedRun, names: list[str]) -> None:
        is_whole = self.check.takes_whole(located.run)
        for part in [located] if is_whole else one_by_one(located, names):
            self.check.add_run(part.run)

    def _note_noncanonical(self, events: pl.DataFrame, names: list[str]) -> None:
        holds = pl.col("computed_hash") == pl.col("event_hash")
        respelled = events.filter(~pl.col("canonical") & holds)
        listed = respelled.head(KEEP_PER_CODE).select("chain", "seq", "file", "line", "id")
        for chain, seq, file, line, event_id in listed.iter_rows():
            self.check.add_noncanonical(chain, seq, Place.among(names, file, line, event_id))
        if respelled.height > KEEP_PER_CODE:
            more = respelled.height - KEEP_PER_CODE
            self.check.findings.add_unlisted(Code.NONCANONICAL, more)

    def _note_prunes(self, events: pl.DataFrame) -> None:
        if not self.check.prunes.records:
            return
        told = events.filter(
            pl.col("action") == PRUNE_ACTION, pl.col("event_type") == PRUNE_EVENT_TYPE
        )
        holds = pl.col("computed_hash") == pl.col("event_hash")
        recorded_at = pl.when(holds).then("recorded_at")
        rows = told.select("chain", "seq", "details", recorded_at).drop_nulls("details").iter_rows()
        for chain, seq, details, recorded in rows:
            self.check.prune_check.add_event(chain, seq, details, recorded)

    def _note_prunes_of_run(self, run: SoundRun) -> None:
        if not self.check.prunes.records:
            return
        for index, event in run.events_with(_PRUNE_ACTION):
            tells = (event.action, event.event_type) == (PRUNE_ACTION, PRUNE_EVENT_TYPE)
            if tells and event.details is not None:
                seq, recorded = run.first_seq + index, moment(run.recorded_at[index])
                self.check.prune_check.add_event(run.chain, seq, event.details, recorded)

    def finish(self, source: Readable) -> Verification:
        status, chains = source.status.as_read, self.check.v1_chains
        prunes = self.check.prune_check.standing()
        self.trees.take_up(prunes.values())
        trees = LogTrees(
            {name: self.trees.heads_of(chain) for name, chain in chains.items()},
            self.trees.heads_of_lines(),
        )
        candidates = _candidates(source, chains) if status.complete else {}
        self.check.finish(candidates, trees, complete=status.complete)
        if not status.complete:
            self.check.findings.add(_not_covered(status))
        findings = self.check.findings
        policy = self.trust.policy
        seen = tuple(summaries(self.check, self.trees))
        return Verification(
            verdict=findings.verdict,
            chains=seen,
            trees=tuple(whole_trees(self.check, self.trees)),
            policy_sha256=None if policy is None else policy.sha256,
            vouchers=self.check.vouchers.remembered_of(self.check.anchorings),
            prunes=tuple(prunes.values()),
            findings=tuple(findings.kept),
            counts=dict(findings.counts),
            faults=findings.faults,
            cannot_show=tuple(cannot_show(self.check, status)),
            status=status,
            maps=self._maps(
                complete=status.complete,
                sealed={chain.chain: sealed_events(self.check, chain) for chain in seen},
            ),
        )

    def _maps(
        self, *, complete: bool, sealed: Mapping[str, int] = _NOTHING_SEALED
    ) -> tuple[ChainMap, ...]:
        prunes = self.check.prune_check.standing()
        return self.map_builder.maps(
            complete=complete,
            bases={name: record.pruned_to for name, record in prunes.items()},
            sealed=sealed,
            findings=self.check.findings.kept,
        )


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Lines of one code with no run between them; one that is listed has its reason."""

    place: int
    file: int
    line: int
    code: Code
    reason: str | None
    count: int


def _unreadable(malformed: pl.DataFrame, located: Sequence[LocatedRun]) -> Iterator[_Unreadable]:
    """Give unreadable lines, in no order; those that are not listed by their number alone."""
    if malformed.is_empty():
        return
    is_listed = pl.int_range(pl.len()).over("code") < KEEP_PER_CODE
    columns = ("place", "file", "line", "code", "reason")
    malformed = malformed.with_columns(PLACE)
    listed = malformed.filter(is_listed).select(*columns, count=1)
    begins = pl.Series([run.place for run in located], dtype=pl.UInt64)
    behind = begins.search_sorted(malformed["place"])
    rest = malformed.with_columns(behind=behind).filter(~is_listed)
    together = rest.group_by("behind", "code").agg(
        pl.col("place", "file", "line").first(), reason=pl.lit(None, pl.String), count=pl.len()
    )
    for frame in (listed, together.select(*columns, "count")):
        for place, file, line, code, reason, count in frame.iter_rows():
            yield _Unreadable(place, file, line, Code(code), reason, count)


def _imprecise(events: pl.DataFrame) -> int:
    """Count events that have a hash which cannot be computed again."""
    return events.filter(
        pl.col("event_hash").is_not_null(), pl.col("computed_hash").is_null()
    ).height


def _not_covered(status: Status) -> Finding:
    total = "" if status.bytes_total is None else f" of {status.bytes_total:,}"
    return finding(
        Code.RANGE_NOT_COVERED,
        f"reading was stopped after {status.events:,} events, {status.bytes_read:,}{total} bytes",
    )


def _candidates(source: Readable, chains: dict[str, V1Chain]) -> dict[str, list[Candidate]]:
    """Look a second time, for the events that claim repeated seqs and their neighbours."""
    repeats = {name: chain.repeats for name, chain in chains.items() if chain.repeats}
    found: dict[str, list[Candidate]] = {name: [] for name in repeats}
    if not repeats:
        return found
    wanted = _with_neighbours(repeats)
    names = [file.name for file in source.status.files]
    with closing(source.batches()) as batches:
        for batch in batches:
            claims = batch.events.join(
                wanted, on=["chain", "seq"], how="semi", maintain_order="left"
            )
            for chain, candidate in _claims(claims, names):
                found[chain].append(candidate)
    return found


def _with_neighbours(repeats: Mapping[str, Iterable[SeqRange]]) -> pl.DataFrame:
    bounds = pl.DataFrame(
        [
            (name, max(span.first - 1, 0), min(span.last + 1, MAX_SEQ))
            for name, spans in repeats.items()
            for span in spans
        ],
        schema={"chain": EVENT["chain"], "first": pl.Int64, "last": pl.Int64},
        orient="row",
    )
    before_last = bounds.select("chain", seq=pl.int_ranges("first", "last")).explode("seq")
    return pl.concat([before_last.drop_nulls(), bounds.select("chain", seq="last")]).unique()


def _claims(events: pl.DataFrame, names: list[str]) -> Iterator[tuple[str, Candidate]]:
    """Give the events with their chains; of copies of one, two tell as much as a million."""
    alike = ("chain", "seq", "previous_hash", "event_hash", "computed_hash")
    columns = (*alike, "file", "line", "id")
    events = events.filter(pl.int_range(pl.len()).over(alike) < 2).select(columns)
    for chain, seq, previous, stored, computed, file, line, event_id in events.iter_rows():
        place = Place.among(names, file, line, event_id)
        yield chain, Candidate(seq, previous, stored, computed, place)
