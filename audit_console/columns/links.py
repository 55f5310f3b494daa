"""Marks the events of a log with what their predecessors say, batch after batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from audit_console.columns.schema import CHECK, CHECKED, LINKS
from audit_console.columns.sound import SoundRun
from audit_console.core.event import GENESIS_HASH, Scheme
from audit_console.core.run import FORK_WINDOW

_CARRIED = ("chain", "seq", "recorded_at", "previous_hash", "event_hash", "computed_hash")

_LINK = {"event_hash": pl.String, "previous_hash": pl.String}
_KNOWN = {"link_known": "event_hash", "link_taken": "previous_hash"}
"""What is told of a link, and among which hashes it is looked for."""

CHANGES_CHAIN = pl.col("scheme").ne_missing(pl.col("scheme").shift(1)) | pl.col("chain").ne_missing(
    pl.col("chain").shift(1)
)
"""Is of another chain than the event before it, or the first of all."""

BROKEN = (pl.col("computed_hash") != pl.col("event_hash")).fill_null(value=False)
"""Fails its own hash; one that cannot be computed again tells nothing."""
_LINKED = (
    (pl.col("previous_hash") == pl.col("before.event_hash"))
    | (pl.col("previous_hash") == pl.col("before.computed_hash"))
).fill_null(value=False)
_BEFORE_BROKEN = (pl.col("before.computed_hash") != pl.col("before.event_hash")).fill_null(
    value=False
)
_FOLLOWS = (pl.col("seq") == pl.col("before.seq") + 1).fill_null(value=False)
_IN_TIME = (pl.col("recorded_at") >= pl.col("before.recorded_at")).fill_null(value=False)
_FIRST = pl.col("before.event_hash").is_null()


@dataclass(slots=True)
class LinkMarker:
    """Remembers the last event of each chain, and the orchestrator's last hashes and links.

    The last of a run is told by the run, until other events come than those that go on from it.
    """

    _last: dict[Scheme, pl.DataFrame] = field(default_factory=dict)
    _recent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LINK))
    _run: SoundRun | None = None

    def mark(self, events: pl.DataFrame) -> pl.DataFrame:
        """Add `LINKS` to the next events of the log, which have at least the columns `JUDGED`."""
        self._settle()
        return self._mark(events)

    def takes(self, run: SoundRun) -> bool:
        """Take in the next lines as a run, unless its first event is broken by its link."""
        if self._run is None or not run.goes_on_from(self._run):
            self._settle()
            held = dict(self._last)
            if self._mark(_ends(run))["check"][0] != "verified":
                self._last = held
                return False
        self._run = run
        return True

    def _settle(self) -> None:
        """Remember the last event of a run as that of other events."""
        if self._run is not None:
            self._mark(_ends(self._run))
            self._run = None

    def _mark(self, events: pl.DataFrame) -> pl.DataFrame:
        if events.is_empty():
            return pl.DataFrame(schema={**events.schema, **LINKS})
        links = [self._links(of_scheme) for of_scheme in _by_scheme(events)]
        return events.hstack(pl.concat(links).sort("row").drop("row"))

    def _links(self, events: pl.DataFrame) -> pl.DataFrame:
        """Give `LINKS` of events of one scheme, with their `row`, in some order."""
        scheme = Scheme(events["scheme"][0])
        if scheme is Scheme.UNHASHED:
            return events.select(
                "row",
                check=pl.lit("unverifiable", CHECK),
                joined=pl.lit(value=False),
                link_known=pl.lit(value=False),
                link_taken=pl.lit(value=False),
            )
        paired = self._with_predecessors(scheme, in_chains(events))
        marked = _mark_v1(paired) if scheme is Scheme.V1 else self._mark_orchestrator(paired)
        return marked.select("row", *LINKS)

    def _with_predecessors(self, scheme: Scheme, events: pl.DataFrame) -> pl.DataFrame:
        """Set the event before beside each; events of one chain stand together."""
        own = events.select(_CARRIED)
        begins = events.select(CHANGES_CHAIN).to_series()
        last = self._last.get(scheme, own.clear())
        carried = own.filter(begins).select("chain")
        carried = carried.join(
            last, on="chain", how="left", nulls_equal=True, maintain_order="left"
        )
        before = pl.select(
            pl.when(begins)
            .then(own.height - 1 + begins.cum_sum().cast(pl.Int64))
            .otherwise(pl.int_range(own.height) - 1)
        ).to_series()
        earlier = pl.concat([own, carried])[before]
        ends = begins.shift(-1, fill_value=True)
        newest = pl.concat([own.filter(ends), last])
        self._last[scheme] = newest.unique("chain", keep="first", maintain_order=True)
        return events.hstack(earlier.rename(lambda name: f"before.{name}"))

    def _mark_orchestrator(self, paired: pl.DataFrame) -> pl.DataFrame:
        begins = _FIRST & pl.col("previous_hash").is_null()
        marked = self._with_known_links(
            paired.with_columns(joined=~BROKEN & (_FIRST | ~_BEFORE_BROKEN) & (_LINKED | begins))
        )
        resumes = pl.col("link_known") & ~pl.col("link_taken")
        bad_link = ~_LINKED & ~_FIRST & pl.col("previous_hash").is_not_null() & ~resumes
        return marked.with_columns(check=_check(bad_link))

    def _with_known_links(self, marked: pl.DataFrame) -> pl.DataFrame:
        """Tell of links that are not to the event before what the last `FORK_WINDOW` say."""
        before = self._recent.height
        held = pl.concat([self._recent, marked.select(list(_LINK))])
        self._recent = held.tail(FORK_WINDOW)
        if marked["joined"].all():
            return marked.with_columns(pl.lit(value=False).alias(name) for name in _KNOWN)
        own = marked.select("previous_hash", "joined").with_row_index("own", offset=before)
        told = [_among(own, held[column]).alias(name) for name, column in _KNOWN.items()]
        return marked.with_columns(told)


def _among(own: pl.DataFrame, hashes: pl.Series) -> pl.Series:
    """Tell which links that are not joined are among the `FORK_WINDOW` hashes before them."""
    earlier = pl.DataFrame({"previous_hash": hashes}).with_row_index("position")
    return (
        own.join_asof(
            earlier.with_columns(own="position"),
            on="own",
            by="previous_hash",
            allow_exact_matches=False,
            check_sortedness=False,  # both are numbered; within groups it cannot be checked
        )
        .select(
            ~pl.col("joined")
            & (pl.col("own") - pl.col("position") <= FORK_WINDOW).fill_null(value=False)
        )
        .to_series()
    )


def _ends(run: SoundRun) -> pl.DataFrame:
    """Give what links are told by of the first and of the last event of a run."""
    first = (run.first_seq, run.first_recorded, run.first_link, run.hash_at(0), run.hash_at(0))
    last_link = run.hash_at(-2) if run.events > 1 else run.first_link
    last = (run.last_seq, run.last_recorded, last_link, run.last_hash, run.last_hash)
    columns = ("scheme", *_CARRIED)
    rows = [(Scheme.V1, run.chain, *end) for end in ([first, last] if run.events > 1 else [first])]
    return pl.DataFrame(rows, schema={name: CHECKED[name] for name in columns}, orient="row")


def by_chain(events: pl.DataFrame) -> list[pl.DataFrame]:
    """Take the chains of a batch apart, at no cost where it holds only one."""
    if events["scheme"].n_unique() == 1 and events["chain"].n_unique() == 1:
        return [events]
    return events.partition_by("scheme", "chain", maintain_order=True)


def in_chains(events: pl.DataFrame) -> pl.DataFrame:
    """Put the events of each chain together, in their order, at no cost where it is one."""
    if events["scheme"].n_unique() < 2 and events["chain"].n_unique() < 2:
        return events
    return events.sort("scheme", pl.col("chain").to_physical(), maintain_order=True)


def _by_scheme(events: pl.DataFrame) -> list[pl.DataFrame]:
    """Take what links are told by, with the numbers of the rows, apart by scheme."""
    numbered = events.select("scheme", *_CARRIED).with_row_index("row")
    if events["scheme"].n_unique() == 1:
        return [numbered]
    return numbered.partition_by("scheme")


def _mark_v1(paired: pl.DataFrame) -> pl.DataFrame:
    repeated = (pl.col("seq") == pl.col("before.seq")).fill_null(value=False)
    bad_genesis = (pl.col("seq") == 0) & (pl.col("previous_hash") != GENESIS_HASH)
    return paired.with_columns(
        joined=_FOLLOWS & _LINKED & _IN_TIME & ~BROKEN & ~_BEFORE_BROKEN,
        check=_check((_FOLLOWS & ~_LINKED) | repeated | bad_genesis),
        link_known=pl.lit(value=False),
        link_taken=pl.lit(value=False),
    )


def _check(bad_link: pl.Expr) -> pl.Expr:
    return (
        pl.when(BROKEN | bad_link)
        .then(pl.lit("broken", CHECK))
        .when(pl.col("computed_hash").is_null())
        .then(pl.lit("unverifiable", CHECK))
        .otherwise(pl.lit("verified", CHECK))
    )
