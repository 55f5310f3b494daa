"""What is counted over one span after the other is as if each were counted alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.filters import Filter
from audit_console.core.lasting import lasting_filter
from audit_console.retention.previewing import Previews, preview
from audit_console.retention.spans import Matches, both, changes, events_of
from audit_console.sources.memory import MemorySource
from tests.support.chains import CHAIN, v1_lines
from tests.support.effort import UNMEASURED, examples
from tests.support.reading import read_whole
from tests.support.retention import aged_chain, hold, limits

EVENTS = aged_chain(30)
WHERE = lasting_filter("user:user-4 OR user:user-5")
HELD = [one.seq or 0 for one in EVENTS if one.user_id in {"user-4", "user-5"}]

SPANS = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: range(*sorted(ends)))


@pytest.fixture(scope="module")
def source() -> MemorySource:
    return read_whole(MemorySource(v1_lines(EVENTS)))


@UNMEASURED
@given(counted=SPANS, wanted=SPANS)
def test_changes_lead_from_one_span_to_the_other(counted: range, wanted: range) -> None:
    parts = changes(counted, wanted)
    if parts is None:
        return
    amounts = dict.fromkeys(counted, 1)
    for sign, part in parts:
        for seq in part:
            amounts[seq] = amounts.get(seq, 0) + sign
    assert dict.fromkeys(wanted, 1) == {seq: n for seq, n in amounts.items() if n}
    assert sum(len(part) for _, part in parts) < len(wanted)


@examples(40)
@given(spans=st.lists(SPANS, min_size=1, max_size=6))
def test_what_filters_keep_of_spans(source: MemorySource, spans: Sequence[range]) -> None:
    matches = Matches(source, CHAIN)
    for span in spans:
        held = [seq for seq in HELD if seq in span]
        assert matches.count(WHERE, span) == len(held)
        if held:
            assert matches.first(WHERE, span) == held[0]


def test_of_a_hold_only_the_events_between_two_boundaries_are_looked_at(
    source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds = [hold("user:user-4 OR user:user-5")]
    previews = Previews(source)
    assert previews.outline(limits(20, holds=holds)).events == HELD[0]
    asked = list[Filter]()
    counts = source.counts

    def spied(where: Filter, **by: Any) -> Any:
        asked.append(where)
        return counts(where, **by)

    monkeypatch.setattr(source, "counts", spied)
    for boundary in (22, 3, 19):
        bounds = limits(boundary, holds=holds)
        made = previews.outline(bounds)
        assert made.stops == preview(source, bounds).stops
    assert both(events_of(CHAIN, 20, 22), WHERE) in asked
