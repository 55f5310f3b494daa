"""PostgreSQL as a benchmark uses it, in a process of its own: written to and read from."""

from __future__ import annotations

import atexit
import json
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.index_tasks import no_indexes_yet
from benchmarks.work import KEEPS_ALL, Timed, Work

if TYPE_CHECKING:  # each task pays for its own imports
    from audit_console.sources.protocol import Source


def postgres_one_by_one(file: str) -> Work:
    """Store events one by one, each on disk; give the 99th percentile of a call."""
    groups, append = _postgres_writer(file, 1)

    def work() -> Timed:
        seconds = []
        for group in groups:
            start = time.perf_counter()
            append(group)
            seconds.append(time.perf_counter() - start)
        return Timed(quantiles(seconds, n=100)[98], len(seconds))

    return work


def postgres_grouped(file: str) -> Work:
    """Store events in groups of 1,000, each group on disk."""
    groups, append = _postgres_writer(file, 1_000)
    return lambda: sum(append(group) for group in groups)


def _postgres_writer(file: str, size: int) -> tuple[list[Any], Callable[[Any], int]]:
    """Start a server that ends with this process; give groups of events, and what stores one."""
    from datetime import UTC, datetime

    from audit_console.core.entry import encode_content
    from audit_console.core.event import format_time
    from audit_console.core.sealing import Unsealed, seal
    from audit_console.writer.postgres import PostgresSink

    fields = signature(encode_content).parameters
    with Path(file).open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    for entry in entries:
        entry["details"] = entry["details"] and json.dumps(entry["details"])
    events = [
        Unsealed(
            entry["id"], entry["timestamp"], encode_content(**{key: entry[key] for key in fields})
        )
        for entry in entries
    ]
    sink = PostgresSink(_postgres_database(), chain="audit.example.org/benchmark")

    def append(group: list[Unsealed]) -> int:
        now = format_time(datetime.now(UTC))
        stored = sink.append(
            lambda head: seal(group, chain=sink.chain, head=head, recorded_at=now),
            durable=True,
        )
        return len(stored)

    return [events[at : at + size] for at in range(0, len(events), size)], append


def postgres_copy(file: str) -> Work:
    """Copy the same events, sealed already, into the same table by COPY."""
    import psycopg

    with Path(file).open(encoding="utf-8") as lines:
        rows = [list(json.loads(line).values()) for line in lines]
    details = 13
    for row in rows:
        row[details] = row[details] and json.dumps(row[details])
    connection = psycopg.connect(_postgres_database(), autocommit=True)

    def work() -> int:
        for at in range(0, len(rows), 1_000):
            with connection.cursor().copy("COPY audit_events FROM STDIN") as copy:
                for row in rows[at : at + 1_000]:
                    copy.write_row(row)
        return len(rows)

    return work


def _postgres_database() -> str:
    from audit_console.embedded import EmbeddedServer
    from audit_console.migrate import migrate

    server = EmbeddedServer(durable=True)
    atexit.register(server.close)
    migrate(server.dsn)
    return server.dsn


def fill_table(places: str) -> Work:
    """Put an archive into a database; both are named, with a space between."""
    import polars as pl
    import psycopg
    from psycopg import sql

    from audit_console.core.codec import V1_KEYS
    from audit_console.migrate import migrate
    from audit_console.sources.archive import open_archive

    dsn, _, file = places.partition(" ")
    columns = sql.SQL(", ").join(map(sql.Identifier, V1_KEYS))
    times = pl.col("recorded_at", "timestamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")

    def work() -> int:
        migrate(dsn)
        copy = sql.SQL("COPY audit_events ({}) FROM STDIN (FORMAT csv, NULL '-')").format(columns)
        with psycopg.connect(dsn) as connection, connection.cursor().copy(copy) as target:
            archive = open_archive([file], keep=True, indexes=no_indexes_yet())  # all columns
            for batch in archive.batches():
                rows = batch.events.with_columns(times, v=pl.lit(1)).select(V1_KEYS)
                target.write(rows.write_csv(include_header=False, null_value="-"))
        with psycopg.connect(dsn, autocommit=True) as connection:
            return connection.execute("VACUUM ANALYZE audit_events").rowcount

    return work


def table_first_page(dsn: str) -> Work:
    """Open a table and have the first page of events."""
    from audit_console.sources.postgres import open_postgres

    return lambda: _page(open_postgres(dsn), 0)


def table_page(dsn: str) -> Work:
    """Have the first page of an open table."""
    from audit_console.sources.postgres import open_postgres

    source = open_postgres(dsn)
    return lambda: _page(source, 0)


def table_middle(dsn: str) -> Work:
    """Have a page in the middle of a table that is counted."""
    from audit_console.core.filters import EVERYTHING
    from audit_console.core.query.stages import Count
    from audit_console.sources.postgres import open_postgres

    source = open_postgres(dsn)
    total = source.tally(EVERYTHING, by=(Count(),)).item()
    return lambda: _page(source, total // 2)


def _page(source: Source, row: int) -> int:
    from audit_console.core.filters import EVERYTHING
    from audit_console.sources.protocol import AtRow, Order

    order = Order.OLDEST_FIRST
    return source.page(EVERYTHING, order=order, at=AtRow(row), limit=50).rows.height


def table_counted(dsn: str) -> Work:
    """Count what a filter keeps of a table."""
    from datetime import UTC, datetime

    from audit_console.core.query import parse
    from audit_console.core.query.stages import Count
    from audit_console.core.timespan import Anchor
    from audit_console.sources.postgres import open_postgres

    source = open_postgres(dsn)
    where = parse(KEEPS_ALL, Anchor(datetime.now(UTC))).where
    return lambda: int(source.tally(where, by=(Count(),)).item())


def table_verify(dsn: str) -> Work:
    """Check the chain of a table."""
    from audit_console.integrity.verifier import verify
    from audit_console.sources.postgres import open_postgres

    return lambda: verify(open_postgres(dsn)).verified


def table_copied(dsn: str) -> Work:
    """Read a table by COPY in the order of its chain and do nothing with it."""
    import psycopg

    connection = psycopg.connect(dsn)

    def work() -> int:
        copy = "COPY (SELECT * FROM audit_events ORDER BY chain, seq) TO STDOUT"
        with connection.cursor().copy(copy) as rows:
            return sum(1 for _ in rows)

    return work
