from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit_console.core.filters import EVERYTHING, Between, Field, FieldName, Filter, equals
from audit_console.core.narrowing import (
    How,
    Value,
    half_around,
    narrowed,
    value_term,
    window_of,
    within,
    without_time,
)
from audit_console.core.query import filter_text, parse
from audit_console.core.timespan import Anchor

USER = Field(FieldName.USER)
ALICE = Value(USER, "alice")
NOBODY = Value(USER, None)
RESOURCE = (Value(Field(FieldName.RTYPE), "secret"), Value(Field(FieldName.RID), "a"))
NOW = datetime(2026, 11, 23, tzinfo=UTC)
EARLY, LATE = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def read(text: str) -> Filter:
    return parse(text, Anchor(NOW)).where


@pytest.mark.parametrize(
    ("before", "how", "values", "after"),
    [
        ("", How.INCLUDE, [ALICE], "user:=alice"),
        ("user:bob", How.INCLUDE, [ALICE], "user:(bob OR =alice)"),
        ("result:failure", How.INCLUDE, [NOBODY], "result:failure -user:*"),
        ("result:failure", How.EXCLUDE, [ALICE], "result:failure -user:=alice"),
        ("result:failure", How.EXCLUDE, [NOBODY], "result:failure user:*"),
        ("", How.EXCLUDE, RESOURCE, "-(rtype:=secret rid:=a)"),
        ("result:failure", How.ONLY, RESOURCE, "rtype:=secret rid:=a"),
        ("", How.REQUIRE, [ALICE], "user:*"),
        ("", How.LACK, [ALICE], "-user:*"),
        ("user:=alice result:failure", How.EXCLUDE, [ALICE], "result:failure -user:=alice"),
        ("-user:=alice result:failure", How.INCLUDE, [ALICE], "result:failure user:=alice"),
        ("-user:=alice -user:=bob", How.INCLUDE, [ALICE], "-user:=bob user:=alice"),
        ("-user:*", How.INCLUDE, [NOBODY], "-user:*"),
        ("-user:*", How.EXCLUDE, [NOBODY], "user:*"),
        ("-user:=alice", How.EXCLUDE, [ALICE], "-user:=alice"),
        ("user:=alice", How.INCLUDE, [ALICE], "user:=alice"),
        ("user:*", How.INCLUDE, [NOBODY], "-user:*"),
        ("user:*", How.LACK, [ALICE], "-user:*"),
        ("-user:*", How.REQUIRE, [ALICE], "user:*"),
        ("rtype:=secret rid:=a", How.EXCLUDE, RESOURCE, "-(rtype:=secret rid:=a)"),
        ("-(rtype:=secret rid:=a)", How.INCLUDE, RESOURCE, "rtype:=secret rid:=a"),
        ("rtype:=secret", How.EXCLUDE, RESOURCE, "rtype:=secret -(rtype:=secret rid:=a)"),
        ("user:(bob OR =alice)", How.EXCLUDE, [ALICE], "user:(bob OR =alice) -user:=alice"),
    ],
)
def test_pointing_at_a_value(before: str, how: How, values: list[Value], after: str) -> None:
    assert filter_text(narrowed(read(before), how, values)) == after


def test_a_term_that_is_switched_off_is_left_as_it_is() -> None:
    before = read("user:=alice result:failure").toggle(0)
    after = narrowed(before, How.EXCLUDE, [ALICE])
    assert after.terms[: len(before.terms)] == before.terms
    assert filter_text(after) == "result:failure -user:=alice"


@pytest.mark.parametrize(
    ("field", "text", "written"),
    [
        (Field(FieldName.SEQ), "7", "seq:7"),
        (Field(FieldName.HOUR), "7", "hour:7"),
        (Field(FieldName.WEEKDAY), "sun", "weekday:sun"),
        (Field(FieldName.DETAILS, ("a", "b")), "1.50", "details.a.b:=1.50"),
    ],
)
def test_a_value_is_a_term_of_its_field(field: Field, text: str, written: str) -> None:
    assert filter_text(Filter((value_term(Value(field, text)),))) == written


def test_a_window_is_what_all_times_leave() -> None:
    where = read("time:>=2026-11-01T00:00:00Z time:<2026-11-02T00:00:00Z user:alice")

    assert window_of(where) == Between(EARLY, LATE)
    assert window_of(EVERYTHING) == Between(None, None)


def test_another_time_takes_the_place_of_those_in_force() -> None:
    where = read("user:alice time:>=2026-10-01T00:00:00Z").with_terms(
        equals(FieldName.RESULT, "failure")
    )
    narrowed_ = within(where, Between(EARLY, LATE))

    assert window_of(narrowed_) == Between(EARLY, LATE)
    assert filter_text(without_time(narrowed_)) == "user:alice result:=failure"


def test_a_time_that_is_switched_off_stays() -> None:
    where = read("time:>=2026-10-01T00:00:00Z").toggle(0)

    assert without_time(where) == where
    assert window_of(where) == Between(None, None)


@pytest.mark.parametrize(
    ("at", "first", "last"),
    [(12.0, 6, 18), (1.0, 0, 12), (0.0, 0, 12), (23.9, 12, 24), (30.0, 12, 24), (-5.0, 0, 12)],
)
def test_half_of_a_time_stays_within_it(at: float, first: int, last: int) -> None:
    half = half_around(EARLY + timedelta(hours=at), (EARLY, LATE))
    second = timedelta(seconds=1)
    assert half == Between(EARLY + timedelta(hours=first), EARLY + timedelta(hours=last) + second)


def test_half_of_a_short_time_keeps_its_microseconds() -> None:
    moment = EARLY + timedelta(microseconds=500_000)
    half = half_around(moment, (EARLY, EARLY + timedelta(seconds=1)))
    quarter = timedelta(microseconds=250_000)
    assert half == Between(moment - quarter, moment + quarter + timedelta(microseconds=1))
