"""One piece of work, timed in a process of its own: `python -m benchmarks.tasks NAME FILE`.

A task imports what it needs and gives back the work to be timed, so that start-up and
imports are not counted. The work gives back how many events (or bytes) it handled.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_console.sources.protocol import Source

Work = Callable[[], int]

BLOCK = 1 << 20
EVENT_HASH_TAIL = 81

BIN = "12h"
FACETS = ("type", "user", "action", "resource", "result", "ip", "agent", "request")
FACET_COLUMNS = (
    *("event_type", "user_id", "action", "resource_type || '/' || resource_id"),
    *("CAST(result AS VARCHAR)", "ip_address", "user_agent", "request_id"),
)
NEW_FILTER = "user:user-1*"
KEEPS_ALL = "request:req-*"


def load_verified(file: str) -> Work:
    """Open an archive, keep its events for the screen, check its chain."""
    from audit_console.integrity.verifier import verify
    from audit_console.sources.archive import open_archive

    return lambda: verify(open_archive([file], keep=True)).verified


def verify_only(file: str) -> Work:
    """Check an archive's chain and keep nothing."""
    from audit_console.integrity.verifier import verify
    from audit_console.sources.archive import open_archive

    return lambda: verify(open_archive([file], keep=False)).verified


def first_page(file: str) -> Work:
    """Open an archive and have the first page of events."""
    from audit_console.core.filters import EVERYTHING
    from audit_console.sources.archive import open_archive
    from audit_console.sources.protocol import AtRow, Order

    def work() -> int:
        source = open_archive([file], keep=True)
        next(source.batches())
        page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=50)
        return page.rows.height

    return work


def filtered_page(file: str) -> Work:
    """Count what a new filter keeps of a loaded log, and have the first page of it."""
    ask = _asker(file)
    return lambda: ask(NEW_FILTER, page=True)


def matches_counted(file: str) -> Work:
    """Count what a new filter keeps, as after each key while one is typed."""
    ask = _asker(file)
    return lambda: ask(KEEPS_ALL)


def facets_at_first(file: str) -> Work:
    """Count the values of eight fields over time, from several threads, for the first time."""
    ask = _asker(file)
    return lambda: ask("", FACETS)


def facets_again(file: str) -> Work:
    """Count them when they have been counted before, for other events."""
    ask = _asker(file)
    ask("result:success", FACETS)
    return lambda: ask("", FACETS)


def timeline(file: str) -> Work:
    """Count events over time by result."""
    ask = _asker(file)
    return lambda: ask("", ("result",))


def whole_screen(file: str) -> Work:
    """Have all that a screen shows of a new filter: page, eight facets, timeline."""
    ask = _asker(file)
    ask("", FACETS)
    return lambda: ask(KEEPS_ALL, (*FACETS, "result"), page=True)


def _asker(file: str) -> Callable[..., int]:
    """Load a log; give what asks for a page or for timelines and gives how many events it has."""
    from concurrent.futures import ThreadPoolExecutor
    from datetime import UTC, datetime

    from audit_console.core.query import Stage, parse
    from audit_console.core.query.stages import Count, Timeline
    from audit_console.core.timespan import Anchor, read_duration
    from audit_console.sources.archive import open_archive
    from audit_console.sources.protocol import AtRow, Order

    source = open_archive([file], keep=True)
    for _ in source.batches():
        pass

    def ask(text: str, by: Sequence[str] = (), *, page: bool = False) -> int:
        where = parse(text, Anchor(datetime.now(UTC))).where
        found = 0
        if page:
            rows = source.page(where, order=Order.OLDEST_FIRST, at=AtRow(0), limit=50).rows
            found = rows.height
        every = read_duration(BIN)
        stages: list[Stage] = [Timeline(every, name) for name in by]
        if not stages and not page:
            stages = [Count()]
        with ThreadPoolExecutor(4) as threads:
            counted = threads.map(lambda stage: source.tally(where, by=(stage,)), stages)
            return found + sum(int(counts["count"].sum()) for counts in counted)

    return ask


def duckdb_page(file: str) -> Work:
    """Count what a filter keeps of a DuckDB table, and have the first page of it."""
    query = _duckdb_asker(file)
    keeps = "FROM events WHERE user_id ILIKE 'user-1%'"

    def work() -> int:
        query(f"SELECT count(*) {keeps}")
        query(f"CREATE TEMP TABLE page AS SELECT * {keeps} ORDER BY timestamp LIMIT 50")
        return int(query("SELECT count(*) FROM page")[0][0])

    return work


