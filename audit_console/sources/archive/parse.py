"""A block of lines into columns: DuckDB reads the JSON, the scalar codec decides.

A row that DuckDB read is taken over only if the line built again from its columns
equals the line itself: then the columns hold all that the line says and nothing
else, and `core.codec.decode_line` would say the same. Every other line goes through
`core.codec`, one by one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from audit_console.columns.frame import (
    Location,
    event_row,
    events_frame,
    malformed_frame,
    malformed_row,
)
from audit_console.columns.hashing import line_hash, orchestrator_hash
from audit_console.columns.json_objects import nests_shallow
from audit_console.columns.line import orchestrator_line, quoted
from audit_console.columns.schema import CHECKED, MALFORMED
from audit_console.core.codec import (
    HASH_LENGTH,
    MAX_LINE_BYTES,
    ORCHESTRATOR_EVENT_TYPES,
    ORCHESTRATOR_RESOURCE_TYPES,
    ORCHESTRATOR_RESULTS,
    V1_KEYS,
    Malformed,
    decode_bytes,
)
from audit_console.core.event import RESULTS, AuditEvent, Scheme
from audit_console.core.findings import KEEP_PER_CODE, Code
from audit_console.core.hashing import is_by_rule
from audit_console.core.json_object import MAX_DEPTH
from audit_console.sources.archive.blocks import Block, Unreadable
from audit_console.sources.archive.canonical import canonical_v1

if TYPE_CHECKING:  # of a log of canonical lines, nothing asks DuckDB
    import duckdb

_STRUCTURE = json.dumps(
    dict.fromkeys(V1_KEYS, "VARCHAR")
    | {"v": "JSON", "seq": "BIGINT", "result": "JSON", "details": "JSON"}
)
_READ_LINES = f"""
WITH read AS (SELECT try(from_json(raw, '{_STRUCTURE}')) AS event FROM lines)
SELECT unnest(event),
       event.result ->> 'Failure' AS failure,
       try_cast(event.timestamp AS TIMESTAMP) AS occurred,
       try_cast(event.recorded_at AS TIMESTAMP) AS recorded
FROM read
"""  # noqa: S608 - the structure is a constant of this module

_ALL = tuple(CHECKED)
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_ORCHESTRATOR_TIME = _DATE + _CLOCK + r"(?:\.[0-9]{1,9})?(?:Z|\+00:00)$"

_NO_JSON_NUMBER = r"(?i)[:\[,]\s*-?(?:nan|inf)"
"""DuckDB takes these for numbers in `details`; JSON has none of them."""
_IS_SHORT = pl.col("length") <= MAX_DEPTH
"""Holds no event, whose times and names alone are longer, and nests no deeper than it may."""
_IS_BLANK = (pl.col("raw").str.strip_chars(" \t\r\x0b\x0c") == "").fill_null(value=False)
_MAY_BE_ORCHESTRATED = pl.col("raw").str.starts_with('{"id":"')
"""As `columns.line.orchestrator_line` begins: DuckDB need not be asked of other lines."""
_NEVER_NULL = ("id", "event_type", "action", "resource_type", "resource_id")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a block holds, or several on end, in the order of its lines.

    `events` has the wanted columns of `columns.schema.CHECKED`, `malformed` those of `MALFORMED`.
    """

    events: pl.DataFrame
    malformed: pl.DataFrame
    lines: int


NOTHING = Parsed(events_frame(()), malformed_frame(()), 0)


def joined(parts: Sequence[Parsed]) -> Parsed:
    """Put together what one or more blocks hold."""
    return Parsed(
        pl.concat([part.events for part in parts], rechunk=False),
        pl.concat([part.malformed for part in parts]),
        sum(part.lines for part in parts),
    )


