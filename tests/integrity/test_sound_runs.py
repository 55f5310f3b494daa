"""Of lines that are sound, a run tells what their columns do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from audit_console.columns.cells import (
    places,
    stretches,
    stretches_of_run,
    width_for,
    width_for_run,
)
from audit_console.columns.links import LinkMarker
from audit_console.columns.sound import SoundRun, sound_run
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.findings import FindingList
from audit_console.core.prunes import PruneHistory
from audit_console.core.v1_chain import V1Chain
from audit_console.integrity.trees import TreeGrower
from audit_console.sources.archive import ArchiveSource, open_archive
from audit_console.sources.archive.blocks import Block
from audit_console.sources.archive.parse import LineParser
from audit_console.sources.protocol import Part, Status
from tests.support.chains import BEGIN, CHAIN, branch, event, linked, rehashed, v1_chain, v1_lines
from tests.support.compiled import NEEDS_COMPILED
from tests.support.effort import UNMEASURED, examples
from tests.support.places import text_of
from tests.support.trusting import leaves, stored, trust_in

pytestmark = [NEEDS_COMPILED, UNMEASURED]  # what is judged here, columns judge elsewhere

COUNT = 40


def parsed(lines: Sequence[bytes]) -> pl.DataFrame:
    return LineParser().parse(Block(0, 1, 0, text_of(lines))).events


def run_of(lines: Sequence[bytes]) -> SoundRun:
    run = sound_run(0, 1, 0, text_of(lines))
    assert run is not None
    return run


@st.composite
def chains(draw: st.DrawFn) -> list[AuditEvent]:
    """A chain in which times come twice, and those of the events in any order."""
    events, recorded = [], BEGIN
    for seq in range(COUNT):
        recorded += timedelta(seconds=draw(st.integers(0, 1)))
        occurred = BEGIN + timedelta(seconds=draw(st.integers(0, 9)))
        one = replace(event(seq), recorded_at=format_time(recorded))
        events.append(replace(one, timestamp=format_time(occurred)))
    return linked(events)


parts = st.tuples(st.integers(0, COUNT - 1), st.integers(1, COUNT)).map(
    lambda part: slice(part[0], part[0] + part[1])
)


@examples(60)
@given(chains(), parts, st.integers(1, 9), st.integers(1, 9))
def test_stretches_are_those_of_its_events(
    chain: list[AuditEvent], part: slice, width: int, most: int
) -> None:
    lines = v1_lines(chain[part])
    run, events = run_of(lines), LinkMarker().mark(parsed(lines))
    place = places(events, part.start - 1)
    assert list(stretches_of_run(run, width)) == sorted(stretches(events, place, width))
    assert width_for_run(run, width, most) == width_for(place, width, most)


@examples(30)
@given(chains(), parts, st.integers(0, COUNT), st.sets(st.integers(1, COUNT), min_size=1))
def test_trees_and_newest_events_are_those_of_its_events(
    chain: list[AuditEvent], part: slice, cut: int, sizes: set[int]
) -> None:
    """However they are cut into runs."""
    vouchers = trust_in().vouchers([stored(leaves(chain), size) for size in sizes])
    before, lines = v1_lines(chain[: part.start]), v1_lines(chain[part])
    by_columns, by_run = (TreeGrower(vouchers, PruneHistory(), everywhere=False) for _ in range(2))
    for grower in (by_columns, by_run):
        grower.add_events(parsed(before))
    by_columns.add_events(parsed(lines))
    by_columns.note_times(LinkMarker().mark(parsed(lines)))
    for run in map(run_of, filter(None, (lines[:cut], lines[cut:]))):
        by_run.add_run(run)
        by_run.note_times_of_run(run)
    read = V1Chain(CHAIN, FindingList())
    assert by_run.heads_of(read) == by_columns.heads_of(read)


def test_a_log_was_read_as_far_in_runs_as_in_batches(tmp_path: Path) -> None:
    times = [format_time(BEGIN + timedelta(seconds=(7 * seq + 3) % COUNT)) for seq in range(COUNT)]
    events = linked(replace(event(seq), timestamp=time) for seq, time in enumerate(times))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(v1_lines(events)))

    def status_behind(read: Callable[[ArchiveSource], Iterable[Part]]) -> Status:
        with closing(open_archive([str(path)], keep=False)) as source:
            deque(read(source), maxlen=0)
            return source.status

    assert status_behind(ArchiveSource.parts) == status_behind(ArchiveSource.batches)


ONE, OTHER = v1_chain(9), v1_chain(9, chain="other")
MADE_UP = linked([replace(one, action="made up") for one in ONE], "f" * 64)
CHANGED = [rehashed(replace(one, action="changed")) for one in ONE]
WRITTEN = [v1_lines(written) for written in (ONE, ONE, OTHER, branch(ONE, 0, 8), MADE_UP, CHANGED)]
BEHIND = ONE[4].event_hash or ""
CROSSED = v1_lines(linked([replace(one, chain="other") for one in ONE[5:]], BEHIND))
REPEATED = v1_lines(linked(ONE[4:], BEHIND))
blocks = st.tuples(st.sampled_from(WRITTEN), st.integers(0, 8), st.integers(1, 4)).map(
    lambda drawn: drawn[0][drawn[1] : drawn[1] + drawn[2]]
)


@examples(60)
@given(st.lists(blocks, min_size=1, max_size=6))
@example([v1_lines(OTHER[:5]), v1_lines(ONE[:5]), CROSSED])
@example([v1_lines(ONE[:5]), REPEATED])
@example([v1_lines(ONE[:2]), v1_lines(ONE[2:4]), v1_lines(OTHER[:2]), v1_lines(MADE_UP[4:6])])
@example([v1_lines(ONE[:5]), v1_lines(CHANGED[5:])])
def test_it_is_taken_where_all_its_events_are_verified(logged: list[list[bytes]]) -> None:
    marks = LinkMarker().mark(parsed([line for lines in logged for line in lines]))["check"]
    marker, begin = LinkMarker(), 0
    for lines in logged:
        run = sound_run(0, 1, 0, text_of(lines))
        expected = marks[begin : begin + len(lines)].to_list()
        begin += len(lines)
        if run is not None and marker.takes(run):
            assert expected == ["verified"] * len(lines)
        else:
            assert run is None or expected[0] == "broken"
            assert marker.mark(parsed(lines))["check"].to_list() == expected
