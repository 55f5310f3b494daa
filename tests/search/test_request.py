from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from audit_console.core.event import AuditEvent, format_time
from audit_console.core.filters import EVERYTHING, FieldName, equals
from audit_console.search.question import Question
from audit_console.search.request import RequestStep, events_of, extent, steps
from audit_console.sources.memory import MemorySource
from tests.support.chains import BEGIN, event
from tests.support.effort import UNMEASURED
from tests.support.reading import question_of

SECONDS = (0, 0, 1, 5, 5, 61, 4_000)


def request_log() -> list[AuditEvent]:
    """A request among others, its events not in the order of their times."""
    log = [
        replace(
            event(seq),
            request_id="req" if seq % 2 else "other",
            timestamp=format_time(BEGIN + timedelta(seconds=SECONDS[-1 - seq // 2])),
            result=("success", "failure")[seq // 2 % 2],
        )
        for seq in range(2 * len(SECONDS))
    ]
    return [*log, replace(event(99), request_id=None)]


def test_steps_have_their_times() -> None:
    found = steps(events_of(question_of(request_log()), "req"), ())

    assert [step.offset.total_seconds() for step in found] == list(SECONDS)
    gaps = [None if step.gap is None else step.gap.total_seconds() for step in found]
    assert gaps == [None, 0, 1, 4, 0, 56, 3_939]
    assert {step.row["request_id"] for step in found} == {"req"}


def test_the_extent_is_that_of_all_events() -> None:
    asked = events_of(
        question_of(request_log()).narrowed(equals(FieldName.RESULT, "success")), "req"
    )

    found = extent(asked)

    assert found.matched == len(SECONDS)
    assert found.span == timedelta(seconds=4_000)
    assert found.results == {"success": 4, "failure": 3}
    assert not found.partial


def test_steps_come_in_pages() -> None:
    asked = events_of(question_of(request_log()), "req")
    whole = steps(asked, ())
    paged: list[RequestStep] = []
    while more := steps(asked, paged, 3):
        assert len(more) <= 3
        paged += more

    assert paged == whole


def test_a_request_that_is_not_there_has_no_steps() -> None:
    asked = events_of(question_of(request_log()), "nothing")

    assert steps(asked, ()) == []
    found = extent(asked)
    assert (found.matched, found.first, found.last) == (0, None, None)
    assert found.span == timedelta(0)


@UNMEASURED
def test_requests_of_the_demo(last_events_of_the_demo: list[AuditEvent]) -> None:
    events = last_events_of_the_demo
    question = question_of(events)
    requests = Counter(event.request_id for event in events if event.request_id)

    for request, count in requests.most_common(3):
        asked = events_of(question, request)
        found = steps(asked, ())
        assert len(found) == extent(asked).matched == count
        assert sum((step.gap or timedelta(0) for step in found), timedelta(0)) == found[-1].offset
        assert found[-1].offset == extent(asked).span


def test_a_log_that_is_read_gives_a_part() -> None:
    source = MemorySource(
        MemorySource.of_events([replace(event(seq), request_id="req") for seq in range(8)])._lines,
        batch_lines=4,
    )
    batches = source.batches()
    next(batches)

    found = extent(events_of(Question(source, EVERYTHING), "req"))

    assert found.partial
    assert found.matched == 4
