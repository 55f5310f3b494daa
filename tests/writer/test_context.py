"""What is said once for all events of a request."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from audit_console.core.event import AuditEvent
from audit_console.errors import EventRefused
from audit_console.writer import AuditLogger
from audit_console.writer.testing import MemorySink

PLAIN: Any = {
    "event_type": "system_event",
    "action": "tick",
    "resource_type": "system",
    "resource_id": "clock",
}


def logged(log: AuditLogger, **fields: Any) -> AuditEvent:
    sealed = log.log_event(**PLAIN, **fields)
    assert sealed is not None
    return sealed.event


def said(event: AuditEvent) -> tuple[str | None, ...]:
    return event.user_id, event.request_id, event.details


def test_the_nearest_word_wins() -> None:
    with AuditLogger(MemorySink()) as log:
        with log.context(user_id="alice", request_id="r-1", details={"a": 1, "b": 1}):
            with log.context(user_id="bob", details={"b": 2, "c": 2}):
                inner = logged(log, details={"c": 3}, request_id=None)
            outer = logged(log, user_id="carol")
        outside = logged(log)
    assert said(inner) == ("bob", "r-1", '{"a":1,"b":2,"c":3}')
    assert said(outer) == ("carol", "r-1", '{"a":1,"b":1}')
    assert said(outside) == (None, None, None)


def test_address_and_agent_are_said_once_too() -> None:
    with AuditLogger(MemorySink()) as log, log.context(ip_address="::1", user_agent="curl"):
        event = logged(log)
    assert (event.ip_address, event.user_agent) == ("::1", "curl")


def test_an_orchestrators_event_takes_its_user_from_the_context() -> None:
    with AuditLogger(MemorySink()) as log, log.context(user_id="alice"):
        sealed = log.log_workflow_delete("wf-1")
    assert sealed is not None
    assert sealed.event.user_id == "alice"


def test_a_context_ends_with_an_error_too() -> None:
    with AuditLogger(MemorySink()) as log:
        with pytest.raises(ZeroDivisionError), log.context(user_id="alice"):
            _ = 1 / 0
        assert logged(log).user_id is None


def test_details_that_are_none_are_refused_in_a_context_as_well() -> None:
    wrong: Any = [1]
    with AuditLogger(MemorySink()) as log, log.context(details={"a": 1}):
        with pytest.raises(EventRefused, match="details is of type"):
            logged(log, details=wrong)
        with (
            log.context(details=wrong),
            pytest.raises(EventRefused, match="details is of type"),
        ):
            logged(log)


async def test_tasks_do_not_hear_each_other() -> None:
    with AuditLogger(MemorySink()) as log:
        both_inside = asyncio.Barrier(2)

        async def request(name: str) -> tuple[str | None, ...]:
            with log.context(user_id=name, request_id=f"r-{name}"):
                await both_inside.wait()
                sealed = await log.alog_event(**PLAIN)
                assert sealed is not None
                return said(sealed.event)

        heard = await asyncio.gather(request("alice"), request("bob"))
    assert list(heard) == [("alice", "r-alice", None), ("bob", "r-bob", None)]


def test_another_thread_does_not_hear_it() -> None:
    sink = MemorySink()
    with AuditLogger(sink) as log, log.context(user_id="alice"):
        thread = threading.Thread(target=lambda: log.log_event(**PLAIN))
        thread.start()
        thread.join()
    assert [event.user_id for event in sink.events] == [None]
