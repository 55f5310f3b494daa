from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from audit_console.core.around import resolve
from audit_console.core.filters import (
    EVERYTHING,
    TEXT_ATTRIBUTES,
    And,
    Around,
    Between,
    Exact,
    Expression,
    Field,
    FieldName,
    Filter,
    Has,
    Like,
    Not,
    Or,
    Term,
    Text,
    all_of,
    any_of,
    equals,
    lacking,
    may_lack,
    terms_of,
)
from audit_console.core.matching import EventContext, Marks, matches
from audit_console.core.query import parse
from audit_console.errors import UsageError
from tests.core.query.reading import ANCHOR, EVENT, NOBODY, event, keeps

ALICE, BOB = (Term(Field(FieldName.USER), Like(name)) for name in ("alice", "bob"))
ATTRIBUTES = {**TEXT_ATTRIBUTES, FieldName.SEQ: "seq"}


def test_no_term_keeps_everything() -> None:
    assert not EVERYTHING
    assert matches(EVERYTHING, NOBODY)


def test_a_term_that_is_off_is_not_lost() -> None:
    where = Filter((ALICE, BOB)).toggle(1)
    assert where.active == (ALICE,)
    assert matches(where, EVENT)
    assert where.toggle(1) == Filter((ALICE, BOB))
    assert not Filter((ALICE,)).toggle(0)
    assert where.with_terms(Text("x")) == Filter((ALICE, BOB, Text("x")), frozenset({1}))
    assert where.without(0) == Filter((BOB,), frozenset({0}))
    assert where.without(1) == Filter((ALICE,))


def test_values_of_a_field_that_are_added_become_alternatives() -> None:
    where = Filter((ALICE,)).with_terms(Text("x"), BOB)
    assert where == parse("user:(alice OR bob) x", ANCHOR).where


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_equality_is_exact_and_knows_what_is_missing(name: FieldName) -> None:
    attribute = ATTRIBUTES[name]
    value = getattr(EVENT, attribute)
    assert matches(Filter((equals(name, value),)), EVENT)
    assert not matches(Filter((equals(name, None),)), EVENT)
    assert matches(Filter((equals(name, None),)), event(**{attribute: None}))
    assert not matches(Filter((equals(name, value),)), event(**{attribute: None}))
    if isinstance(value, str) and value.swapcase() != value:
        assert not matches(Filter((equals(name, value.swapcase()),)), EVENT)


def test_no_text_equals_a_number() -> None:
    assert not matches(Filter((equals(FieldName.SEQ, "7"),)), EVENT)
    assert matches(Filter((equals(FieldName.USER, 7),)), event(user_id="7"))


def test_expressions_keep_a_normal_form() -> None:
    a, b, c = Text("a"), Text("b"), Text("c")
    assert all_of([a, And((b, c))]) == And((a, b, c))
    assert any_of([Or((a, b)), c]) == Or((a, b, c))
    assert all_of([a]) == any_of([a]) == a


def test_fields_that_may_be_lacking_are_named_once() -> None:
    where = parse(
        "-user:a -user:b -type:x -(ip:10.0.0.1 OR x) -details.a.b:x agent:x", ANCHOR
    ).where
    fields = may_lack(where)
    assert fields == (Field(FieldName.USER), Field(FieldName.DETAILS, ("a", "b")))
    assert matches(lacking(parse("-user:x", ANCHOR).where, fields[0]), NOBODY)
    assert not matches(lacking(parse("-user:x", ANCHOR).where, fields[0]), EVENT)
    assert may_lack(where.toggle(0).toggle(1)) == fields[1:]


def test_around_is_resolved_wherever_it_stands() -> None:
    where = parse("a OR -(around:x±1h b) (around:x±1s)", ANCHOR).where
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    resolved = resolve(where, {"x": moment}.get)
    hour, tick = timedelta(hours=1), timedelta(microseconds=1)
    between = Term(Field(FieldName.TIME), Between(moment - hour, moment + hour + tick))
    assert resolved.terms[0] == Or(
        (
            Text("a"),
            And(
                (
                    Not(And((between, Text("b")))),
                    Term(
                        Field(FieldName.TIME),
                        Between(
                            moment - timedelta(seconds=1), moment + timedelta(seconds=1) + tick
                        ),
                    ),
                )
            ),
        )
    )


