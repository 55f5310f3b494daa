"""Tasks of `benchmarks.tasks` that write an archive, or as much with what everybody has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

from benchmarks.work import Timed, Work

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


def write_groups(place: str) -> Work:
    """Write "FILE EVENTS" in groups, each of them on disk before the next one is stored."""
    from audit_console.writer import ArchiveSink, AuditLogger

    file, count = place.rsplit(" ", 1)
    log = AuditLogger(ArchiveSink(file, chain="audit.example.org/benchmark"))
    events = _workflow_runs(int(count))

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


def logging_groups(place: str) -> Work:
    """Write the same as JSON lines with the standard library's logging; no chain, no disk."""
    file, count = place.rsplit(" ", 1)
    write = _json_logger(file)
    events = _workflow_runs(int(count))

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