def duckdb_facets(file: str) -> Work:
    """Group a DuckDB table by time and by each of eight columns; the results stay in it."""
    query = _duckdb_asker(file)
    return lambda: sum(_duckdb_timeline(query, column) for column in FACET_COLUMNS)


def duckdb_timeline(file: str) -> Work:
    """Group a DuckDB table by time and result."""
    query = _duckdb_asker(file)
    return lambda: _duckdb_timeline(query, "CAST(result AS VARCHAR)")


def duckdb_count(file: str) -> Work:
    """Count what a filter keeps of a DuckDB table."""
    query = _duckdb_asker(file)
    text = "SELECT count(*) FROM events WHERE request_id ILIKE 'req-%'"
    return lambda: int(query(text)[0][0])


def _duckdb_timeline(query: Callable[[str], list[Any]], column: str) -> int:
    query(
        f"""
        CREATE OR REPLACE TEMP TABLE counts AS
        SELECT time_bucket(INTERVAL '12 hours', timestamp) AS time, {column} AS value,
               count(*) AS count
        FROM events GROUP BY ALL
        """
    )
    return int(query("SELECT sum(count) FROM counts")[0][0])


def _duckdb_asker(file: str) -> Callable[[str], list[Any]]:
    import duckdb

    connection = duckdb.connect()
    load = "CREATE TABLE events AS FROM read_json(?, format='newline_delimited')"
    connection.execute(load, [file])
    return lambda text: connection.execute(text).fetchall()


def duckdb_load(file: str) -> Work:
    """Load the file into a DuckDB table, types inferred."""
    import duckdb

    def work() -> int:
        query = "CREATE TABLE events AS FROM read_json(?, format='newline_delimited')"
        row = duckdb.connect().execute(query, [file]).fetchone()
        return int(row[0]) if row else 0

    return work


def clickhouse_load(file: str) -> Work:
    """Load the file into a ClickHouse table in memory, types inferred."""
    from chdb.session import Session

    session = Session(tempfile.mkdtemp(prefix="benchmark-"))

    def work() -> int:
        session.query("CREATE DATABASE log")
        session.query(
            f"CREATE TABLE log.events ENGINE = Memory AS SELECT * FROM file('{file}', JSONEachRow)"
        )
        return int(str(session.query("SELECT count() FROM log.events", "CSV")))

    return work


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
            for batch in open_archive([file], keep=False).batches():
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


def hash_lines(file: str) -> Work:
    """Check the hash and link of each line with hashlib in a plain loop, parsing nothing."""

    def work() -> int:
        holding, previous = 0, b"0" * 64
        with Path(file).open("rb") as lines:
            for line in lines:
                entry, stored = line[: -EVENT_HASH_TAIL - 1], line[-67:-3]
                computed = hashlib.sha256(b"\0" + entry).hexdigest().encode()
                holding += computed == stored and entry[-65:-1] == previous
                previous = stored
        return holding

    return work


def hash_file(file: str) -> Work:
    """SHA-256 of the whole file: no check that reads every byte can be faster on one core."""

    def work() -> int:
        with Path(file).open("rb") as stream:
            hashlib.file_digest(stream, "sha256")
            return stream.tell()

    return work


def read_file(file: str) -> Work:
    """Read the whole file and do nothing with it."""

    def work() -> int:
        with Path(file).open("rb", buffering=0) as stream:
            block = bytearray(BLOCK)
            return sum(iter(lambda: stream.readinto(block) or 0, 0))

    return work


TASKS: dict[str, Callable[[str], Work]] = {
    task.__name__: task
    for task in (
        load_verified,
        verify_only,
        first_page,
        filtered_page,
        matches_counted,
        facets_at_first,
        facets_again,
        timeline,
        whole_screen,
        duckdb_page,
        duckdb_count,
        duckdb_facets,
        duckdb_timeline,
        duckdb_load,
        clickhouse_load,
        fill_table,
        table_first_page,
        table_page,
        table_middle,
        table_counted,
        table_verify,
        table_copied,
        hash_lines,
        hash_file,
        read_file,
    )
}


def main() -> None:
    """Time one task and print seconds and amount as JSON."""
    name, file = sys.argv[1:]
    work = TASKS[name](file)
    start = time.perf_counter()
    amount = work()
    print(json.dumps({"seconds": time.perf_counter() - start, "amount": amount}))


if __name__ == "__main__":
    main()
