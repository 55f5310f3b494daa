from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.chain_map import (
    Cell,
    CellState,
    ChainMap,
    counts_of,
    fitted,
    joined,
)
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import Scheme
from audit_console.core.findings import Code
from audit_console.integrity import map_builder
from audit_console.integrity.map_builder import MapBuilder
from audit_console.integrity.verification import Progress, Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.memory import MemorySource
from tests.support.chains import (
    CHAIN,
    event,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED, examples

PASSED = (CellState.SEALED, CellState.VERIFIED)


def verified(lines: Iterable[bytes], *, batch_lines: int = 7) -> Verification:
    return verify(MemorySource(lines, batch_lines=batch_lines), roots=False)


def only_map(verification: Verification) -> ChainMap:
    (one,) = verification.maps
    return one


def total(cells: Iterable[Cell], state: CellState) -> int:
    return sum(cell.counts[state] for cell in cells)


def states(cells: Sequence[Cell]) -> str:
    return "".join("svpnub"[cell.state] for cell in cells)


# --- joining ----------------------------------------------------------------------------

counts = st.tuples(*[st.integers(0, 3)] * len(CellState))


@st.composite
def cell_lists(draw: st.DrawFn) -> list[Cell]:
    cells = []
    for index, (counted, absent, faults) in enumerate(
        draw(st.lists(st.tuples(counts, st.integers(0, 1), st.integers(0, 1)), max_size=40))
    ):
        first = index * 100
        cell = Cell(first=first, last=first + 99, counts=counted, absent=absent, faults=faults)
        cells.append(replace(cell, event_id=str(index) if cell.events else None))
    return cells


@examples(60)
@given(cell_lists(), st.integers(1, 50))
def test_fitting_keeps_every_event_once_in_order_and_the_worst_state_wins(
    cells: list[Cell], most: int
) -> None:
    few = fitted(cells, most)

    assert len(few) == min(len(cells), most)
    assert sum(cell.events for cell in few) == sum(cell.events for cell in cells)
    assert [cell.first for cell in few] == sorted(cell.first for cell in few)
    for cell in few:
        inside = [one for one in cells if cell.first <= one.first <= cell.last]
        assert cell.state is max(one.state for one in inside)
        assert sum(one.places for one in inside) == cell.places
    sizes = [sum(cell.first <= one.first <= cell.last for one in cells) for cell in few]
    assert not sizes or max(sizes) - min(sizes) <= 1


def test_a_joined_cell_points_to_an_event_of_its_worst_part() -> None:
    sound = Cell(first=0, last=1, counts=counts_of(verified=2), event_id="sound")
    bad = Cell(first=2, last=3, counts=counts_of(verified=1, broken=1), event_id="bad")
    assert joined(sound, bad).event_id == "bad"
    assert joined(bad, sound).event_id == "bad"
    assert joined(sound, replace(sound, event_id="later")).event_id == "sound"
    hole = Cell(first=2, last=3, counts=counts_of(), absent=2)
    assert joined(sound, hole).event_id == "sound"


# --- whole logs -------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let maps have few cells, so that small logs fill them."""
    monkeypatch.setattr(map_builder, "MOST_CELLS", 8)
    monkeypatch.setattr(map_builder, "MOST_CHAINS", 2)


@UNMEASURED
@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100])
@pytest.mark.parametrize("batch_lines", [1, 7, 1000])
def test_a_whole_log_is_verified_in_at_most_so_many_cells(count: int, batch_lines: int) -> None:
    found = only_map(verified(v1_lines(v1_chain(count)), batch_lines=batch_lines))

    assert len(found.cells) <= 8
    assert total(found.cells, CellState.VERIFIED) == count
    assert {cell.state for cell in found.cells} == {CellState.VERIFIED}
    assert found.cells[0].first == 0
    assert found.cells[-1].last == count - 1
    assert sum(cell.places for cell in found.cells) == count


@pytest.mark.usefixtures("narrow")
@examples(30)
@given(
    seqs=st.lists(st.integers(0, MAX_SEQ - 1) | st.integers(0, 30), min_size=1, max_size=60),
    batch_lines=st.integers(1, 70),
)
def test_any_order_of_any_seqs_keeps_every_event_once_in_bounded_cells(
    seqs: list[int], batch_lines: int
) -> None:
    events = linked(event(seq) for seq in seqs)
    found = only_map(verified(v1_lines(events), batch_lines=batch_lines))

    assert sum(cell.events for cell in found.cells) == len(events)
    assert len(found.cells) <= 2 * 8 + 1  # so many, and the holes around them
    whole = sorted(seqs) == list(range(len(seqs)))
    broken = any(cell.state is CellState.BROKEN for cell in found.cells)
    assert whole or broken


