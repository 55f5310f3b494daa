"""The whole log out of one statement, by COPY, as batches of columns."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg import sql

from audit_console.columns.frame import malformed_frame
from audit_console.columns.link_order import LinkOrder
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import CHECKED
from audit_console.core.codec import V1_KEYS
from audit_console.core.event import Scheme
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.layout import named, ordered
from audit_console.sources.postgres.rows import TEXTS, part_readable, read_rows
from audit_console.sources.protocol import Batch

PARSERS = 2

BATCH_BYTES = 16 << 20
FIRST_BATCH_BYTES = 1 << 20
"""The first batch is small, so that something is there soon."""

READ_AT_ONCE = 64
"""Rows between two looks at how long a block is."""

_BACKSLASH, _QUOTE, _FIRST_PRINTABLE = b'\\" '
_ESCAPES = {
    "\\\\": "\\", "\\n": "\n", "\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\v": "\v",
}  # fmt: skip


class Block(NamedTuple):
    """Lines of COPY's text format, and how many they are."""

    data: bytes
    rows: int


def read_blocks(connection: psycopg.Connection, asked: Asked) -> Iterator[Block]:
    """Read events in log order."""
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        named(*V1_KEYS), asked.events, ordered(*asked.layout.log_order)
    )
    limit, size, count, parts = FIRST_BATCH_BYTES, 0, 0, list[bytes]()
    with connection.cursor().copy(statement, asked.parameters) as rows:
        lines = iter(rows)
        while taken := list(islice(lines, READ_AT_ONCE)):
            parts.append(b"".join(taken))
            size += len(parts[-1])
            count += len(taken)
            if size >= limit:
                yield Block(b"".join(parts), count)
                limit, size, count, parts = BATCH_BYTES, 0, 0, []
    if parts:
        yield Block(b"".join(parts), count)


class Parsed(NamedTuple):
    """Rows as `rows.TEXTS`, and the columns that print as JSON without a look; see `v1_line`."""

    rows: pl.DataFrame
    plain: Collection[str]


def parse_block(block: bytes) -> Parsed:
    """Read lines of COPY's text format.

    A character that would part fields or lines stands there as an escape, so there are no
    quotes to be minded.
    """
    rows = pl.read_csv(
        block,
        has_header=False,
        schema=TEXTS,
        separator="\t",
        quote_char=None,
        null_values="\\N",
        empty_string_is_null=False,
    )
    characters = np.frombuffer(block, np.uint8)
    nulls = {name: column.null_count() for name, column in zip(TEXTS, rows, strict=True)}
    escaped = list[str]()
    if np.count_nonzero(characters == _BACKSLASH) > sum(nulls.values()):  # one for each null
        escaped = [name for name in TEXTS if rows[name].str.contains("\\", literal=True).any()]
    plain = set[str]()
    if np.count_nonzero(characters < _FIRST_PRINTABLE) == rows.height * len(TEXTS):
        whole = {name for name in TEXTS if not (nulls[name] or name in escaped)}
        plain = whole - _with_quotes(rows, characters)
    return Parsed(rows.with_columns(_unescaped(name) for name in escaped), plain)


def _with_quotes(rows: pl.DataFrame, characters: npt.NDArray[np.uint8]) -> set[str]:
    """Find the columns in which quotes stand; most often all of them stand in the details."""
    details = np.frombuffer(rows["details"].str.join("").item().encode(), np.uint8)
    of_details = np.count_nonzero(details == _QUOTE)
    if np.count_nonzero(characters == _QUOTE) == of_details:
        return {"details"} if of_details else set()
    return {name for name in TEXTS if rows[name].str.contains('"', literal=True).any()}


def _unescaped(name: str) -> pl.Expr:
    return pl.col(name).str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))


class Read(NamedTuple):
    """Rows in log order: `columns.schema.CHECKED` and `MALFORMED`, and the bytes they took."""

    events: pl.DataFrame
    malformed: pl.DataFrame
    size: int


def read_log(connection: psycopg.Connection, asked: Asked) -> Generator[Read]:
    """Read the whole log; blocks are parsed and hashed beside the reading."""
    scheme = asked.layout.scheme
    pending: deque[Future[Read]] = deque()
    first = 1
    with ThreadPoolExecutor(PARSERS) as pool:
        try:
            for block in read_blocks(connection, asked):
                pending.append(pool.submit(_read, block.data, scheme, first))
                first += block.rows
                while len(pending) > PARSERS or (pending and pending[0].done()):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _read(block: bytes, scheme: Scheme, first: int) -> Read:
    parsed = parse_block(block)
    rows = read_rows(parsed.rows, scheme, first, plain=parsed.plain)
    events, malformed = part_readable(rows, scheme)
    return Read(events, malformed, len(block))


def read_texts(connection: psycopg.Connection, asked: Asked) -> Iterator[pl.DataFrame]:
    """Read events in log order, as `rows.TEXTS`; there may be none."""
    parts = (parse_block(block.data).rows for block in read_blocks(connection, asked))
    return parts if asked.layout.scheme is Scheme.V1 else _linked(parts)


def _linked(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    order = LinkOrder(TEXTS)
    yield from map(order.add, parts)
    yield order.rest()


def read_batches(connection: psycopg.Connection, asked: Asked) -> Generator[tuple[Batch, int]]:
    """Read the whole log; give batches and the bytes that each took."""
    in_order = _as_given if asked.layout.scheme is Scheme.V1 else _in_link_order
    marker = LinkMarker()
    with closing(read_log(connection, asked)) as parts:
        for part in in_order(parts):
            yield Batch(marker.mark(part.events), part.malformed), part.size


def _as_given(parts: Iterator[Read]) -> Iterator[Read]:
    return parts


def _in_link_order(parts: Iterator[Read]) -> Iterator[Read]:
    """Put events in the order of their links, and number them in it."""
    order, first = LinkOrder(), 1
    nothing = Read(pl.DataFrame(schema=CHECKED), malformed_frame(()), 0)
    for part in chain(parts, [None]):
        events = order.rest() if part is None else order.add(part.events)
        numbers = pl.int_range(first, first + events.height, eager=True)
        yield (part or nothing)._replace(
            events=events.with_columns(line=numbers.cast(CHECKED["line"]))
        )
        first += events.height
