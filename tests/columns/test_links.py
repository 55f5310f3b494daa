from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import polars as pl
import pytest

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import CHECKED, LINKS
from tests.support.chains import (
    orchestrator_chain,
    orchestrator_entry,
    orchestrator_lines,
    orchestrator_sealed,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.tampers import both, copied, edited, event_of, removed, swapped

V1 = v1_lines(v1_chain(6))
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(6))


def marked(lines: Sequence[bytes], batch: int) -> pl.DataFrame:
    marker = LinkMarker()
    rows = [
        event_row(event_of(line), line.decode(), Location(0, number, 0, len(line)))
        for number, line in enumerate(lines, 1)
    ]
    parts = [rows[at : at + batch] for at in range(0, len(rows), batch)]
    return pl.concat([marker.mark(events_frame(part)) for part in parts])


@pytest.mark.parametrize("batch", [1, 2, 6])
def test_a_whole_chain_is_joined_and_verified(batch: int) -> None:
    v1, orchestrator = marked(V1, batch), marked(ORCHESTRATOR, batch)
    assert dict(v1.schema) == CHECKED | LINKS
    assert v1["joined"].to_list() == [False] + [True] * 5  # a v1 chain may begin at any seq
    assert orchestrator["joined"].to_list() == [True] * 6
    for events in (v1, orchestrator):
        assert events["check"].to_list() == ["verified"] * 6
        assert not events["link_known"].any()


@UNMEASURED
@pytest.mark.parametrize("batch", [1, 2, 6])
@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (edited(2, action="x"), [3]),
        (edited(2, rehash=True, action="x"), [4]),
        (copied(2, 3), [4]),
        (removed(2), []),
        (edited(0, rehash=True, previous_hash="f" * 64), [1, 2]),
        (both(edited(2, event_hash="0" * 64), swapped(4, 5)), [3]),
    ],
)
def test_what_is_wrong_is_marked_on_its_own_row(
    batch: int, tamper: object, broken: list[int]
) -> None:
    assert callable(tamper)
    events = marked(tamper(list(V1)), batch)
    assert events.filter(pl.col("check") == "broken")["line"].to_list() == broken


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_a_fork_is_marked_on_the_row_that_turns_off(batch: int) -> None:
    chain = orchestrator_chain(6)
    link = str(chain[2]["event_hash"])
    fork = orchestrator_sealed([orchestrator_entry(200)], previous_hash=link)
    events = marked(orchestrator_lines([*chain[:4], *fork, *chain[4:]]), batch)
    assert events.filter(pl.col("check") == "broken")["line"].to_list() == [5]
    assert events.filter(pl.col("link_known"))["line"].to_list() == [5, 6]
    assert events.filter(pl.col("link_taken"))["line"].to_list() == [5]


def test_rows_keep_the_order_of_the_lines_whatever_the_chain() -> None:
    unhashed = orchestrator_lines([one | {"event_hash": None} for one in orchestrator_chain(6)])
    lines = [line for three in zip(V1, ORCHESTRATOR, unhashed, strict=True) for line in three]
    for batch in (1, 4, 18):
        events = marked(lines, batch)
        assert events["line"].to_list() == list(range(1, 19))
        assert events["check"].to_list() == ["verified", "verified", "unverifiable"] * 6


@UNMEASURED
@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_chains_that_are_mixed_are_marked_as_each_alone(batch: int) -> None:
    tampers = [edited(2, action="x"), copied(2, 3), removed(2), swapped(1, 4)]
    chains = [
        tamper(v1_lines(v1_chain(6, chain=f"example.org/{number}")))
        for number, tamper in enumerate(tampers)
    ]
    mixed = [line for lines in zip_longest(*chains, ORCHESTRATOR) for line in lines if line]
    events = marked(mixed, batch).partition_by("chain", maintain_order=True)
    for one, lines in zip(events, [*chains, ORCHESTRATOR], strict=True):
        alone = marked(lines, 100)
        assert one.select(*LINKS).equals(alone.select(*LINKS))


def test_no_events_are_no_batch() -> None:
    assert dict(LinkMarker().mark(events_frame(())).schema) == CHECKED | LINKS
