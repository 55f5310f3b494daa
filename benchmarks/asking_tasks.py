"""Tasks of `benchmarks.tasks` that ask a loaded log, and DuckDB, what the screen asks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from benchmarks.index_tasks import no_indexes_yet, wait_for_index
from benchmarks.work import KEEPS_ALL, Work

if TYPE_CHECKING:  # each task pays for its own imports
    from audit_console.search.question import Question

BARS = 100
FACETS = ("type", "user", "action", "resource", "result", "ip", "agent", "request")
FACET_COLUMNS = (
    *("event_type", "user_id", "action", "resource_type || '/' || resource_id"),
    *("CAST(result AS VARCHAR)", "ip_address", "user_agent", "request_id"),
)
NEW_FILTER = "user:user-1*"


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
    """Count them when they have been counted before, for other events whose page is there."""
    log = _Loaded(file)
    log.facets("result:success", FACETS)
    log.page(KEEPS_ALL)
    return lambda: log.facets(KEEPS_ALL, FACETS)


def facets_shown(file: str) -> Work:
    """Have what the screen shows of eight facets of which it has opened three.

    The page of the filter is there before, as on the screen: its time is a figure of its own.
    """
    from audit_console.search.facet_fields import OPEN_FIELDS

    log = _Loaded(file)
    log.facets("result:success", FACETS)
    log.page(KEEPS_ALL)
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

        self._source = open_archive([file], keep=True, indexes=no_indexes_yet())
        for _ in self._source.batches():
            pass
        wait_for_index()
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
