from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns.filters import keeps
from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Equals, Filter, FilterField, matches
from tests.support.effort import examples
from tests.support.strategies import TEXT, v1_events

FIELDS: tuple[FilterField, ...] = get_args(FilterField)


@st.composite
def filters_and_events(draw: st.DrawFn) -> tuple[Filter, list[AuditEvent]]:
    """Events, and a filter whose values are often theirs."""
    events = draw(st.lists(v1_events(), max_size=8))
    terms = []
    for _ in range(draw(st.integers(0, 2))):
        field = draw(st.sampled_from(FIELDS))
        odd: st.SearchStrategy[str | int | None] = st.none() | TEXT | st.integers(-1, 2**70)
        own = [getattr(event, field) for event in events]
        value = draw(st.sampled_from(own) | odd if own else odd)
        terms.append(Equals(field, draw(st.sampled_from([value, value, str(value)]))))
    return Filter(tuple(terms)), events


@examples(150)
@given(filters_and_events())
def test_the_expression_keeps_what_matches(pair: tuple[Filter, list[AuditEvent]]) -> None:
    where, events = pair
    frame = events_frame(
        event_row(event, encode_line(event), Location(0, 1, 0, 0)) for event in events
    )
    kept = frame.select("seq", kept=keeps(where))["kept"].to_list()
    assert kept == [matches(where, event) for event in events]


@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_filter_keeps_everything_and_is_false(field: FilterField) -> None:
    assert not EVERYTHING
    assert Filter((Equals(field, None),))
