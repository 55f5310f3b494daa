"""Ranges of positions that more than one event claims."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.claims import SeqRange, add_range
from audit_console.core.ordered import Ordered
from tests.support.effort import examples

SPANS = st.tuples(st.integers(0, 40), st.integers(0, 6)).map(
    lambda span: SeqRange(span[0], span[0] + span[1])
)


@examples(200)
@given(st.lists(SPANS, max_size=12))
def test_ranges_hold_what_was_added_in_order_and_apart(spans: list[SeqRange]) -> None:
    ranges: Ordered[SeqRange] = Ordered()
    for span in spans:
        add_range(ranges, span)
    held = [seq for one in ranges for seq in range(one.first, one.last + 1)]
    assert held == sorted({seq for one in spans for seq in range(one.first, one.last + 1)})
    assert all(one.last + 1 < other.first for one, other in pairwise(ranges))


def test_a_range_of_one_place_names_one() -> None:
    assert [str(SeqRange(5, 5)), str(SeqRange(5, 9))] == ["seq 5", "seq 5 to 9"]
