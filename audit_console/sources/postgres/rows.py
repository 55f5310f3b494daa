"""Rows of a table, all text, into the columns of events, with their lines built and hashed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from audit_console.columns.frame import (
    Location,
    event_row,
    events_frame,
    malformed_frame,
    malformed_row,
)
from audit_console.columns.hashing import LEAF, orchestrator_hash, prefixed_hash
from audit_console.columns.json_objects import is_shallow_object, nests_shallow
from audit_console.columns.line import orchestrator_line, quoted, v1_entry, v1_line
from audit_console.columns.schema import CHECKED, EVENT, SCHEME
from audit_console.core.codec import (
    CHAIN_NAME,
    EVENT_HASH_TAIL,
    MAX_ENTRY_BYTES,
    ORCHESTRATOR_EVENT_TYPES,
    ORCHESTRATOR_RESOURCE_TYPES,
    ORCHESTRATOR_RESULTS,
    V1_KEYS,
    Malformed,
    decode_bytes,
)
from audit_console.core.event import Scheme
from audit_console.sources.postgres.times import read_times

TEXTS: dict[str, type[pl.DataType]] = dict.fromkeys(V1_KEYS, pl.String)
"""The columns of an event, in this order."""

_TIMES = ("recorded_at", "timestamp")
_JSON_SPACE = " \t\n\r"
_IN_EACH = ("id", "timestamp", "event_type", "action", "resource_type", "resource_id", "result")
_NEVER_NULL = {
    Scheme.V1: (*_IN_EACH, "chain", "seq", "recorded_at", "previous_hash"),
    Scheme.ORCHESTRATOR: _IN_EACH,
}


def text_frame(rows: Iterable[Sequence[str | None]]) -> pl.DataFrame:
    """Put rows of texts together."""
    return pl.DataFrame(list(rows), schema=TEXTS, orient="row")


def read_rows(
    rows: pl.DataFrame, scheme: Scheme, first: int = 1, *, plain: Collection[str] = ()
) -> pl.DataFrame:
    """Read rows, and hash the line that each would be.

    Args:
        rows: `TEXTS`, as PostgreSQL prints them in UTC.
        scheme: of their table.
        first: number of the first row, by which it is found in `line`.
        plain: columns as `columns.line.v1_entry` prints without a look.

    Returns:
        the columns of `columns.schema.CHECKED`, and `text`, of which `with_lines` makes the
        line. Where the orchestrator's hash does not hold, `computed_hash` is null: it may have
        covered digits of the time that the table does not keep.
    """
    texts = rows.with_columns(pl.col("seq").cast(pl.Int64, strict=False), _details_of_lines())
    times = {name: read_times(texts[name]) for name in _TIMES}
    texts = texts.with_columns(text.alias(name) for name, (text, _) in times.items())
    is_v1 = scheme is Scheme.V1
    lines = _with_v1_hashes(texts, plain) if is_v1 else _with_orchestrator_hashes(texts)
    return lines.with_columns(time.alias(name) for name, (_, time) in times.items()).select(
        pl.lit(0).cast(CHECKED["file"]).alias("file"),
        (pl.int_range(pl.len()) + first).cast(CHECKED["line"]).alias("line"),
        pl.lit(0).cast(CHECKED["offset"]).alias("offset"),
        "length",
        "scheme",
        *(pl.col(name).cast(EVENT[name], strict=False) for name in EVENT if name != "scheme"),
        "previous_hash",
        "event_hash",
        "computed_hash",
        pl.lit(None, pl.String).alias("line_hash"),
        pl.lit(value=True).alias("canonical"),
        "text",
    )


def _details_of_lines() -> pl.Expr:
    """Print details as a reader of their line has them, which may not be how they are stored.

    The space around them is not theirs. A line feed between two values would end the line, so
    that each copy of the log had a line more, with what somebody wants it to say.
    """
    details = pl.col("details").str.strip_chars(_JSON_SPACE)
    return details.str.replace_all("\n", " ", literal=True)


def with_lines(rows: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """Turn `text` of `read_rows` into `raw`, the line."""
    text = pl.col("text")
    line = v1_line(text.str.slice(len(LEAF))) if scheme is Scheme.V1 else text
    lines = rows.with_columns(raw=line).drop("text")
    return lines.with_columns(length=pl.col("raw").str.len_bytes())


def part_readable(rows: pl.DataFrame, scheme: Scheme) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part events from rows that are none; what is doubtful is judged by the codec.

    Args:
        rows: as `read_rows` gives them.
        scheme: of their table.

    Returns:
        frames of `columns.schema.CHECKED` and `MALFORMED`.
    """
    clear = rows.select(_is_event(scheme)).to_series()
    if clear.all():
        return rows.drop("text"), malformed_frame(())
    events: list[tuple[object, ...]] = []
    malformed: list[tuple[object, ...]] = []
    doubtful = with_lines(rows.filter(~clear), scheme)
    for line, raw in doubtful.select("line", "raw").iter_rows():
        at = Location(0, line, 0, len(raw.encode()))
        event = decode_bytes(raw.encode())
        if isinstance(event, Malformed):
            malformed.append(malformed_row(event, raw.encode(), at))
        else:
            events.append(event_row(event, raw, at))
    judged = events_frame(events)
    if scheme is not Scheme.V1:
        judged = judged.with_columns(_where_it_holds(pl.col("computed_hash")))
    kept = rows.filter(clear).drop("text")
    return pl.concat([kept, judged]).sort("line"), malformed_frame(malformed)


