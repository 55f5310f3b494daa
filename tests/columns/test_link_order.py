"""The order of links, whatever order the events are given in."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.link_order import LinkOrder, in_link_order
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from tests.support.chains import orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED


def frame(count: int, *, first: int = 0) -> pl.DataFrame:
    rows = []
    for number, line in enumerate(orchestrator_lines(orchestrator_chain(count, first=first)), 1):
        event = decode_bytes(line)
        assert isinstance(event, AuditEvent)
        rows.append(event_row(event, line.decode(), Location(0, number, 0, len(line))))
    return events_frame(rows)


def jumbled(events: pl.DataFrame, rng: Random, reach: int) -> pl.DataFrame:
    """Put events in another order, none far from where it belongs."""
    order = sorted(range(events.height), key=lambda row: row + rng.uniform(0, reach))
    return events[order]


def test_events_in_order_stay_as_they_are() -> None:
    events = frame(20)
    assert in_link_order(events).equals(events)
    assert in_link_order(events.clear()).is_empty()


@UNMEASURED
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("size", [1, 7, 50])
def test_jumbled_events_are_put_in_order_over_batches(seed: int, size: int) -> None:
    events = frame(60)
    given = jumbled(events, Random(seed), 8)
    order = LinkOrder(held=20)
    parts = [order.add(given.slice(first, size)) for first in range(0, given.height, size)]
    assert pl.concat([*parts, order.rest()])["id"].to_list() == events["id"].to_list()


def test_two_chains_stay_apart_and_forks_follow_what_they_fork_from() -> None:
    one, other = frame(4), frame(4, first=9)
    mixed = pl.concat([one.head(2), other.head(1), one.tail(2), other.tail(3)])
    assert in_link_order(mixed)["id"].to_list() == [*one["id"], *other["id"]]
    fork = one.tail(1).with_columns(id=pl.lit("fork"), event_hash=pl.lit("f" * 64))
    assert in_link_order(pl.concat([fork, one]))["id"].to_list() == [*one["id"], "fork"]


def test_links_that_go_round_lose_no_event() -> None:
    events = frame(6)
    round_ = events.with_columns(previous_hash=events["event_hash"].reverse())
    assert sorted(in_link_order(round_)["id"]) == sorted(events["id"])
