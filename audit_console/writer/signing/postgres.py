"""A chain in PostgreSQL as its signer sees it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning.postgres_log import PostgresLog, opened


class SignedTable:
    """The chain that a `PostgresSink` writes, by a connection of its own for each checkpoint.

    A group is seen when it is committed, so what is read is there for good. The commit of a
    checkpoint puts all commits before it on disk.
    """

    def __init__(self, sink: PostgresSink) -> None:
        self._dsn = sink.dsn
        self._chain = sink.chain

    def opened(self) -> AbstractContextManager[PostgresLog]:
        """Connect; see `SignedStore`."""
        return opened(self._dsn, self._chain)
