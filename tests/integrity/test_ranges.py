from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from threading import Event

from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.event import AuditEvent, format_time
from audit_console.core.findings import Code, Verdict
from audit_console.integrity.ranges import verify_range
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.memory import MemorySource
from tests.support.chains import (
    BEGIN,
    event,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED, examples

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


def checked(
    lines: Iterable[bytes], first: int, end: int, *, stop: Event | None = None
) -> Verification:
    """Verify the events of the seconds from `first` on and before `end`."""
    source = MemorySource(lines, batch_lines=7)
    verify(source, roots=False)
    span = (BEGIN + timedelta(seconds=first), BEGIN + timedelta(seconds=end))
    return verify_range(source, *span, stop=stop)


def faults(found: Verification) -> set[Code]:
    return set(found.counts) - {Code.RANGE_NOT_COVERED}


def test_a_whole_part_has_no_fault_and_is_never_a_pass() -> None:
    found = checked(v1_lines(v1_chain(40)), 10, 20)

    assert found.verdict is Verdict.INCOMPLETE
    assert found.counts == {Code.RANGE_NOT_COVERED: 1}
    (chain,) = found.chains
    assert (chain.first_seq, chain.last_seq, chain.events, chain.verified) == (10, 19, 10, 10)
    text = " ".join(found.cannot_show)
    assert "before and after" in text
    assert "seq 10 to 19 was verified, anchored at the first" in text
    assert found.trees == ()


@examples(25)
@given(first=st.integers(0, 39), length=st.integers(1, 40), edited=st.integers(0, 39))
def test_an_edited_event_is_found_where_it_lies_in_the_range_and_nowhere_else(
    first: int, length: int, edited: int
) -> None:
    events = v1_chain(40)
    events[edited] = replace(events[edited], action="edited")
    found = checked(v1_lines(events), first, first + length)

    is_inside = first <= edited < first + length
    assert (found.verdict is Verdict.FAIL) is is_inside
    assert faults(found) == ({Code.EVENT_HASH_MISMATCH} if is_inside else set())


def test_a_gap_inside_is_found_and_one_at_the_edge_is_not_claimed() -> None:
    events = v1_chain(40)
    del events[15]
    assert faults(checked(v1_lines(events), 10, 20)) == {Code.GAP}
    assert faults(checked(v1_lines(events), 16, 20)) == set()
    assert faults(checked(v1_lines(events), 10, 15)) == set()


def test_an_event_that_came_late_is_no_gap() -> None:
    late = replace(event(15), timestamp=format_time(BEGIN + timedelta(seconds=2)))
    events = linked(late if seq == 15 else event(seq) for seq in range(40))
    found = checked(v1_lines(events), 10, 20)
    assert faults(found) == set()
    assert found.chains[0].events == 10


def test_an_edited_seq_does_not_widen_the_range() -> None:
    events = v1_chain(40)
    events[15] = replace(events[15], seq=9 * 10**18)
    found = checked(v1_lines(events), 10, 20)
    assert faults(found) == {Code.EVENT_HASH_MISMATCH}
    assert found.chains[0].last_seq == 19


def test_unreadable_lines_inside_are_found() -> None:
    lines = v1_lines(v1_chain(40))
    lines[12] = b"{broken"
    lines[30] = b"{broken"
    found = checked(lines, 10, 20)
    assert found.counts[Code.MALFORMED] == 1
    assert found.status.malformed == 1


def test_other_logs_go_by_their_lines() -> None:
    entries = orchestrator_chain(40)
    assert Code.PREVIOUS_HASH_MISMATCH not in checked(orchestrator_lines(entries), 10, 20).counts
    entries[15]["action"] = "edited"
    found = checked(orchestrator_lines(entries), 10, 20)
    assert faults(found) == {Code.EVENT_HASH_MISMATCH, Code.WEAK_COVERAGE}
    assert found.chains[0].events == 10


def test_a_range_without_events_is_empty() -> None:
    found = checked(v1_lines(v1_chain(10)), 100, 200)
    assert found.verdict is Verdict.INCOMPLETE
    assert faults(found) == {Code.EMPTY}


def test_each_chain_has_a_part_of_its_own() -> None:
    def chain(name: str) -> list[AuditEvent]:
        return v1_chain(20, chain=name)

    found = checked(v1_lines([*chain("a.example/x"), *chain("b.example/x")]), 5, 8)
    assert [(one.chain, one.first_seq, one.last_seq) for one in found.chains] == [
        ("a.example/x", 5, 7),
        ("b.example/x", 5, 7),
    ]


def test_the_reading_can_be_stopped() -> None:
    stop = Event()
    stop.set()
    found = checked(v1_lines(v1_chain(40)), 0, 40, stop=stop)
    assert found.verdict is Verdict.INCOMPLETE
    assert not found.status.complete
