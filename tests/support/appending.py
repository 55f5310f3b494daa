"""A process that appends events to a PostgreSQL chain and prints the id of each one stored.

python -m tests.support.appending DSN COUNT
"""

from __future__ import annotations

import sys
from contextlib import closing

from audit_console.writer.postgres import PostgresSink
from tests.support.chains import CHAIN
from tests.support.writing import sealer, unsealed


def main(dsn: str, count: str) -> None:
    """Append one event after the other."""
    with closing(PostgresSink(dsn, chain=CHAIN)) as sink:
        for _ in range(int(count)):
            (stored,) = sink.append(sealer([unsealed()]), durable=True)
            print(stored.event.id, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(*sys.argv[1:])
