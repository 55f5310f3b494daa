from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.caseless import escape_wildcards
from audit_console.core.filters import (
    And,
    AnyOf,
    Around,
    Between,
    Exact,
    Field,
    FieldName,
    Filter,
    Has,
    Like,
    Not,
    Or,
    Regex,
    Term,
    Text,
)
from audit_console.core.matching import matches
from audit_console.core.query import chips, expression_text, filter_text, parse, query_text
from audit_console.errors import QueryError
from tests.core.query.reading import ANCHOR, EVENT, NOW, echo
from tests.support import queries
from tests.support.effort import UNMEASURED, examples

USER = Field(FieldName.USER)
PIECES = st.sampled_from([*'"\\*?()|,:=<>/-.@ \n\t±', "..", "OR", "a", "é", "\u2028", "\x00"])
TEXTS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.lists(PIECES).map("".join))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        ("  user:alice   ", "user:alice"),
        ("USER:alice", "user:alice"),
        ("user:(alice bob)", "user:(alice OR bob)"),
        ("user:(alice,bob)", "user:(alice OR bob)"),
        ("user:(alice OR alice)", "user:alice"),
        ("user:alice user:bob user:carol x", "user:(alice OR bob OR carol) x"),
        ("user:alice x user:bob", "user:(alice OR bob) x"),
        ("user:alice AND user:bob", "user:(alice OR bob)"),
        ("user:alice (user:bob)", "user:alice (user:bob)"),
        ("tag:x (tag:y x)", "tag:x (tag:y) x"),
        ("user:* user:alice", "user:* user:alice"),
        ("seq:>5 seq:<9", "seq:>5 seq:<9"),
        ("seq:1 seq:3", "seq:(1 OR 3)"),
        ("seq:(<5 OR >9)", "seq:(<5 OR >9)"),
        ("-user:alice -user:bob", "-user:alice -user:bob"),
        ("NOT user:alice", "-user:alice"),
        ("-(-user:alice)", "user:alice"),
        ("-(a OR b)", "-(a OR b)"),
        ("(a OR b) c", "(a OR b) c"),
        ("((a OR b))", "a OR b"),
        ("(a OR (b OR c))", "a OR b OR c"),
        ("a (b c)", "a b c"),
        ("a b OR c", "a b OR c"),
        ("user:=alice", "user:=alice"),
        ("user:(=alice OR bob)", "user:(=alice OR bob)"),
        ('user:"al*ce"', 'user:"al*ce"'),
        ('user:al*"*"', 'user:al*"*"'),
        (r"user:al\*ce", 'user:"al*ce"'),
        (r"user:CORP\alice", r'user:"CORP\\alice"'),
        (r'user:"CORP\alice"', r'user:"CORP\\alice"'),
        (r"a\:b", '"a:b"'),
        (r"a\ b", '"a b"'),
        (r"a\(", '"a("'),
        ("user:a\\", r'user:"a\\"'),
        ('"OR"', '"OR"'),
        ('user:("OR" OR x)', 'user:("OR" OR x)'),
        ('"-a"', '"-a"'),
        ('user:""', 'user:""'),
        ('user:=""', 'user:=""'),
        ("rid:../x", "rid:../x"),
        ('rid:"/etc"', 'rid:"/etc"'),
        ("details.a:1..5", "details.a:1..5"),
        ("details.a:5..5", "details.a:5..5"),
        ("details.a:1e3..2E3", "details.a:1000..2000"),
        ("details.a:x..y", 'details.a:"x..y"'),
        ("details.a:..", 'details.a:".."'),
        ('details.a:"1..5"', 'details.a:"1..5"'),
        ('details."a b"."c\\"".d-e:x', 'details."a b"."c\\"".d-e:x'),
        ("details.a.b:*", "details.a.b:*"),
        ("chain:Broken", "chain:broken"),
        ("chain:(broken OR prod)", "chain:broken OR chain:prod"),
        ("chain:=broken", "chain:=broken"),
        ("-chain:verified", "-chain:verified"),
        ("chain:broken chain:prod", "chain:broken chain:prod"),
        ("ip:10.0.0.7/8", "ip:10.0.0.0/8"),
        ("ip:2001:DB8::1", "ip:2001:db8::1"),
        ("ip:10.0.*", "ip:10.0.*"),
        ('ip:"10.0.0.7"', 'ip:"10.0.0.7"'),
        ("ip:(10.0.0.7 OR *)", "ip:(10.0.0.7 OR *)"),
        ("result:Failure", "result:Failure"),
        ("result:success,failure", "result:(success OR failure)"),
        ("result:fail*", "result:fail*"),
        ('result:"odd"', 'result:"odd"'),
        ('result:="odd"', 'result:="odd"'),
        ("hour:9", "hour:9"),
        ("hour:09,10", "hour:(9 OR 10)"),
        ("hour:>=22", "hour:>=22"),
        ("hour:*", "hour:*"),
        ("weekday:SAT", "weekday:sat"),
        ("weekday:=sat", "weekday:sat"),
        ("weekday:<=fri", "weekday:<=fri"),
        ("star:yes", "star:yes"),
        ("star:=No", "star:no"),
        ("star:*", "star:yes"),
        ("action:/a\\/b[)|]/", "action:/a\\/b[)|]/"),
        ("action:/a b/ x", "action:/a b/ x"),
        ("time:*", "time:*"),
        ("time:2026", "time:2026-01-01..2026-12-31"),
        ("time:2026-07", "time:2026-07-01..2026-07-31"),
        ("time:2026-07-01", "time:2026-07-01"),
        ("time:2026-07-01T10", "time:2026-07-01T10:00:00Z..2026-07-01T11:00:00Z"),
        ('time:"2026-07-01 10:05"', "time:2026-07-01T10:05:00Z..2026-07-01T10:06:00Z"),
        ("time:2026-07-01T10:05:07", "time:2026-07-01T10:05:07Z..2026-07-01T10:05:08Z"),
        (
            "time:2026-07-01T10:05:07.25Z..2026-07-02",
            "time:2026-07-01T10:05:07.250000Z..2026-07-03T00:00:00Z",
        ),
        ("time:>2026-07-01", "time:>=2026-07-02"),
        ("time:<=2026-07-01", "time:<2026-07-02"),
        ("time:>=2026-07-01T12+02:00", "time:>=2026-07-01T10:00:00Z"),
        ("time:<2026-07-01T12-02:30", "time:<2026-07-01T14:30:00Z"),
        ("time:<=9999", "time:*"),
        ("time:9999-12-31", "time:>=9999-12-31"),
        ("until:9999-12-31", "time:*"),
        ("time:(2026-07-01 OR 2026-07-03)", "time:(2026-07-01 OR 2026-07-03)"),
        ("time:2026-07-01 time:2026-07-03", "time:(2026-07-01 OR 2026-07-03)"),
        ("since:now-1h", "time:>=2026-11-23T02:51:42.166415Z"),
        ("since:-1mo@mo", "time:>=2026-10-01"),
        ("since:@y", "time:>=2026-01-01"),
        ("since:@w", "time:>=2026-11-23"),
        ("since:-1d+1h@h", "time:>=2026-11-22T04:00:00Z"),
        ("until:2026-07-31", "time:<2026-08-01"),
        ("until:2026-07-31T10:00", "time:<2026-07-31T10:00:00Z"),
        ("around:x+-90s", "around:x±90s"),
        ('around:"a b"±60m time:2026-07-01', 'around:"a b"±1h time:2026-07-01'),
        ('"or" user:"Not"', '"or" user:"Not"'),
        ("or-else", "or-else"),
        ("| count", "| count"),
        ("a|count by user , user,ip|top user", "a | count by user,ip | top user 10"),
        ("| sort Details.a DESC | limit 5", "| sort details.a desc | limit 5"),
        ("| timeline 90m by details.x | sort count", "| timeline 90m by details.x | sort count"),
        ("| first user | sort id", "| first user | sort id"),
        ("| first id,user | rare user", "| first id,user | rare user 10"),
    ],
)  # fmt: skip
def test_a_query_is_printed_in_one_form(text: str, printed: str) -> None:
    assert echo(text) == printed
    assert echo(printed) == printed


