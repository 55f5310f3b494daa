"""Tasks of `benchmarks.tasks` that read a whole archive, or as much of it as a page needs."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from benchmarks.index_tasks import no_indexes_yet
from benchmarks.work import Work

BLOCK = 1 << 20
EVENT_HASH_TAIL = 81


def load_verified(file: str) -> Work:
    """Open an archive, keep its events for the screen, check its chain."""
    from audit_console.integrity.verifier import verify
    from audit_console.sources.archive import open_archive

    indexes = no_indexes_yet()
    return lambda: verify(open_archive([file], keep=True, indexes=indexes)).verified


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
