"""Every tamper of the orchestrator's log gives exactly the findings that it should."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing

import pytest

from audit_console.core.findings import Code
from audit_console.integrity.verifier import verify
from tests.support.chains import (
    Entry,
    orchestrator_entry,
    orchestrator_lines,
    orchestrator_sealed,
)
from tests.support.effort import UNMEASURED
from tests.support.judging import Judgement, Span, in_order, judge_one_by_one, told
from tests.support.stores import OrchestratorTable, Store
from tests.support.tampers import Lines, replaced

COUNT = 12
LAST = COUNT - 1
GARBAGE = b"\xff not an event"

Found = tuple[Code, Span]
Judge = Callable[[Lines], Judgement]
Change = Callable[[list[Entry]], list[Entry]]

pytestmark = pytest.mark.usefixtures("parsers_stay")


def micro_chain(count: int, *, first: int = 0) -> list[Entry]:
    """Make a chain of a process whose clock has no nanoseconds, so that a table keeps it all."""
    entries = (orchestrator_entry(first + number) for number in range(count))
    return orchestrator_sealed(
        entry | {"timestamp": f"{str(entry['timestamp'])[:26]}Z"} for entry in entries
    )


ORCHESTRATED = micro_chain(COUNT)


def at(code: Code) -> Found:
    return code, (None, None)


WEAK = [at(Code.WEAK_COVERAGE)]
MISMATCH = [at(Code.EVENT_HASH_MISMATCH)]
NOTHING: list[Found] = []


@pytest.fixture
def store(orchestrator_store: Store) -> Store:
    return orchestrator_store


@pytest.fixture
def judge(store: Store) -> Judge:
    def judged(lines: Lines) -> Judgement:
        with closing(store(lines)) as source:
            found = told(verify(source))
        if not isinstance(store, OrchestratorTable):
            assert found == judge_one_by_one(lines)
        return found

    return judged


def told_by(store: Store, found: Iterable[Found]) -> list[Found]:
    """Give what a store can tell: a hash may cover digits that a table does not keep."""
    if not isinstance(store, OrchestratorTable):
        return in_order(found)
    lost = at(Code.UNVERIFIABLE)
    return in_order({lost if one[0] is Code.EVENT_HASH_MISMATCH else one for one in found})


def changed(index: int, **changes: object) -> Change:
    return lambda entries: [
        entry | changes if number == index else entry for number, entry in enumerate(entries)
    ]


COVERED: dict[str, object] = {
    "id": "00000000-0000-4000-8000-000000000000",
    "timestamp": "2026-11-23T03:51:42.500Z",
    "event_type": "Authorization",
    "action": "x",
    "resource_type": "Step",
    "resource_id": "x",
    "result": "PartialSuccess",
    "previous_hash": "f" * 64,
    "event_hash": "f" * 64,
}
UNCOVERED: dict[str, object] = {
    "user_id": "mallory",
    "details": {"tokens": 0},
    "ip_address": "203.0.113.66",
    "user_agent": "curl",
    "request_id": "r",
    "result": {"Failure": "another message"},
}


BROKEN_LINKS = {
    ("previous_hash", 0): [at(Code.HEAD_MISSING)],
    ("previous_hash", 5): [at(Code.PREVIOUS_HASH_MISMATCH)],
    ("previous_hash", LAST): [at(Code.PREVIOUS_HASH_MISMATCH)],
    ("event_hash", 0): [at(Code.PREVIOUS_HASH_MISMATCH)],
    ("event_hash", 5): [at(Code.PREVIOUS_HASH_MISMATCH)],
}
"""Told in a table besides, which cannot tell that the event was edited and excuses nothing."""


@UNMEASURED
@pytest.mark.parametrize("index", [0, 5, LAST])
@pytest.mark.parametrize("field", COVERED)
def test_an_edited_covered_field(store: Store, judge: Judge, field: str, index: int) -> None:
    lines = orchestrator_lines(changed(index, **{field: COVERED[field]})(ORCHESTRATED))
    expected = told_by(store, MISMATCH + WEAK)
    if isinstance(store, OrchestratorTable):
        expected += BROKEN_LINKS.get((field, index), NOTHING)
    assert judge(lines).beyond_the_unanchored_end == in_order(expected)


@UNMEASURED
@pytest.mark.parametrize("field", UNCOVERED)
def test_an_edited_uncovered_field_leaves_no_trace(judge: Judge, field: str) -> None:
    assert isinstance(ORCHESTRATED[5]["result"], dict)
    lines = orchestrator_lines(changed(5, **{field: UNCOVERED[field]})(ORCHESTRATED))
    found = judge(lines)
    assert found.beyond_the_unanchored_end == WEAK
    assert found.notices == NOTHING


def _without(index: int) -> Change:
    return lambda entries: entries[:index] + entries[index + 1 :]


def _resealed(entries: list[Entry]) -> list[Entry]:
    link = str(entries[4]["event_hash"])
    return [*entries[:5], *orchestrator_sealed([entries[5] | {"action": "x"}], link), *entries[6:]]


def _forked(entries: list[Entry]) -> list[Entry]:
    link = str(entries[4]["event_hash"])
    return [
        *entries[:6],
        *orchestrator_sealed([entries[5] | {"id": "00000000-0000-4000-8000-000000000002"}], link),
        *entries[6:],
    ]


def _swapped(entries: list[Entry]) -> list[Entry]:
    return [*entries[:5], entries[6], entries[5], *entries[7:]]


def _beside_another_process(entries: list[Entry]) -> list[Entry]:
    others = micro_chain(COUNT, first=50)
    return [one for both in zip(entries, others, strict=True) for one in both]


ORCHESTRATOR_TAMPERS: dict[str, tuple[Change, list[Found]]] = {
    "nothing": (lambda entries: entries, NOTHING),
    "one removed": (_without(5), [at(Code.PREVIOUS_HASH_MISMATCH)]),
    "the tail removed leaves no trace": (_without(LAST), NOTHING),
    "the head removed": (_without(0), [at(Code.HEAD_MISSING)]),
    "edited and hashed again": (_resealed, [at(Code.PREVIOUS_HASH_MISMATCH)]),
    "a process started again": (
        lambda entries: entries + micro_chain(4, first=COUNT),
        [at(Code.CHAIN_RESTART)],
    ),
    "concurrent tasks": (_forked, [at(Code.FORK)]),
    "two lines swapped": (_swapped, [at(Code.PREVIOUS_HASH_MISMATCH)]),
    "two processes at once": (
        _beside_another_process,
        [at(Code.CHAIN_RESTART)],
    ),
    "a line twice": (
        lambda entries: [*entries[:6], entries[5], *entries[6:]],
        [at(Code.FORK)],
    ),
    "a hash taken away": (changed(5, event_hash=None), [at(Code.PREVIOUS_HASH_MISMATCH)]),
}


IN_A_TABLE = {"two lines swapped": NOTHING}
"""The rows of a table are put in the order of their links."""


@UNMEASURED
@pytest.mark.parametrize("name", ORCHESTRATOR_TAMPERS)
def test_a_tamper_of_the_orchestrators_chain(store: Store, judge: Judge, name: str) -> None:
    change, expected = ORCHESTRATOR_TAMPERS[name]
    lines = orchestrator_lines(change(ORCHESTRATED))
    found = judge(lines)
    if isinstance(store, OrchestratorTable):
        expected = IN_A_TABLE.get(name, expected)
    open_questions = {Code.WEAK_COVERAGE, Code.UNVERIFIABLE}
    assert [
        one for one in found.beyond_the_unanchored_end if one[0] not in open_questions
    ] == in_order(expected)
    assert Code.WEAK_COVERAGE in found.counts


@pytest.mark.parametrize("index", [0, 5, LAST])
def test_an_orchestrators_event_made_garbage(store: Store, judge: Judge, index: int) -> None:
    lines = replaced(index, GARBAGE)(orchestrator_lines(ORCHESTRATED))
    expected = [at(Code.MALFORMED), *WEAK]
    if isinstance(store, OrchestratorTable) and index == 5:
        expected.insert(1, at(Code.PREVIOUS_HASH_MISMATCH))  # the row stands nowhere
    assert judge(lines).beyond_the_unanchored_end == expected


def test_events_without_hashes_are_counted(judge: Judge) -> None:
    entries = [one | {"event_hash": None, "previous_hash": None} for one in ORCHESTRATED]
    lines = orchestrator_lines(entries)
    found = judge(lines)
    assert found.beyond_the_unanchored_end == [at(Code.UNVERIFIABLE)]
    (unverifiable,) = [one for one in found.findings if one.code is Code.UNVERIFIABLE]
    assert f"{COUNT} events" in unverifiable.message