@UNMEASURED
def test_filter_to_text_to_filter_gives_an_equal_filter() -> None:
    for seed in range(1_500):
        rng = Random(seed)
        where = queries.filter_of(rng, [queries.event(rng) for _ in range(2)])
        text = filter_text(where)
        again = parse(text, ANCHOR).where
        assert again == where, (seed, text)
        assert filter_text(again) == text


@examples(400)
@given(st.sampled_from([USER, Field(FieldName.IP), Field(FieldName.DETAILS, ("a",))]), TEXTS)
def test_every_string_is_quoted_right(field: Field, text: str) -> None:
    for match in (Exact(text), Like(escape_wildcards(text)), Like(escape_wildcards(text) + "*?")):
        where = Filter((Term(field, match),))
        assert parse(filter_text(where), ANCHOR).where == where
    where = Filter((Text(escape_wildcards(text)),))
    assert parse(filter_text(where), ANCHOR).where == where


@examples(300)
@given(st.lists(TEXTS, min_size=1, max_size=3).map(tuple), TEXTS)
def test_every_path_and_event_id_is_quoted_right(path: tuple[str, ...], text: str) -> None:
    around = Around(text or "x", timedelta(minutes=5))
    term = Term(Field(FieldName.DETAILS, path), Has())
    where = Filter((term, Term(Field(FieldName.TIME), around)))
    assert parse(filter_text(where), ANCHOR).where == where


@examples(400)
@given(st.lists(st.sampled_from([*'ab()-"*|:,/', " ", " OR ", " user:", "ip:*", "seq:5"])))
def test_what_can_be_read_is_printed_in_a_stable_form(pieces: list[str]) -> None:
    try:
        query = parse("".join(pieces), ANCHOR)
    except QueryError:
        return
    text = query_text(query.where, query.stages)
    again = parse(text, ANCHOR)
    assert (again.where, again.stages) == (query.where, query.stages)
    assert query_text(again.where, again.stages) == text


def test_expressions_that_no_text_makes_are_printed_with_their_meaning() -> None:
    alice, bob = Term(USER, Like("alice")), Term(USER, Like("bob"))
    for expression in (
        Not(Not(alice)),
        Or((Or((alice, bob)), bob)),
        And((And((alice, bob)), bob)),
        Term(Field(FieldName.TIME), Between()),
    ):
        where = parse(expression_text(expression), ANCHOR).where
        assert matches(where, EVENT) == matches(Filter((expression,)), EVENT)


def test_an_event_is_not_one_of_several_times() -> None:
    match = AnyOf((Around("x", timedelta(1)), Between(start=NOW)))
    with pytest.raises(ValueError, match="alone"):
        expression_text(Term(Field(FieldName.TIME), match))


def test_a_slash_in_a_regular_expression_is_escaped() -> None:
    where = Filter((Term(USER, Regex(r"a/b\\/\d")),))
    assert filter_text(where) == r"user:/a\/b\\\/\d/"
    assert parse(filter_text(where), ANCHOR).where == where


def test_chips_list_terms_that_are_off_too() -> None:
    where = parse("user:alice -result:success (a OR b)", ANCHOR).where.toggle(1)
    assert chips(where) == (("user:alice", True), ("-result:success", False), ("a OR b", True))
    assert filter_text(where) == "user:alice (a OR b)"
