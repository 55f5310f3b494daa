from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit_console.columns.held_rows import HeldRows
from audit_console.columns.stages import apply_stages
from audit_console.columns.table import GrowingTable
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.matching import Marks, matches
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from tests.columns.test_filters import frame_of
from tests.core.query.reading import EVENT, event
from tests.support.effort import UNMEASURED

ANCHOR = Anchor(datetime(2026, 11, 22, tzinfo=UTC))


def where_of(text: str) -> Filter:
    return parse(text, ANCHOR).where


@pytest.fixture
def table() -> GrowingTable:
    return GrowingTable(HeldRows(frame_of([EVENT, event(id="other", user_id="bob")])))


def test_a_view_serves_again_for_the_same_terms(table: GrowingTable) -> None:
    view = table.view(where_of("user:bob"), growing=False)
    switched_off = Filter((*where_of("user:bob").terms, *where_of("type:x").terms), frozenset({1}))
    assert table.view(switched_off, growing=False) is view


def test_a_mark_makes_only_those_views_new_that_read_marks(table: GrowingTable) -> None:
    before = {(EVENT.id, EVENT.event_hash): Marks(tags=frozenset({"a"}))}
    after = {**before, ("other", None): Marks(star=True)}
    for text, is_same in (("user:bob", True), ("-(user:x OR star:yes)", False)):
        where = where_of(text)
        view = table.view(where, before, growing=False)
        assert table.view(where, dict(before), growing=False) is view
        assert (table.view(where, after, growing=False) is view) == is_same


def test_a_table_that_grows_is_counted_anew(table: GrowingTable) -> None:
    stages = parse("| count by user", ANCHOR).stages

    def counts() -> list[tuple[object, ...]]:
        return apply_stages(table.view(EVERYTHING, growing=False), stages).rows()

    assert counts() == [("alice", 1), ("bob", 1)]
    table.append(frame_of([event(user_id="bob"), event(user_id=None)]))
    assert counts() == [("alice", 1), ("bob", 2), (None, 1)]
    table.settle()
    assert table.events.whole().n_chunks() == 1
    assert counts() == [("alice", 1), ("bob", 2), (None, 1)]


def test_pages_have_texts_and_keep_the_order_of_the_times() -> None:
    late, early, last = "2026-11-20T00:00:02Z", "2026-11-20T00:00:01Z", "2026-11-20T00:00:03Z"
    events = [event(id=time, timestamp=time, user_id=time[-3:]) for time in (late, early, last)]
    for order, expected in (((0, 2), [late, last]), ((0, 1, 2), [early, late, last])):
        table = GrowingTable(HeldRows(frame_of([])))
        table.append(frame_of([events[place] for place in order]))
        view = table.view(EVERYTHING, growing=False)
        page = view.window(0, 9, newest_first=False).rows()
        assert page["id"].to_list() == expected
        assert page.schema == frame_of(events).schema
        assert view.window(9, 1, newest_first=True).rows().schema == page.schema
        some = table.view(where_of("user:(02Z OR 03Z)"), growing=False)
        newest = some.window(0, 1, newest_first=True).rows()
        assert newest["id"].to_list() == [last]


@UNMEASURED
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(
    "query", ["seq:7", "seq:>=10", "seq:<49", "-seq:3", "seq:>40 user:u-1", ""]
)
def test_views_give_what_a_filter_keeps_by_time(query: str, *, in_order: bool) -> None:
    seqs = range(50) if in_order else [(7 * number) % 50 for number in range(50)]
    minutes = [(seq if in_order else 3 * seq % 50) // 2 for seq in seqs]  # two of a time
    events = [
        event(
            id=f"{seq}", seq=seq, user_id=f"u-{seq % 3}", timestamp=f"2026-11-20T00:{minute:02}:00Z"
        )
        for seq, minute in zip(seqs, minutes, strict=True)
    ]
    where = where_of(query)
    kept = [one for one in events if matches(where, one)]
    view = GrowingTable(HeldRows(frame_of(events))).view(where, growing=False)
    rows = view.window(0, 50, newest_first=False).rows()
    assert rows["id"].to_list() == [one.id for one in sorted(kept, key=lambda one: one.timestamp)]