def test_around_at_the_ends_of_time_has_one_bound() -> None:
    first = datetime.min.replace(tzinfo=UTC)
    term: Expression = Term(Field(FieldName.TIME), Around("x", timedelta(hours=1)))
    resolved = resolve(Filter((term, ALICE), frozenset({1})), lambda _: first)
    end = first + timedelta(hours=1, microseconds=1)
    assert resolved.terms[0] == Term(Field(FieldName.TIME), Between(None, end))
    assert resolved.off == frozenset({1})


def test_around_an_unknown_event_is_an_error() -> None:
    where = parse("around:x±5m", ANCHOR).where
    with pytest.raises(UsageError, match="no event x") as raised:
        resolve(where, lambda _: None)
    assert raised.value.hint
    with pytest.raises(ValueError, match="resolved"):
        matches(where, EVENT)


def test_the_state_of_the_check_is_passed_beside_the_event() -> None:
    broken = EventContext(check="broken")
    assert keeps("chain:broken", EVENT, broken)
    assert keeps("chain:(broken OR unverifiable)", EVENT, broken)
    assert not keeps("chain:verified", EVENT, broken)
    assert keeps("-chain:verified", EVENT)
    assert keeps("chain:audit.example.org/*", EVENT, broken)
    assert not keeps("chain:=broken", EVENT, broken)


def test_marks_are_passed_beside_the_event() -> None:
    marked = EventContext(marks=Marks(star=True, tags=frozenset({"x", "Case 7"}), note="look here"))
    assert keeps('star:yes tag:x tag:"case 7" note:*here', EVENT, marked)
    assert not keeps("star:no", EVENT, marked)
    assert keeps("star:no -tag:* -note:*", EVENT)
    assert keeps("tag:* note:*", EVENT, marked)


@pytest.mark.parametrize(
    ("query", "address", "kept"),
    [
        ("ip:2001:db8::/32", "2001:DB8:0::1", True),
        ("ip:2001:db8::1", "2001:db8:0:0::1", True),
        ("ip:10.0.0.7", "::ffff:10.0.0.7", False),
        ("ip:0.0.0.0/0", "10.0.0.07", False),
        ("ip:::/0", "fe80::1%eth0", False),
        ("ip:10.0.0.0/8", "", False),
        ("ip:10.0.*", "10.0.0.x", True),
        ('ip:"10.0.0.x"', "10.0.0.X", True),
        ("ip:/^10/", "10.0.0.7", True),
        ("ip:=10.0.0.7", "10.0.0.7", True),
        ("ip:*", "", True),
    ],
)
def test_addresses_are_compared_as_addresses(query: str, address: str, kept: bool) -> None:
    assert keeps(query, event(ip_address=address)) == kept


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("details.scopes:write", True),
        ("details.geo:*", True),
        ("details.geo:/x/", False),
        ("details.geo.city:BERN", True),
        ("details.Geo.city:bern", False),
        ("details.tokens:1500", True),
        ("details.tokens:1_00", False),
        ("details.tokens:1500..1500", True),
        ("details.tokens:>=1500.00", True),
        ("details.tokens:<1500.0000001", True),
        ("details.tokens:(<5 OR 1000..2000)", True),
        ("details.model:>=4", False),
        ("details.missing:*", False),
        ("-details.missing:x", True),
        ("seq:7 seq:>6 seq:<=7", True),
        ("seq:>7", False),
        ("seq:*", True),
        ("hour:10 weekday:sun", True),
        ("hour:>10", False),
        ("hour:<10", False),
        ("weekday:mon..fri", False),
        ("time:2026-11-22", True),
        ("time:2026-11-22T10:05:00.500000", True),
        ("time:2026-11-22T10:05:00.4", False),
        ("time:>2026-11-22", False),
        ("time:*", True),
        ("hash:abab*", True),
        ("request:req-1 agent:python* id:*7", True),
    ],
)
def test_values_of_all_kinds_are_compared(query: str, kept: bool) -> None:
    assert keeps(query) == kept
    assert keeps(f"-({query})") != kept


def test_a_match_of_another_kind_fits_nothing() -> None:
    for name in (FieldName.TIME, FieldName.SEQ, FieldName.HOUR):
        assert not matches(Filter((Term(Field(name), Exact("7")),)), EVENT)
    assert not matches(Filter((Term(Field(FieldName.USER), Between()),)), EVENT)
    assert Has() == Has()
    assert Decimal(7) == EVENT.seq


def test_the_terms_of_an_expression_are_given_in_their_order() -> None:
    nested = And((ALICE, Not(Or((BOB, ALICE))), Text("x")))
    assert list(terms_of(nested)) == [ALICE, BOB, ALICE]
