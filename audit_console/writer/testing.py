"""For the tests of applications: a log in memory, and what a logger would have written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from audit_console.core.event import AuditEvent
from audit_console.core.sealing import Head, SealedGroup
from audit_console.writer.logger import AuditLogger
from audit_console.writer.sink import Seal, require_chain_name


class MemorySink:
    """Keeps a chain in memory, in `events`, by the rules that hold for every sink."""

    def __init__(self, chain: str = "example.org/test") -> None:
        require_chain_name(chain)
        self._chain = chain
        self._lock = threading.Lock()
        self._head: Head | None = None
        self.events: list[AuditEvent] = []

    @property
    def chain(self) -> str:
        """Name of the chain that is written."""
        return self._chain

    def append(self, seal: Seal, *, durable: bool) -> SealedGroup:  # noqa: ARG002 - the same here
        """Store a group of events; see `Sink.append`."""
        with self._lock:
            group = seal(self._head)
            self.events.extend(sealed.event for sealed in group)
            self._head = group.head if group else self._head
            return group

    def sync(self) -> None:
        """Do nothing: what is in memory is never durable."""

    def close(self) -> None:
        """Do nothing: what was stored can still be looked at."""


@contextmanager
def capture_events(log: AuditLogger) -> Iterator[list[AuditEvent]]:
    """Keep what is logged inside the block in the list, and store nothing of it.

    With `background` the list is complete after `log.flush()`, and behind the block.
    """
    log.flush()
    stored_in, log.sink = log.sink, (memory := MemorySink(log.sink.chain))
    try:
        yield memory.events
        log.flush()
    finally:
        log.sink = stored_in
