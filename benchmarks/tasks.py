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
from collections.abc import Callable, Collection
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from benchmarks import index_tasks, postgres_tasks
from benchmarks.work import KEEPS_ALL, Timed, Work

if TYPE_CHECKING:  # each task pays for its own imports
    from audit_console.search.question import Question

BLOCK = 1 << 20
EVENT_HASH_TAIL = 81

BARS = 100
FACETS = ("type", "user", "action", "resource", "result", "ip", "agent", "request")
FACET_COLUMNS = (
    *("event_type", "user_id", "action", "resource_type || '/' || resource_id"),
    *("CAST(result AS VARCHAR)", "ip_address", "user_agent", "request_id"),
)
NEW_FILTER = "user:user-1*"


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
    log = _Loaded(file)
    return lambda: log.page(NEW_FILTER)


def matches_counted(file: str) -> Work:
    """Count what a new filter keeps, as after each key while one is typed."""
    log = _Loaded(file)
    return lambda: log.count(KEEPS_ALL)


def facets_at_first(file: str) -> Work:
    """Count the values of eight fields and draw the first of each, for the first time."""
    log = _Loaded(file)
    return lambda: log.facets("", FACETS)


def facets_open(file: str) -> Work:
    """Count them when they have been counted before, for other events."""
    log = _Loaded(file)
    log.facets("result:success", FACETS)
    return lambda: log.facets(KEEPS_ALL, FACETS)


def facets_shown(file: str) -> Work:
    """Have what the screen shows of eight facets of which it has opened three."""
    from audit_console.search.facet_fields import OPEN_FIELDS

    log = _Loaded(file)
    log.facets("result:success", FACETS)
    return lambda: log.facets(KEEPS_ALL, OPEN_FIELDS)


def timeline(file: str) -> Work:
    """Count events over time by result."""
    log = _Loaded(file)
    return lambda: log.timeline("")


def whole_screen(file: str) -> Work:
    """Have all that a screen shows of a new filter: page, facets, timeline."""
    from audit_console.search.facet_fields import OPEN_FIELDS

    log = _Loaded(file)
    log.facets("result:success", FACETS)

    def work() -> int:
        page, bars = log.page(KEEPS_ALL), log.timeline(KEEPS_ALL)
        return page + bars + log.facets(KEEPS_ALL, OPEN_FIELDS)

    return work


class _Loaded:
    """A loaded log, asked as the screen asks it. Answers are how many events were counted."""

    def __init__(self, file: str) -> None:
        from audit_console.sources.archive import open_archive

        self._source = open_archive([file], keep=True)
        for _ in self._source.batches():
            pass
        first, last = self._source.status.first, self._source.status.last
        if first is None or last is None:
            raise ValueError(f"{file} has no events")
        self._window = (first, last)

    def page(self, text: str) -> int:
        from audit_console.sources.protocol import AtRow, Order

        page = self._question(text).page(AtRow(0), 50, order=Order.NEWEST_FIRST)
        return page.rows.height

    def count(self, text: str) -> int:
        from audit_console.core.query.stages import Count

        return int(self._question(text).tally(Count()).item())

    def timeline(self, text: str) -> int:
        from audit_console.search.timeline import histogram

        return histogram(self._question(text), self._window, BARS).matched

    def facets(self, text: str, opened: Collection[str]) -> int:
        from audit_console.search.facets import facet
        from audit_console.tui.widgets.facet_lines import FIRST_VALUES

        counted, question = 0, self._question(text)
        for field in FACETS:
            found = facet(question, field, self._window, counted=field in opened)
            if field in opened:
                counted += found.pick(FIRST_VALUES).counts.matched
        return counted

    def _question(self, text: str) -> Question:
        from datetime import UTC, datetime

        from audit_console.core.query import parse
        from audit_console.core.timespan import Anchor
        from audit_console.search.question import Question

        return Question(self._source, parse(text, Anchor(datetime.now(UTC))).where)


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


