"""The beginning of a chain that may go, found and checked event by event."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.prefix import Prefix, check_prefix, find_prefix
from audit_console.core.prunes import (
    PruneCircumstances,
    PruneRecord,
    decode_prune,
    encode_prune,
)
from audit_console.core.retention import Limits
from audit_console.errors import PrefixBroken, PruneRefused
from tests.support.chains import CHAIN, linked, orchestrator_chain, orchestrator_lines, v1_lines
from tests.support.retention import aged_chain, day, hold, limits, plan_of
from tests.support.trees import grown
from tests.support.trusting import leaves

EVENTS = aged_chain(20)
LINES = v1_lines(EVENTS)


def found(lines: list[bytes], limits: Limits, before: PruneRecord | None = None) -> Prefix | None:
    return find_prefix(iter(lines), CHAIN, limits, before)


def record(end: int, before: PruneRecord | None = None) -> PruneRecord:
    first = before.pruned_to if before else 0
    told = PruneCircumstances(actor="operator", reason="a test", applied_at=day(40))
    tree = grown(leaves(EVENTS)[:end])
    made = decode_prune(encode_prune(plan_of(EVENTS, first, end, end), tree, told, before))
    assert isinstance(made, PruneRecord)
    return made


@pytest.mark.parametrize("end", [1, 2, 7, 19])
def test_what_is_older_than_the_cut_off_goes(end: int) -> None:
    prefix = found(LINES, limits(end))
    assert prefix is not None
    assert prefix.plan == plan_of(EVENTS, 0, end, end)
    assert prefix.tree.root() == grown(leaves(EVENTS)[:end]).root()
    assert prefix.stopped_by == "recorded after the cut-off"


def test_the_newest_event_stays() -> None:
    prefix = found(LINES, limits(100))
    assert prefix is not None
    assert prefix.plan == plan_of(EVENTS, 0, 19, 100)
    assert prefix.stopped_by == "the newest event"
    assert found(LINES[:1], limits(100)) is None
    assert found([], limits(100)) is None


def test_nothing_goes_that_is_too_young() -> None:
    assert found(LINES, limits(0)) is None


def test_a_hold_stops_it() -> None:
    prefix = found(LINES, limits(12, holds=[hold("user:user-4")]))
    assert prefix is not None
    assert prefix.plan == plan_of(EVENTS, 0, 4, 12)
    assert prefix.stopped_by.startswith("under hold h1")


def test_it_goes_on_behind_the_last_prune() -> None:
    before = record(5)
    prefix = found(LINES[5:], limits(12), before)
    assert prefix is not None
    assert prefix.plan == plan_of(EVENTS, 5, 12, 12)
    assert prefix.tree.root() == grown(leaves(EVENTS)[:12]).root()
    again = record(12, before)
    assert again.previous_prune == before.sha256
    assert again.is_of(prefix.plan)
    assert not before.is_of(prefix.plan)


def test_a_record_says_who_and_why() -> None:
    told = PruneCircumstances(
        actor="o",
        reason="r",
        applied_at=day(40),
        checkpoint="note",
        archive={"name": "n", "sha256": "0" * 64, "events": 3},
    )
    plan = plan_of(EVENTS, 0, 3, 3)
    members = json.loads(encode_prune(plan, grown(leaves(EVENTS)[:3]), told, None))
    assert members["checkpoint"] == "note"
    assert members["archive"] == {"name": "n", "sha256": "0" * 64, "events": 3}
    assert members["plan_sha256"] == plan.sha256
    assert (members["first_recorded_at"], members["last_recorded_at"]) == (
        EVENTS[0].recorded_at,
        EVENTS[2].recorded_at,
    )


def line(event: AuditEvent) -> bytes:
    return encode_line(event).encode()


EDITED = line(replace(EVENTS[3], user_id="mallory"))
UNLINKED = line(linked([EVENTS[3]], "a" * 64)[0])
BREAKS = {
    "edited": ([*LINES[:3], EDITED, *LINES[4:]], "seq 3: its content differs from its hash"),
    "unlinked": ([*LINES[:3], UNLINKED, *LINES[4:]], "seq 3: it does not link"),
    "missing": (LINES[:3] + LINES[4:], "seq 3: audit.example.org/test seq 4 stands in its place"),
    "twice": (LINES[:3] + LINES[2:], "seq 3: audit.example.org/test seq 2 stands in its place"),
    "no event": ([*LINES[:3], b"{", *LINES[3:]], "seq 3: a line that is no event stands"),
    "other format": (
        [*LINES[:3], *orchestrator_lines(orchestrator_chain(1))],
        "seq 3: an event of another format",
    ),
    "no beginning": (LINES[1:], "seq 0: audit.example.org/test seq 1 stands in its place"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_does_not_verify_is_never_let_go(name: str) -> None:
    lines, reason = BREAKS[name]
    with pytest.raises(PrefixBroken) as refused:
        found(lines, limits(12))
    assert str(refused.value).startswith(reason)
    with pytest.raises(PrefixBroken):
        check_prefix(iter(lines), plan_of(EVENTS, 0, 12, 12), limits(12), None)


def test_another_spelling_holds() -> None:
    respelled = LINES[3].replace(b'"seq":3', b'"seq": 3')
    tree = check_prefix(
        iter([*LINES[:3], respelled, *LINES[4:]]), plan_of(EVENTS, 0, 12, 12), limits(12), None
    )
    assert tree.root() == grown(leaves(EVENTS)[:12]).root()


def test_a_plan_fits_as_long_as_nothing_changed() -> None:
    plan = plan_of(EVENTS, 0, 12, 12)
    assert check_prefix(iter(LINES), plan, limits(12), None).size == 12
    longer = plan_of(EVENTS, 5, 12, 12)
    assert check_prefix(iter(LINES[5:]), longer, limits(12), record(5)).size == 12


MISFITS = {
    "pruned meanwhile": (plan_of(EVENTS, 0, 12, 12), 12, (), record(5), "begins with seq 5 now"),
    "held meanwhile": (plan_of(EVENTS, 0, 12, 12), 12, ("user:user-4",), None, "seq 4 stays"),
    "too young": (plan_of(EVENTS, 0, 12, 11), 11, (), None, "seq 11 stays: recorded after"),
    "newest event": (plan_of(EVENTS, 0, 20, 30), 30, (), None, "the newest event"),
    "other events": (
        replace(plan_of(EVENTS, 0, 12, 12), last_event_hash="a" * 64), 12, (), None, "not those",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_plan_that_does_not_fit_any_more_is_refused(name: str) -> None:
    plan, cutoff, held, before, reason = MISFITS[name]
    lines = LINES[before.pruned_to if before else 0 :]
    holds = [hold(query) for query in held]
    with pytest.raises(PruneRefused, match=reason) as refused:
        check_prefix(iter(lines), plan, limits(cutoff, holds=holds), before)
    assert not isinstance(refused.value, PrefixBroken)
    assert refused.value.hint == "preview it again"
