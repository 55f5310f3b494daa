"""What a preview says is what a prune does, on every source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.event import AuditEvent, format_time, parse_time
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.core.prefix import find_prefix
from audit_console.core.retention import KeepLonger, Limits, RetentionPolicy
from audit_console.database import connect
from audit_console.errors import PrefixBroken, PruneRefused, UsageError
from audit_console.integrity.trust import Trust
from audit_console.integrity.verifier import verify
from audit_console.retention.preview import Preview, Stop
from audit_console.retention.previewing import Previews, preview
from audit_console.retention.soundness import faults_in, require_sound
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import Source
from audit_console.writer.pruning.postgres import PostgresPruner
from tests.support.chains import CHAIN, linked, orchestrator_chain, orchestrator_lines, v1_lines
from tests.support.effort import UNMEASURED, examples
from tests.support.postgres import fill
from tests.support.reading import read_whole
from tests.support.retention import (
    POLICY,
    REQUEST,
    aged_chain,
    day,
    hold,
    limits,
    plan_of,
    pruner,
    store,
)
from tests.support.trusting import leaves, stored, trust_in

EVENTS = aged_chain(30)
Open = Callable[[Sequence[AuditEvent]], Source]


def in_memory(events: Iterable[AuditEvent], checkpoints: Sequence[str] = ()) -> MemorySource:
    return read(MemorySource(v1_lines(events), checkpoints=checkpoints))


def read(source: MemorySource) -> MemorySource:
    return read_whole(source)


@pytest.fixture(params=["memory", "archive"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    sources = ExitStack()

    def open_log(events: Sequence[AuditEvent]) -> Source:
        if request.param == "memory":
            return in_memory(events)
        store(tmp_path, events, (8, 20))
        source = sources.enter_context(closing(open_archive([str(tmp_path)], keep=True)))
        verify(source)
        return source

    with sources:
        yield open_log


@UNMEASURED
def test_the_whole_of_a_preview(opened: Open) -> None:
    source = opened(EVENTS)
    made = preview(source, limits(12))
    assert made.plan == plan_of(EVENTS, 0, 12, 12)
    assert (made.chain, made.events, made.kept) == (CHAIN, 12, 18)
    assert (made.first_seq, made.last_seq, made.head_hash) == (0, 29, EVENTS[-1].event_hash)
    assert (made.cutoff, made.policy_days, made.stops) == (day(12), 10, ())
    assert (made.covering, made.backed_to, made.before, made.faults) == ((), 0, None, None)
    size = sum(len(line) + 1 for line in v1_lines(EVENTS[:12]))
    assert made.bytes == size
    by = {one.field: one for one in made.breakdowns}
    assert list(by) == ["type", "user", "resource", "result"]
    gone = EVENTS[:12]
    assert dict(by["user"].rows) == Counter(one.user_id for one in gone)
    assert dict(by["resource"].rows) == Counter(
        f"{one.resource_type}/{one.resource_id}" for one in gone
    )
    assert by["type"].rows == (("config_change", 12),)
    assert by["result"].rows == (("failure", 12),)
    assert by["user"].values == 7
    assert [count for _, count in made.days] == [1] * 12
    assert made.days[0][0] == day(0)


def test_days_without_events_are_left_out_and_what_most_have_comes_first(opened: Open) -> None:
    times = [day(0), *[day(9_000)] * 2, *[day(9_000.5)] * 3, day(9_001)]
    chain = linked(
        replace(one, timestamp=format_time(time), user_id=user)
        for one, time, user in zip(EVENTS, times, [None, *"ababbb"], strict=False)
    )
    made = preview(opened(chain), limits(20))
    assert made.days == ((day(0), 1), (day(9_000), 5))
    by = {one.field: one for one in made.breakdowns}
    assert by["user"].rows == (("b", 3), ("a", 2), (None, 1))
    assert by["type"].rows == (("config_change", 6),)


@UNMEASURED
def test_holds_and_rules_stop_it(opened: Open) -> None:
    policy = RetentionPolicy(days=10, longer=(KeepLonger("user:user-2", 14),))
    found = preview(opened(EVENTS), limits(20, policy=policy, holds=[hold("user:user-5")]))
    assert [(stop.reason, stop.events, stop.first_seq) for stop in found.stops] == [
        ("under hold h1 of legal: user:user-5 (case 7)", 3, 5),
        ("kept 14 days: user:user-2", 1, 16),
    ]
    assert (found.events, found.kept) == (5, 25)


def test_a_hold_that_the_log_tells_of_and_the_book_lacks(opened: Open) -> None:
    added, ended = HoldChange("add", hold("id:*")), HoldChange("add", hold("ip:*", "h2"))
    told = [(1, added), (2, ended), (3, replace(ended, change="remove"))]
    events = list(EVENTS)
    telling = replace(
        EVENTS[4],
        event_type="system_event",
        resource_type="system",
        resource_id=CHAIN,
        action=added.action,
        details=None,
    )
    events[4] = telling
    for seq, change in told:
        told_by = replace(telling, action=change.action, details=change.text)
        events[seq] = replace(told_by, seq=seq, id=events[seq].id)
    source = opened(linked(events))
    previews = Previews(source)
    with pytest.raises(PruneRefused, match="the log tells of hold h1 of legal"):
        previews.outline(limits(12))
    assert previews.outline(limits(12, holds=[added.hold])).holds == (added.hold,)


@UNMEASURED
def test_nothing_goes(opened: Open) -> None:
    source = opened(EVENTS)
    for made in (preview(source, limits(0)), preview(source, limits(9, holds=[hold("id:*")]))):
        assert (made.plan, made.events, made.kept, made.bytes) == (None, 0, 30, 0)
        assert (made.breakdowns, made.days) == ((), ())


@UNMEASURED
def test_the_newest_event_stays(opened: Open) -> None:
    made = preview(opened(EVENTS), limits(100))
    assert (made.events, made.kept) == (29, 1)
    assert made.stops == (Stop("the newest event of a chain always stays", 1, 29),)


def test_a_chain_whose_beginning_is_not_here(opened: Open) -> None:
    with pytest.raises(PruneRefused, match="begins here with seq 3, not with 0"):
        preview(opened(EVENTS[3:]), limits(12))


def test_a_chain_with_a_hole(opened: Open) -> None:
    with pytest.raises(PruneRefused, match=r"seq 1\d of .* is not here"):
        preview(opened([*EVENTS[:10], *EVENTS[20:]]), limits(12))


def test_a_log_that_is_still_read() -> None:
    with pytest.raises(PruneRefused, match="not read to its end"):
        preview(MemorySource(v1_lines(EVENTS)), limits(12))


def test_one_of_several_chains() -> None:
    other = linked([replace(one, chain="example.org/other") for one in EVENTS[:9]])
    source = in_memory([*EVENTS, *other])
    with pytest.raises(UsageError, match="several chains") as refused:
        preview(source, limits(12))
    assert "--chain example.org/other" in refused.value.hint
    assert preview(source, limits(5), chain="example.org/other").kept == 4
    assert preview(source, limits(12), chain=CHAIN).kept == 18
    with pytest.raises(UsageError, match="no chain 'x'"):
        preview(source, limits(5), chain="x")


def test_a_log_without_chains_is_only_counted() -> None:
    entries = orchestrator_chain(10)
    source = read(MemorySource(orchestrator_lines(entries)))
    cutoff = parse_time(str(entries[6]["timestamp"]))
    holds = [hold("user:nobody"), hold("user:user-2", "h2")]
    made = preview(source, Limits(cutoff, POLICY, holds))
    assert (made.chain, made.plan, made.events, made.kept) == (None, None, 6, 4)
    assert [(stop.events, stop.first_seq) for stop in made.stops] == [(1, None)]
    with pytest.raises(UsageError, match="there is no chain 'x'") as refused:
        preview(source, limits(5), chain="x")
    assert refused.value.hint == "its events are of no chain"


def test_all_of_a_log_without_chains_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = orchestrator_chain(10)
    source = read(MemorySource(orchestrator_lines(entries)))
    times = [parse_time(str(entry["timestamp"])) for entry in entries]
    counts, asked = source.counts, []

    def counted(where: Filter, **by: Any) -> Any:
        asked.append(where)
        return counts(where, **by)

    monkeypatch.setattr(source, "counts", counted)
    previews = Previews(source)
    for older in (6, 3, 9):
        made = previews.outline(Limits(times[older], POLICY, []))
        assert (made.events, made.kept) == (older, 10 - older)
    assert asked.count(EVERYTHING) == 1


def test_a_log_without_events() -> None:
    made = preview(in_memory([]), limits(5))
    assert (made.chain, made.events, made.kept) == (None, 0, 0)


@UNMEASURED
@pytest.mark.parametrize(
    ("size", "witnesses", "at", "backed_to"),
    [
        (12, (), None, 12),
        (11, (), None, 11),
        (30, (), None, 30),
        (12, None, day(11), 12),
        (7, None, day(11), 7),
        (12, None, day(13), 0),
        (12, None, None, 0),
    ],
)
def test_checkpoints_that_cover_what_goes(
    size: int, witnesses: tuple[()] | None, at: datetime | None, backed_to: int
) -> None:
    trust: Trust = trust_in(witnesses=witnesses)
    source = in_memory(EVENTS, checkpoints=[stored(leaves(EVENTS), size, at=at)])
    made = preview(source, limits(12), trust=trust)
    assert (made.backed_to, made.backed) == (backed_to, backed_to >= 12)
    assert made.names_witnesses is (witnesses is None)
    assert [head.size for head in made.covering] == ([size] if size >= 12 else [])


@UNMEASURED
def test_a_second_prune_goes_on_behind_the_first(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    list(pruner(path).steps(plan_of(EVENTS, 0, 10, 10), POLICY, REQUEST, day(40)))
    with closing(open_archive([str(tmp_path)], keep=True)) as source:
        verify(source)
        made = preview(source, limits(25))
    assert made.plan == plan_of(EVENTS, 10, 25, 25)
    assert made.before is not None
    assert made.before.pruned_to == 10
    list(pruner(path).steps(made.plan, POLICY, REQUEST, day(41)))
    assert made.events == 15


def test_faults_among_what_goes_are_told() -> None:
    plan = plan_of(EVENTS, 0, 12, 12)
    sound = verify(MemorySource(v1_lines(EVENTS)))
    assert faults_in(sound, plan) == []
    require_sound(sound, plan)
    for seq, found in ((5, [Code.EVENT_HASH_MISMATCH]), (15, [])):
        edited = [replace(one, user_id="x") if one.seq == seq else one for one in EVENTS]
        broken = verify(MemorySource(v1_lines(edited)))
        assert [one.code for one in faults_in(broken, plan)] == found
    lines = [*v1_lines(EVENTS), b"{}"]
    with pytest.raises(PrefixBroken, match="MALFORMED"):
        require_sound(verify(MemorySource(lines)), plan)


@examples(40)
@given(st.data())
def test_columns_find_what_reading_event_by_event_finds(data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=14))
    times = [day(sum(gaps[: number + 1])) for number in range(len(gaps))]
    events = linked(
        replace(one, recorded_at=format_time(at), timestamp=format_time(at))
        for one, at in zip(aged_chain(len(gaps)), times, strict=True)
    )
    longer = data.draw(st.lists(st.integers(10, 30), max_size=2))
    policy = RetentionPolicy(
        days=10, longer=tuple(KeepLonger(f"user:user-{days % 7}", days) for days in longer)
    )
    held = [hold(f"user:user-{user}") for user in data.draw(st.sets(st.integers(0, 6), max_size=2))]
    bounds = limits(data.draw(st.integers(0, 40)), holds=held, policy=policy)
    made: Preview = preview(in_memory(events), bounds)
    found = find_prefix(iter(v1_lines(events)), CHAIN, bounds, None)
    assert made.plan == (found.plan if found else None)


@UNMEASURED
@pytest.mark.parametrize("near", [256, 2])
def test_a_table_is_not_asked_for_each_event_of_a_bisection(
    database: str, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    # What is recorded late stands far from what happened at the same time.
    events = linked(
        replace(one, timestamp=format_time(day(0))) if one.seq in {9, 10, 11, 29} else one
        for one in EVENTS
    )
    with closing(connect(database)) as connection:
        fill(connection, events)
    monkeypatch.setattr("audit_console.retention.chain.NEAR", near)
    pages = 0

    def counted(*args: Any, **asked: Any) -> Any:
        nonlocal pages
        pages += 1
        return page(*args, **asked)

    with closing(open_postgres(database)) as source:
        page = source.page
        monkeypatch.setattr(source, "page", counted)
        previews = Previews(source)
        for boundary in (1, 9.5, 11, 20, 29, 40):
            made = previews.outline(limits(boundary))
            end = min(ceil(boundary), 29)
            assert made.plan == plan_of(events, 0, end, boundary)
            assert (made.events, made.kept, made.counted) == (end, 30 - end, False)
        assert previews.outline(limits(0)).plan is None
    assert (pages <= 3 * 7) is (near == 256)


@UNMEASURED
def test_what_stays_is_counted_once_and_anew_when_the_chain_was_pruned(database: str) -> None:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    with closing(open_postgres(database)) as source:
        previews = Previews(source)
        for boundary in (12, 13, 0):
            made = previews.count(previews.outline(limits(boundary)))
            assert (made.events, made.kept, made.counted) == (boundary, 30 - boundary, True)
            assert made == preview(source, limits(boundary))
        list(
            PostgresPruner(database, chain=CHAIN).steps(
                plan_of(EVENTS, 0, 10, 10), POLICY, REQUEST, day(40)
            )
        )
        made = previews.count(previews.outline(limits(13)))
        assert (made.events, made.kept) == (3, 17)
        assert made == preview(source, limits(13))


def test_the_bytes_of_a_table_are_the_share_of_what_goes(database: str) -> None:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
        with closing(open_postgres(database)) as source:
            assert preview(source, limits(12)).about_bytes is None
        connection.execute("ANALYZE audit_events")
        [(size,)] = connection.execute("SELECT pg_total_relation_size('audit_events')").fetchall()
    with closing(open_postgres(database)) as source:
        assert preview(source, limits(12)).about_bytes == round(size * 12 / len(EVENTS))
        assert preview(source, limits(0)).about_bytes is None
