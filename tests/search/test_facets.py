"""Facets against counts in plain Python, and against a log whose numbers are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import encode_line
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time
from audit_console.core.filters import (
    EVERYTHING,
    Expression,
    FieldName,
    Filter,
    Has,
    Not,
    Term,
    equals,
)
from audit_console.core.matching import EventContext, matches
from audit_console.core.narrowing import Value, value_term
from audit_console.core.query import event_field
from audit_console.core.timespan import Duration, bin_number
from audit_console.errors import QueryError
from audit_console.search.facet_fields import (
    DEFAULT_FIELDS,
    FACET_FIELDS,
    details_fields,
    facet_field,
)
from audit_console.search.facets import BINS, Facet, FacetValue, facet, spark_every
from audit_console.search.question import Question
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support import queries
from tests.support.chains import event
from tests.support.effort import UNMEASURED, examples
from tests.support.places import sample
from tests.support.reading import question_of, read_whole
from tests.support.strategies import MOMENTS

FIELDS = [*FACET_FIELDS, "details.a", "details.tokens", "details.b.a", 'details."a.b"']


def facet_of(question: Question, field: str, *, counted: bool = True) -> Facet:
    status = question.source.status
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return facet(question, field, (status.first or now, status.last or now), counted=counted)


def users(*names: str | None) -> Facet:
    events = [replace(event(seq), user_id=name) for seq, name in enumerate(names)]
    return facet_of(question_of(events), "user")


def texts(found: Facet, *, rare: bool = False, within: str = "", limit: int = 10) -> list[str]:
    picked = found.pick(limit, rare=rare, within=within)
    return [str(value.text) for value in picked.values]


def value_of(found: Facet, text: str) -> FacetValue:
    (value,) = found.pick(0, also=[text]).others
    return value


def awkward_events(rng: Random) -> list[AuditEvent]:
    """Events of format v1, as a source in memory holds them."""
    made = (queries.event(rng) for _ in range(25))
    return [
        replace(
            one,
            scheme=Scheme.V1,
            chain="log.example/a",
            seq=seq,
            recorded_at=one.timestamp,
            event_hash=GENESIS_HASH,
        )
        for seq, one in enumerate(made)
    ]


@given(st.integers(0, 10_000), st.sampled_from(FIELDS))
@examples(150)
def test_a_facet_counts_what_matching_keeps_for_each_value(seed: int, field: str) -> None:
    rng = Random(seed)
    events = awkward_events(rng)
    where = queries.filter_of(rng, events) if rng.random() < 0.5 else EVERYTHING
    question = question_of(events, where)
    rows = pl.concat(batch.events for batch in question.source.batches())
    asked = zip(events, map(EventContext, rows["check"]), strict=True)
    kept = [(one, context) for one, context in asked if matches(where, one, context)]

    def count(term: Expression) -> int:
        return sum(matches(Filter((term,)), one, context) for one, context in kept)

    found = facet_of(question, field)
    picked = found.pick(1_000)
    counts = found.counts()
    assert counts.matched == len(kept)
    assert counts.missing == picked.absent.count == sum(picked.absent.spans)
    assert counts.missing == count(Not(Term(event_field(field), Has())))
    assert found.distinct == picked.found == len(picked.values)
    assert facet_of(question, field, counted=False).distinct == found.distinct
    for value in picked.values:
        assert value.count == count(value_term(Value(event_field(field), value.text)))
        assert value.count == sum(value.spans)
        assert value.share == value.count / len(kept)
    with_values = sum(value.count for value in picked.values)
    if "." not in field:
        assert with_values + counts.missing == counts.matched
    assert with_values + counts.textless >= count(Term(event_field(field), Has()))
    assert not found.partial


@pytest.mark.parametrize("rare", [False, True])
def test_values_of_equal_counts_are_in_order(rare: bool) -> None:
    found = users("c", "b", "b", "a", None, "d", "d", "B")
    expected = ["B", "a", "c", "b", "d"] if rare else ["b", "d", "B", "a", "c"]
    assert texts(found, rare=rare) == expected
    assert texts(found, rare=rare, limit=2) == expected[:2]


def test_a_part_of_a_value_is_searched_without_case_and_without_patterns() -> None:
    found = users("Alice", "malice", "bob", "a*", "straße", "(x)")
    assert texts(found, within="ALI") == ["Alice", "malice"]
    assert texts(found, within="*") == ["a*"]
    assert texts(found, within="SSE") == []
    assert texts(found, within="(") == ["(x)"]
    assert found.pick(1, within="ali").found == 2


def test_one_value_can_be_asked_for_though_no_event_has_it() -> None:
    found = users("alice", "alice", None)
    assert (value_of(found, "alice").count, value_of(found, "alice").share) == (2, 2 / 3)
    assert value_of(found, "Alice") == FacetValue("Alice", 0, 0.0, (0,) * found.bins)
    assert found.pick(0).absent.count == 1
    assert found.pick(0).absent.spans[-1] == 1


def test_an_empty_value_is_not_a_missing_one() -> None:
    found = users("", None, None)
    assert (found.distinct, found.counts().missing) == (1, 2)
    assert value_of(found, "").count == 1


def test_nothing_has_an_empty_facet() -> None:
    found = facet_of(question_of([]), "details.a")
    assert found.distinct == 0
    assert found.counts()[:3] == (0, 0, 0)
    assert found.pick(5)[:2] == ((), 0)
    assert found.pick(0).absent.share == 0


def test_each_value_of_an_array_counts_once_for_an_event() -> None:
    details = ['{"a":["x","y","x"]}', '{"a":"x"}', '{"a":[{"b":1},"y"]}', '{"a":{}}', "{}", None]
    events = [replace(event(seq), details=text) for seq, text in enumerate(details)]
    found = facet_of(question_of(events), "details.a")
    assert {value.text: value.count for value in found.pick(9).values} == {"x": 2, "y": 2}
    assert found.counts()[:3] == (6, 2, 2)
    assert value_of(found, "x").share == 2 / 6


def test_numbers_are_a_part_while_the_log_is_read() -> None:
    source = MemorySource([line.encode() for line in _lines(6)], batch_lines=2)
    reading = source.batches()
    next(reading)
    question = Question(source, EVERYTHING)
    assert facet_of(question, "user").partial
    assert facet_of(question, "user").counts().matched == 2
    list(reading)
    assert not facet_of(question, "user").partial


def _lines(count: int) -> list[str]:
    return [encode_line(event(seq)) for seq in range(count)]


def test_a_sparkline_runs_through_the_window_and_counts_go_beyond() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    times = [start + timedelta(minutes=minute) for minute in (0, 1, 59, 60, 500)]
    events = [replace(event(seq), timestamp=format_time(time)) for seq, time in enumerate(times)]
    found = facet(question_of(events), "result", (start, start + timedelta(hours=1)))
    failure = value_of(found, "failure")
    assert failure.count == 5
    assert (failure.spans[0], failure.spans[-1], sum(failure.spans)) == (2, 2, 4)
    assert len(failure.spans) == found.bins


@given(MOMENTS, MOMENTS, st.integers(2, 60))
@examples(200)
def test_a_window_has_no_more_spans_than_bins(one: datetime, other: datetime, bins: int) -> None:
    first, last = min(one, other), max(one, other)
    every = spark_every(first, last, bins)
    assert bin_number(last, every) - bin_number(first, every) < bins


def test_a_window_that_ends_before_it_starts_is_a_single_span() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert spark_every(start, start - timedelta(days=1)) == Duration(1, "s")
    found = facet(question_of([event(0)]), "user", (start, start - timedelta(days=1)))
    assert (found.bins, found.counts().matched) == (1, 1)
    assert BINS == 12


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("user", "user"),
        ("  USER ", "user"),
        ("details.geo.city", "details.geo.city"),
        ('details."a b"', 'details."a b"'),
        ("Details.A", "details.A"),
        ("weekday", "weekday"),
    ],
)
def test_a_field_is_read_as_it_is_typed(typed: str, field: str) -> None:
    assert facet_field(typed) == field


@pytest.mark.parametrize(
    ("typed", "says", "hint"),
    [
        ("", "a field is missing", "details.name"),
        ("usr", "unknown field usr", "user"),
        ("username", "unknown field username", "user"),
        ("details", "unknown field details", "details.name"),
        ("details.", "unknown field details", "details.name"),
        ("star", "filters alone", ""),
        ("time", "no facet", "timeline"),
        ("user action", "one field", ""),
        ("user | count", "one field", ""),
        ("details.a b", "one field", "quote"),
        ('details."a', "not closed", ""),
    ],
)
def test_another_field_is_refused(typed: str, says: str, hint: str) -> None:
    with pytest.raises(QueryError, match=says) as raised:
        facet_field(typed)
    assert hint in raised.value.suggestion


def test_the_fields_shown_at_first_are_fields() -> None:
    assert [facet_field(name) for name in DEFAULT_FIELDS] == list(DEFAULT_FIELDS)


def test_paths_of_details_are_those_that_lead_to_values() -> None:
    details = '{"a":1,"b":{"c":["x",{"d":true}],"e":null},"f g":[[1]],"a":2,"h":[]}'
    assert details_fields(details) == ("details.a", "details.b.c", "details.b.c.d")
    assert details_fields('{"f g":"x","\\"":0}') == ('details."f g"', 'details."\\""')
    assert details_fields(None) == ()
    assert details_fields('{"n":' + "9" * 5_000 + "}") == ("details.n",)
    assert details_fields("[" * 100_000) == ()


def test_every_path_that_is_offered_has_values() -> None:
    rng = Random(5)
    events = awkward_events(rng)
    question = question_of(events)
    offered = {field for one in events for field in details_fields(one.details)}
    assert len(offered) > 10
    for field in offered:
        found = facet_of(question, field)
        assert facet_field(field) == field
        counts = found.counts()
        assert counts.missing < counts.matched


@pytest.fixture(scope="module")
def invictus() -> Question:
    source = read_whole(open_archive([str(sample("invictus.jsonl"))], keep=True))
    return Question(source, EVERYTHING)


@UNMEASURED
def test_the_numbers_of_a_real_log(invictus: Question) -> None:
    found = facet_of(invictus, "user")
    assert found.distinct == 21
    found = facet_of(invictus, "ip")
    assert (found.distinct, found.counts().missing) == (7, 353)
    found = facet_of(invictus, "action")
    assert found.distinct == 262
    assert sum(value.count == 1 for value in found.pick(1_000).values) == 72
    assert {value.count for value in found.pick(72, rare=True).values} == {1}
    assert value_of(facet_of(invictus, "result"), "failure").count == 300
    failures = invictus.narrowed(equals(FieldName.RESULT, "failure"))
    assert facet_of(failures, "user").counts().matched == 300
