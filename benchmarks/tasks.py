"""One piece of work, timed in a process of its own: `python -m benchmarks.tasks NAME FILE`.

A task imports what it needs and gives back the work to be timed, so that start-up and
imports are not counted. The work gives back how many events (or bytes) it handled.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from benchmarks import (
    asking_tasks,
    index_tasks,
    postgres_tasks,
    reading_tasks,
    retention_tasks,
    writing_tasks,
)
from benchmarks.work import Timed, Work

TASKS: dict[str, Callable[[str], Work]] = {
    task.__name__: task
    for task in (
        reading_tasks.load_verified,
        reading_tasks.verify_only,
        reading_tasks.first_page,
        index_tasks.write_index,
        index_tasks.open_again,
        asking_tasks.filtered_page,
        asking_tasks.matches_counted,
        asking_tasks.facets_at_first,
        asking_tasks.facets_open,
        asking_tasks.facets_shown,
        asking_tasks.timeline,
        asking_tasks.whole_screen,
        asking_tasks.duckdb_page,
        asking_tasks.duckdb_count,
        asking_tasks.duckdb_facets,
        asking_tasks.duckdb_timeline,
        reading_tasks.duckdb_load,
        reading_tasks.clickhouse_load,
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
        retention_tasks.archive_previewed,
        retention_tasks.archive_previewed_again,
        retention_tasks.table_previewed,
        retention_tasks.table_half_previewed,
        reading_tasks.hash_lines,
        reading_tasks.hash_file,
        reading_tasks.read_file,
        writing_tasks.write_groups,
        writing_tasks.write_one_by_one,
        writing_tasks.logging_groups,
        writing_tasks.logging_one_by_one,
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