class _ArrowStream:
    """Shows DuckDB nothing of a frame but its Arrow stream, for which it needs no PyArrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class LineParser:
    """Parses blocks on one core. Serves one thread at a time."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Give back the DuckDB connection, if a line needed one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def parse(self, block: Block, columns: Collection[str] = _ALL) -> Parsed:
        """Read every line of a block.

        Args:
            block: whole lines.
            columns: of `columns.schema.CHECKED` that are wanted, at least those of `JUDGED`.
        """
        if block.unreadable is not None:
            return _unreadable(block, block.unreadable, columns)
        lines, count = _split(block)
        long = _where(lines, ~_IS_SHORT)
        v1 = _with_final_hash(canonical_v1(block, long, columns))
        rest = _without(lines, v1)
        if rest.is_empty():
            return Parsed(v1, malformed_frame(()), count)
        other = self._orchestrated(_where(rest, _MAY_BE_ORCHESTRATED))
        events, malformed = _one_by_one(block, _without(rest, other))
        whole = _in_order([v1, other.select(columns), events.select(columns)])
        return Parsed(whole, malformed, count)

    def _orchestrated(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Give the events of the lines that are the orchestrator's as it spells them."""
        if lines.is_empty():
            return events_frame(())
        return _where(self._read(lines), _ORCHESTRATOR_HOLDS).select(_ORCHESTRATOR_COLUMNS)

    def _read(self, lines: pl.DataFrame) -> pl.DataFrame:
        connection = self._connected()
        connection.register("lines", _ArrowStream(lines.select("raw")))
        try:
            read = pl.DataFrame(connection.sql(_READ_LINES))
        finally:
            connection.unregister("lines")
        return lines.hstack(read)

    def _connected(self) -> duckdb.DuckDBPyConnection:
        """Connect for the first line that asks for it; that takes longer than a short log."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect()
            self._connection.execute("SET threads = 1")
        return self._connection


def _without(lines: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    if taken.is_empty() or taken.height == lines.height:
        return lines.clear() if taken.height else lines
    return lines.filter(~pl.col("line").is_in(taken["line"].implode()))


def _where(frame: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Filter, at no cost where there is nothing or everything is kept."""
    if frame.is_empty():
        return frame
    kept = frame.select(condition.fill_null(value=False)).to_series()
    return frame if kept.all() else frame.filter(kept)


def _with_final_hash(events: pl.DataFrame) -> pl.DataFrame:
    """Leave out events whose hash `core.hashing` has to tell.

    Those that do not hold may hold with details in another spelling; and the stored hash may be
    one that takes other bytes than a hash does.
    """
    holds = events["computed_hash"] == events["event_hash"]
    if holds.all():
        return events
    doubtful = events.filter(~holds)
    is_hash = doubtful["event_hash"].str.len_chars() == HASH_LENGTH
    by_rule = [details is None or is_by_rule(details) for details in doubtful["details"]]
    return events.filter(holds.scatter((~holds).arg_true(), is_hash & pl.Series(by_rule)))


def _split(block: Block) -> tuple[pl.DataFrame, int]:
    """Locate the lines of a block that are not empty; give them and the count of all.

    `raw` is null for a line that is not UTF-8.
    """
    texts, lengths = _texts(block.data)
    behind = lengths.cum_sum() + pl.int_range(1, lengths.len() + 1, eager=True)
    lines = pl.DataFrame(
        {
            "line": pl.int_range(
                block.first_line, block.first_line + texts.len(), dtype=pl.UInt64, eager=True
            ),
            "offset": (behind - lengths - 1 + block.offset).cast(pl.UInt64),
            "length": lengths.cast(pl.UInt32),
            "raw": texts,
        }
    ).select(pl.lit(block.file, pl.UInt32).alias("file"), pl.all())
    return _where(lines, pl.col("length") > 0), lines.height


def _texts(data: bytes) -> tuple[pl.Series, pl.Series]:
    """Split into lines and their lengths in bytes.

    Polars splits fast but drops a carriage return before a newline, refuses text that is not
    UTF-8, and would unpack what begins like a packed file: such blocks are split byte by byte.
    """
    if not data.startswith(b"{"):
        return _exact_texts(data)
    try:
        texts = pl.read_lines(data, name="raw").to_series()
    except pl.exceptions.ComputeError:
        return _exact_texts(data)
    lengths = texts.str.len_bytes().cast(pl.Int64)
    newlines = texts.len() if data.endswith(b"\n") else texts.len() - 1
    return (texts, lengths) if lengths.sum() + newlines == len(data) else _exact_texts(data)


def _exact_texts(data: bytes) -> tuple[pl.Series, pl.Series]:
    pieces = data.removesuffix(b"\n").split(b"\n")
    texts = pl.Series("raw", [_text_or_none(piece) for piece in pieces], pl.String)
    return texts, pl.Series([len(piece) for piece in pieces], dtype=pl.Int64)


def _text_or_none(piece: bytes) -> str | None:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return None


def _sound() -> pl.Expr:
    """What must hold of a line in either format besides its spelling."""
    details = pl.col("details")
    object_or_null = details.is_null() | (
        nests_shallow(details) & ~details.str.contains(_NO_JSON_NUMBER)
    )
    return (
        object_or_null
        & (pl.col("length") <= MAX_LINE_BYTES)
        & pl.all_horizontal(pl.col(_NEVER_NULL).is_not_null())
    )


def _orchestrator_holds() -> pl.Expr:
    failure = pl.concat_str(pl.lit('{"Failure":'), quoted(pl.col("failure")), pl.lit("}"))
    plain_results = [f'"{result}"' for result in (*ORCHESTRATOR_RESULTS, *RESULTS)]
    return (
        _sound()
        & pl.col("timestamp").str.contains(_ORCHESTRATOR_TIME)
        & (pl.col("occurred").dt.year() > 0)
        & (
            pl.col("result").is_in(plain_results)
            | (pl.col("failure").is_not_null() & (pl.col("result") == failure))
        )
        & (orchestrator_line() == pl.col("raw"))
    )


def _orchestrator_columns() -> list[pl.Expr]:
    hashed = pl.col("event_hash").is_not_null()
    named = pl.col("result").str.strip_chars('"').replace(ORCHESTRATOR_RESULTS)
    result = pl.when(pl.col("failure").is_null()).then(named).otherwise(pl.lit("failure"))
    event_type = pl.col("event_type").replace(ORCHESTRATOR_EVENT_TYPES)
    resource_type = pl.col("resource_type").replace(ORCHESTRATOR_RESOURCE_TYPES)
    return _checked(
        {
            "scheme": pl.when(hashed)
            .then(pl.lit(Scheme.ORCHESTRATOR.value))
            .otherwise(pl.lit(Scheme.UNHASHED.value)),
            "recorded_at": pl.lit(None),
            "timestamp": pl.col("occurred").dt.replace_time_zone("UTC"),
            "event_type": event_type,
            "resource_type": resource_type,
            "result": result,
            "result_error": pl.col("failure"),
            "computed_hash": pl.when(hashed).then(
                orchestrator_hash(event_type, resource_type, result)
            ),
            "line_hash": line_hash("raw"),
            "canonical": pl.lit(value=True),
        }
    )


def _checked(derived: dict[str, pl.Expr]) -> list[pl.Expr]:
    return [
        derived.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in CHECKED.items()
    ]


_ORCHESTRATOR_HOLDS = _orchestrator_holds()
_ORCHESTRATOR_COLUMNS = _orchestrator_columns()


def _in_order(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    whole = pl.concat(parts)
    return whole if whole["line"].is_sorted() else whole.sort("line")


def _one_by_one(block: Block, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read lines by the codec, but for short ones of which enough were read to be listed."""
    lines = _where(lines, ~_IS_BLANK)
    unread = _IS_SHORT & (_IS_SHORT.cum_sum() > KEEP_PER_CODE) & ~_is_torn(block)
    is_unread = lines.select(unread).to_series()
    events, malformed = _read_by_codec(block, lines.filter(~is_unread))
    if not is_unread.any():
        return events, malformed
    return events, _in_order([malformed, _unread(block, lines.filter(is_unread))])


def _unread(block: Block, lines: pl.DataFrame) -> pl.DataFrame:
    begins = (lines["offset"] - block.offset).to_list()
    ends = (lines["offset"] + lines["length"] - block.offset).to_list()
    starts = [block.data[begin:end] for begin, end in zip(begins, ends, strict=True)]
    whole = lines.with_columns(
        code=pl.lit(Code.MALFORMED.value),
        reason=pl.lit("too short to be an event"),
        start=pl.Series(starts, dtype=pl.Binary),
    )
    return whole.select(pl.col(name).cast(dtype) for name, dtype in MALFORMED.items())


def _is_torn(block: Block) -> pl.Expr:
    """Tell which line is half a line at the end."""
    if not block.unended:
        return pl.lit(value=False)
    return pl.col("offset") + pl.col("length") == block.offset + len(block.data)


def _read_by_codec(block: Block, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    events: list[tuple[object, ...]] = []
    malformed: list[tuple[object, ...]] = []
    for file, line, offset, length in lines.select("file", "line", "offset", "length").iter_rows():
        at = Location(file, line, offset, length)
        start = offset - block.offset
        raw = block.data[start : start + length]
        event = decode_bytes(raw)
        if isinstance(event, AuditEvent):
            events.append(event_row(event, raw.decode(), at))
        else:
            torn = block.unended and start + length == len(block.data)
            malformed.append(malformed_row(_torn(event) if torn else event, raw, at))
    return events_frame(events), malformed_frame(malformed)


def _torn(bad: Malformed) -> Malformed:
    return Malformed(f"half a line at the end: {bad.reason}", Code.TORN_TAIL)


def _unreadable(block: Block, held: Unreadable, columns: Collection[str]) -> Parsed:
    at = Location(block.file, block.first_line, block.offset, held.length)
    row = malformed_row(held.reason, held.start, at)
    return Parsed(events_frame(()).select(columns), malformed_frame([row]), 1)