@examples(30)
@given(
    edited=st.sets(st.integers(0, 38), max_size=5),
    removed=st.sets(st.integers(1, 38), max_size=5),
    batch_lines=st.integers(1, 50),
)
def test_cells_are_broken_where_events_are_edited_or_absent_and_nowhere_else(
    edited: set[int], removed: set[int], batch_lines: int
) -> None:
    events = [replace(one, action="edited") if one.seq in edited else one for one in v1_chain(40)]
    kept = [one for one in events if one.seq not in removed]
    found = only_map(verified(v1_lines(kept), batch_lines=batch_lines))

    broken = {
        place
        for cell in found.cells
        if cell.state is CellState.BROKEN
        for place in range(cell.first, cell.last + 1)
    }
    assert broken == {seq for seq in edited | removed if seq <= found.cells[-1].last}
    absent = sum(cell.absent for cell in found.cells)
    assert absent == len(removed) or edited  # an edited event may not be believed its seq


def test_an_edited_seq_is_not_believed() -> None:
    events = v1_chain(10)
    events[4] = replace(events[4], seq=9 * 10**18)
    found = only_map(verified(v1_lines(events)))

    assert states(found.cells) == "vvvvbvvvvv"
    assert found.cells[-1].last == 9
    assert found.cells[4].event_id == events[4].id


def test_a_seq_that_stands_twice_is_broken_wherever_the_second_stands() -> None:
    events = v1_chain(10)
    found = only_map(verified(v1_lines([*events, events[3]])))
    assert states(found.cells) == "vvvbvvvvvv"


def test_a_fault_that_no_event_shows_is_on_the_map() -> None:
    events = v1_chain(6)
    other = linked([replace(event(3), action="other")], events[2].event_hash or "")
    found = verified(v1_lines([*events[:4], *events[4:], *other]))
    assert found.counts[Code.FORK] == 1
    assert states(only_map(found).cells) == "vvvbvv"


def test_events_without_hashes_are_unverifiable_and_counted_as_they_come() -> None:
    entries = orchestrator_chain(5)
    for entry in entries:
        del entry["previous_hash"], entry["event_hash"]
    lines = orchestrator_lines(entries)
    found = only_map(verified(lines, batch_lines=2))
    assert (found.chain, found.scheme) == ("(unhashed)", Scheme.UNHASHED)
    assert states(found.cells) == "uuuuu"
    assert [cell.first for cell in found.cells] == [0, 1, 2, 3, 4]


def test_the_orchestrators_events_are_numbered_as_they_come() -> None:
    entries = orchestrator_chain(6)
    entries[2]["action"] = "edited"
    found = only_map(verified(orchestrator_lines(entries), batch_lines=2))
    assert states(found.cells) == "vvbvvv"


@pytest.mark.usefixtures("narrow")
def test_chains_beyond_the_limit_are_checked_and_not_mapped() -> None:
    events = [one for name in ("a", "b", "c") for one in linked([event(0, name)])]
    found = verified(v1_lines(events))
    assert [one.chain for one in found.maps] == ["a", "b"]
    assert len(found.chains) == 3


# --- what else is known of a chain ------------------------------------------------------


def built(count: int) -> MapBuilder:
    builder = MapBuilder()
    for batch in MemorySource(v1_lines(v1_chain(count))).batches():
        builder.add(batch.events)
    return builder


def test_a_checkpoint_seals_what_it_covers() -> None:
    (found,) = built(6).maps(complete=True, bases={}, sealed={CHAIN: 4}, findings=())
    assert states(found.cells) == "ssssvv"
    wide = fitted(found.cells, 2)
    assert [cell.counts[CellState.SEALED] for cell in wide] == [3, 1]
    assert states(wide) == "sv"


def test_what_retention_deleted_is_a_cell_of_its_own() -> None:
    builder = MapBuilder()
    for batch in MemorySource(v1_lines(v1_chain(6)[2:])).batches():
        builder.add(batch.events)
    (found,) = builder.maps(complete=True, bases={CHAIN: 2}, sealed={}, findings=())
    assert states(found.cells) == "pvvvv"
    assert (found.cells[0].first, found.cells[0].last, found.cells[0].events) == (0, 1, 0)


def test_what_may_still_be_read_is_not_checked_and_not_absent() -> None:
    seen: list[ChainMap] = []

    def look(progress: Progress) -> None:
        seen.extend(progress.maps())

    events = v1_chain(6)
    lines = v1_lines([*events[2:], *events[:2]])
    verification = verify(MemorySource(lines, batch_lines=3), roots=False, on_progress=look)
    assert states(seen[0].cells) == "nvvv"
    assert seen[0].cells[0].counts[CellState.NOT_CHECKED] == 2
    assert all(cell.state in PASSED for cell in only_map(verification).cells)
