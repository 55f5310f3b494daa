"""What applications use in their own tests."""

from __future__ import annotations

import pytest

from audit_console.core.chain import LogCheck
from audit_console.core.findings import Code, Place
from audit_console.core.hashing import event_hash
from audit_console.core.run import run_of
from audit_console.errors import UsageError
from audit_console.writer import AuditLogger
from audit_console.writer.testing import MemorySink, capture_events
from tests.support.ticks import tick


@pytest.mark.parametrize("background", [False, True])
def test_events_are_captured_and_not_stored(background: bool) -> None:
    sink = MemorySink()
    with AuditLogger(sink, background=background) as log:
        log.log_event(**tick(0))
        with capture_events(log) as captured:
            log.log_event(**tick(1))
            log.log_event(**tick(2, user_id="alice"))
        log.log_event(**tick(3))
    assert [(event.action, event.user_id) for event in captured] == [
        ("tick 1", None),
        ("tick 2", "alice"),
    ]
    assert [event.action for event in sink.events] == ["tick 0", "tick 3"]


def test_a_test_that_fails_gives_the_sink_back() -> None:
    sink = MemorySink()
    with AuditLogger(sink) as log:
        with pytest.raises(ZeroDivisionError), capture_events(log):
            _ = 1 / 0
        assert log.sink is sink


def test_a_log_in_memory_is_a_whole_chain() -> None:
    sink = MemorySink("example.org/memory")
    with AuditLogger(sink) as log:
        log.log_events([])
        log.log_events([tick(0), tick(1)])
        log.log_event(**tick(2))
    check = LogCheck()
    for number, event in enumerate(sink.events, 1):
        check.add_run(run_of(event, event_hash(event) or "", Place("memory", number)))
    check.finish({})
    assert list(check.findings.counts) == [Code.NO_CHECKPOINT]
    assert check.v1_chains["example.org/memory"].tally.events == 3


def test_a_log_in_memory_has_a_name_as_any_other() -> None:
    with pytest.raises(UsageError):
        MemorySink("Not A Chain")