def _is_event(scheme: Scheme) -> pl.Expr:
    """Tell the rows of which no look at the line can say more than the columns do."""
    details = pl.col("details")
    is_object = is_shallow_object("details") if scheme is Scheme.V1 else nests_shallow(details)
    whole = pl.all_horizontal(
        *(pl.col(name).is_not_null() for name in _NEVER_NULL[scheme]),
        details.is_null() | is_object,
        pl.col("length") <= MAX_ENTRY_BYTES + EVENT_HASH_TAIL,
    )
    if scheme is Scheme.V1:
        whole &= (pl.col("computed_hash") == pl.col("event_hash")).fill_null(value=False)
        whole &= pl.col("text").str.starts_with(LEAF + '{"v":1,')
        whole &= pl.col("chain").cast(pl.String).str.contains(f"^{CHAIN_NAME.pattern}$")
    return whole


def _with_v1_hashes(texts: pl.DataFrame, plain: Collection[str]) -> pl.DataFrame:
    """Add what the hash covers, the hash, and the scheme of format v1.

    The line is not built: it is the longest of all texts, and seldom looked at.
    """
    wire = texts
    if "result" not in plain:
        wire = texts.with_columns(result=quoted(pl.col("result")))
    lines = texts.with_columns(
        wire.select(text=v1_entry(plain, before=LEAF)).to_series(),
        scheme=pl.lit(Scheme.V1, SCHEME),
    )
    return lines.with_columns(
        length=pl.col("text").str.len_bytes() - len(LEAF) + EVENT_HASH_TAIL,
        computed_hash=prefixed_hash("text"),
    )


def _with_orchestrator_hashes(texts: pl.DataFrame) -> pl.DataFrame:
    """Add what the orchestrator's JSONL would say, and the hash where it holds."""
    hashed = texts.with_columns(timestamp=_as_chrono(pl.col("timestamp")))
    computed = orchestrator_hash(
        pl.col("event_type"), pl.col("resource_type"), pl.col("result")
    ).alias("computed_hash")
    wire = hashed.with_columns(
        event_type=pl.col("event_type").replace(_spelled(ORCHESTRATOR_EVENT_TYPES)),
        resource_type=pl.col("resource_type").replace(_spelled(ORCHESTRATOR_RESOURCE_TYPES)),
        result=_orchestrator_result(),
    )
    scheme = pl.when(pl.col("event_hash").is_null()).then(pl.lit(Scheme.UNHASHED, SCHEME))
    lines = texts.with_columns(
        wire.select(text=orchestrator_line()).to_series(),
        hashed.select(_where_it_holds(computed)).to_series(),
        scheme=scheme.otherwise(pl.lit(Scheme.ORCHESTRATOR, SCHEME)),
    )
    return lines.with_columns(length=pl.col("text").str.len_bytes())


def _where_it_holds(computed: pl.Expr) -> pl.Expr:
    """Give the orchestrator's hash where it is the stored one: another says nothing of an event."""
    return pl.when(computed == pl.col("event_hash")).then(computed)


def _orchestrator_result() -> pl.Expr:
    result, error = pl.col("result"), pl.col("result_error")
    failure = pl.concat_str(pl.lit('{"Failure":'), quoted(error), pl.lit("}"))
    return (
        pl.when((result == "failure") & error.is_not_null())
        .then(failure)
        .otherwise(quoted(result.replace(_spelled(ORCHESTRATOR_RESULTS))))
    )


def _spelled(names: Mapping[str, str]) -> dict[str, str]:
    """Lead from the names in snake case to those of the orchestrator's JSONL."""
    return {name: variant for variant, name in names.items()}


def _as_chrono(text: pl.Expr) -> pl.Expr:
    """Spell a time of six digits with as few of them as the orchestrator does: 0, 3 or 6."""
    whole, fraction = text.str.slice(0, 19), text.str.slice(20, 6)
    return (
        pl.when(fraction == "000000")
        .then(pl.concat_str(whole, pl.lit("Z")))
        .when(fraction.str.ends_with("000"))
        .then(pl.concat_str(whole, pl.lit("."), fraction.str.head(3), pl.lit("Z")))
        .otherwise(text)
    )