EVENTS_WRITTEN = 50_000
EVENTS_OF_GROUP = 1_000
EVENTS_ONE_BY_ONE = 5_000


def _workflow_runs(count: int) -> list[Any]:
    return [
        {
            "event_type": "workflow_execution",
            "action": "Workflow executed",
            "resource_type": "workflow",
            "resource_id": f"wf-{number % 2_000}",
            "user_id": f"user-{number % 500}",
            "details": {"duration_ms": number % 900},
            "ip_address": f"10.0.{number % 3}.{number % 250}",
            "request_id": f"req-{number:08x}",
        }
        for number in range(count)
    ]


def write_groups(file: str) -> Work:
    """Write an archive in groups, each of them on disk before the next one is stored."""
    from audit_console.writer import ArchiveSink, AuditLogger

    log = AuditLogger(ArchiveSink(file, chain="audit.example.org/benchmark"))
    events = _workflow_runs(EVENTS_WRITTEN)

    def work() -> int:
        for begin in range(0, len(events), EVENTS_OF_GROUP):
            log.log_events(events[begin : begin + EVENTS_OF_GROUP])
        return log.metrics.written

    return work


def write_one_by_one(file: str) -> Work:
    """Write an archive event by event, left to the system; the 99th percentile of a call."""
    from audit_console.writer import ArchiveSink, AuditLogger

    log = AuditLogger(ArchiveSink(file, chain="audit.example.org/benchmark"), sync="os")
    return _slow_call(lambda event: log.log_event(**event))


def logging_groups(file: str) -> Work:
    """Write the same as JSON lines with the standard library's logging; no chain, no disk."""
    write = _json_logger(file)
    events = _workflow_runs(EVENTS_WRITTEN)

    def work() -> int:
        for event in events:
            write(event)
        return len(events)

    return work


def logging_one_by_one(file: str) -> Work:
    """The 99th percentile of such a call."""
    return _slow_call(_json_logger(file))


def _json_logger(file: str) -> Callable[[Any], object]:
    import logging

    logger = logging.getLogger("benchmark")
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter('{"time":"%(asctime)s",%(message)s}'))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return lambda event: logger.info(json.dumps(event)[1:-1])


def _slow_call(call: Callable[[Any], object]) -> Work:
    events = _workflow_runs(EVENTS_ONE_BY_ONE)

    def work() -> Timed:
        seconds = []
        for event in events:
            start = time.perf_counter()
            call(event)
            seconds.append(time.perf_counter() - start)
        return Timed(quantiles(seconds, n=100)[98], len(seconds))

    return work


TASKS: dict[str, Callable[[str], Work]] = {
    task.__name__: task
    for task in (
        load_verified,
        verify_only,
        first_page,
        index_tasks.write_index,
        index_tasks.open_again,
        filtered_page,
        matches_counted,
        facets_at_first,
        facets_open,
        facets_shown,
        timeline,
        whole_screen,
        duckdb_page,
        duckdb_count,
        duckdb_facets,
        duckdb_timeline,
        duckdb_load,
        clickhouse_load,
        postgres_tasks.postgres_one_by_one,
        postgres_tasks.postgres_grouped,
        postgres_tasks.postgres_copy,
        postgres_tasks.fill_table,
        postgres_tasks.table_first_page,
        postgres_tasks.table_page,
        postgres_tasks.table_middle,
        postgres_tasks.table_counted,
        postgres_tasks.table_verify,
        postgres_tasks.table_copied,
        hash_lines,
        hash_file,
        read_file,
        write_groups,
        write_one_by_one,
        logging_groups,
        logging_one_by_one,
    )
}


def main() -> None:
    """Time one task and print seconds and amount as JSON."""
    name, file = sys.argv[1:]
    work = TASKS[name](file)
    start = time.perf_counter()
    done = work()
    timed = done if isinstance(done, Timed) else Timed(time.perf_counter() - start, done)
    print(json.dumps(timed._asdict()))


if __name__ == "__main__":
    main()
