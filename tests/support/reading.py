"""Logs that were read to their end, and can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source

Log = TypeVar("Log", bound=Source)


def read_whole(source: Log) -> Log:
    """Read a log to its end."""
    for _ in source.batches():
        pass
    return source


def question_of(events: Iterable[AuditEvent], where: Filter = EVERYTHING) -> Question:
    """Ask for events of a log in memory."""
    return Question(read_whole(MemorySource.of_events(events)), where)
