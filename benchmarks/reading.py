"""How fast an archive opens, loads and verifies, and in how much memory."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Sample, Target, evict, run_task

PAGE_EVENTS = 50


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events."""
    file = log_of(events)
    yield Figure(
        "first-page",
        "first page, file not in the page cache",
        "s",
        [Contestant(OURS, lambda: _first_page(file))],
        Target("< 300 ms", at_most=0.3),
    )
    yield Figure(
        "reopen",
        "opening an unchanged archive again, to its first page",
        "s",
        [
            Contestant(OURS, lambda: _opened_again(file)),
            _timed("read and verified again", "load_verified", file, events),
        ],
        _reopen_target(events),
    )
    yield Figure(
        "load",
        "cold load: typed, kept, chain verified",
        "s",
        [_timed(OURS, "load_verified", file, events), *_peers(file, events)],
        _from_a_million(events, Target("not slower than DuckDB", ratio_at_most=1.0)),
    )
    yield Figure(
        "verify",
        "verification alone",
        "events/s",
        [
            _rate(OURS, "verify_only", file, events),
            _rate("hashlib in a loop, no parsing", "hash_lines", file, events),
            _rate("DuckDB CREATE TABLE AS, no check", "duckdb_load", file, events),
            _rate("limit: SHA-256 of the file", "hash_file", file, events, file.stat().st_size),
        ],
        _from_a_million(events, Target("≥ 1 M/s", at_least=1e6)),
    )
    yield Figure(
        "memory",
        "peak memory of that load ÷ file size",
        "×",
        [
            _footprint(OURS, "load_verified", file, events),
            _footprint("DuckDB CREATE TABLE AS", "duckdb_load", file, events),
        ],
        _memory_target(events),
    )


def _peers(file: Path, events: int) -> Iterator[Contestant]:
    yield _timed("DuckDB CREATE TABLE AS", "duckdb_load", file, events)
    if find_spec("chdb"):
        yield _timed("ClickHouse (chdb) in memory", "clickhouse_load", file, events)
    size = file.stat().st_size
    yield _timed("limit: SHA-256 of the file", "hash_file", file, size)
    yield _timed("limit: reading the file", "read_file", file, size)


def _from_a_million(events: int, target: Target) -> Target | None:
    """The plan sets these targets for large logs; a small one measures the start instead."""
    return target if events >= 1_000_000 else None


def _memory_target(events: int) -> Target | None:
    if events >= 10_000_000:
        return Target("≤ 0.7 ×", at_most=0.7)
    return _from_a_million(events, Target("≤ 1 ×", at_most=1.0))


def _reopen_target(events: int) -> Target | None:
    if events >= 10_000_000:
        return Target("< 2 s", at_most=2.0)
    return _from_a_million(events, Target("< 0.5 s", at_most=0.5))


def _opened_again(file: Path) -> Sample:
    """Open the log by its index, which a process of its own writes when there is none."""
    run_task("write_index", file, expect=1)
    return run_task("open_again", file, expect=PAGE_EVENTS)


def _first_page(file: Path) -> Sample:
    evict(file)
    return run_task("first_page", file, expect=PAGE_EVENTS)


def _timed(name: str, task: str, file: Path, expect: int) -> Contestant:
    return Contestant(name, lambda: run_task(task, file, expect=expect))


def _rate(name: str, task: str, file: Path, events: int, amount: int | None = None) -> Contestant:
    def run() -> Sample:
        sample = run_task(task, file, expect=events if amount is None else amount)
        return Sample(events / sample.value, sample.peak_bytes)

    return Contestant(name, run)


def _footprint(name: str, task: str, file: Path, events: int) -> Contestant:
    def run() -> Sample:
        peak_bytes = run_task(task, file, expect=events).peak_bytes
        return Sample(peak_bytes / file.stat().st_size, peak_bytes)

    return Contestant(name, run)
