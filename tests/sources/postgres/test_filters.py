"""The text of the SQL, and that every value is a parameter of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address
from random import Random

import pytest
from psycopg import sql

from audit_console.core.caseless import POSTGRES
from audit_console.core.filters import (
    EVERYTHING,
    Around,
    Between,
    Exact,
    Field,
    FieldName,
    Filter,
    Like,
    Range,
    Term,
    equals,
)
from audit_console.core.matching import Marks
from audit_console.core.query import parse
from audit_console.core.regexes import regex_for
from audit_console.sources.postgres.filters import _address_regex, condition
from tests.core.query.reading import ANCHOR, EVENT
from tests.support import queries
from tests.support.effort import UNMEASURED


def compiled(query: str) -> tuple[str, list[object]]:
    made = condition(parse(query, ANCHOR).where)
    return made.text.as_string(), list(made.parameters.values())


HOUR = "extract(hour FROM \"timestamp\" AT TIME ZONE 'UTC')"
ID = "5d9dc9f8-0000-4000-8000-000000000007"


@pytest.mark.parametrize(
    ("query", "text", "parameters"),
    [
        ("", "(TRUE)", []),
        ("user:=alice", '(("user_id" = %(f0)s))', ["alice"]),
        ("user:Al*e", '((lower("user_id" COLLATE "C") LIKE %(f0)s))', ["al%e"]),
        (r'action:"50%_\\"?', '((lower("action" COLLATE "C") LIKE %(f0)s))', [r"50\%\_\\_"]),
        ("user:é", '(("user_id" COLLATE "C" ~ %(f0)s))', [r"\A[Éé]\Z"]),
        ("user:İ", '((lower("user_id" COLLATE "C") LIKE %(f0)s))', ["İ"]),
        ("error:/^a.$/", '(("result_error" COLLATE "C" ~ %(f0)s))', ["\\A[Aa][^\n]\\Z"]),
        ("-user:=a", '(("user_id" = %(f0)s) IS NOT TRUE)', ["a"]),
        ("user:*", '(("user_id" IS NOT NULL))', []),
        ("-user:*", '(("user_id" IS NOT NULL) IS NOT TRUE)', []),
        ("user:(=a OR =b)", '(("user_id" = %(f0)s OR "user_id" = %(f1)s))', ["a", "b"]),
        (
            "user:=a OR type:=b rid:=c",
            '((("user_id" = %(f0)s) OR (("event_type" = %(f1)s) AND ("resource_id" = %(f2)s))))',
            ["a", "b", "c"],
        ),
        (
            "user:=a type:=b",
            '(("user_id" = %(f0)s) AND ("event_type" = %(f1)s))',
            ["a", "b"],
        ),
        (f"id:{ID}", '(("id" = %(f0)s::uuid))', [ID]),
        (f"id:={ID}", '(("id" = %(f0)s::uuid))', [ID]),
        ("id:5d9*", '((lower("id"::text COLLATE "C") LIKE %(f0)s))', ["5d9%"]),
        ("id:*", '(("id"::text IS NOT NULL))', []),
        ("seq:7", '((("seq" >= %(f0)s AND "seq" <= %(f1)s)))', [7, 7]),
        ("seq:>7", '((("seq" > %(f0)s)))', [7]),
        ("seq:<7", '((("seq" < %(f0)s)))', [7]),
        ("seq:*", '(("seq" IS NOT NULL))', []),
        (
            "hour:22..6",
            f"((({HOUR} >= %(f0)s OR {HOUR} <= %(f1)s)))",
            [22, 6],
        ),
        (
            "weekday:>=sat",
            "(((extract(isodow FROM \"timestamp\" AT TIME ZONE 'UTC') >= %(f0)s)))",
            [6],
        ),
        (
            "time:2026-07-01",
            '((("timestamp" >= %(f0)s AND "timestamp" < %(f1)s)))',
            [datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)],
        ),
        ("time:*", "((TRUE))", []),
        (
            "resource:=secret/x",
            '((("resource_type" = %(f0)s AND "resource_id" = %(f1)s)))',
            ["secret", "x"],
        ),
        (
            "resource:=a//b",
            (
                '((("resource_type" = %(f0)s AND "resource_id" = %(f1)s'
                ' OR "resource_type" = %(f2)s AND "resource_id" = %(f3)s)))'
            ),
            ["a", "/b", "a/", "b"],
        ),
        (
            "resource:=//////////",
            '((("resource_type" || \'/\' || "resource_id") = %(f0)s))',
            ["//////////"],
        ),
        (
            "resource:=secret",
            '((("resource_type" || \'/\' || "resource_id") = %(f0)s))',
            ["secret"],
        ),
        ("chain:broken", '((lower(NULL::text COLLATE "C") LIKE %(f0)s))', ["broken"]),
        ('user:="\0"', "((FALSE))", []),
        ('user:"\0"', "((FALSE))", []),
        ('details."\0":x', "((FALSE))", []),
    ],
)
def test_a_term_is_compiled(query: str, text: str, parameters: list[object]) -> None:
    assert compiled(query) == (text, parameters)


NAMES = {
    FieldName.TYPE: ("auth", "authz", "step"),
    FieldName.RESULT: ("failure", "success"),
    FieldName.USER: ("Al", "al", "bo"),
}


@pytest.mark.parametrize(
    ("query", "text", "parameters"),
    [
        ("type:Step", '(("event_type" = %(f0)s))', ["step"]),
        ("type:AUTH*", '(("event_type" = ANY (%(f0)s)))', [["auth", "authz"]]),
        ("-type:/^auth/", '(("event_type" = %(f0)s))', ["step"]),
        ("type:(=auth OR st*)", '(("event_type" = ANY (%(f0)s)))', [["auth", "step"]]),
        ("type:=Step", "(FALSE)", []),
        ("type:*", '(("event_type" IS NOT NULL))', []),
        ("-type:*", "(FALSE)", []),
        ("-result:success", '(("result" = %(f0)s))', ["failure"]),
        ("-(result:success user:=b)", None, ["success"]),
        ("user:AL", '(("user_id" = ANY (%(f0)s)))', [["Al", "al"]]),
        ("-user:bo", '(("user_id" = %(f0)s) IS NOT TRUE)', ["bo"]),
        ("-user:*", '(("user_id" IS NOT NULL) IS NOT TRUE)', []),
    ],
)
def test_names_of_which_there_are_few_are_judged_before(
    query: str, text: str | None, parameters: list[object] | None
) -> None:
    made = condition(parse(query, ANCHOR).where, names=NAMES)
    assert text in (None, made.text.as_string())
    assert parameters in (None, list(made.parameters.values()))


def test_a_word_is_looked_for_in_each_text() -> None:
    text, parameters = compiled("alice")
    columns = re.findall(r'lower\("(\w+)" COLLATE "C"\) LIKE', text)
    assert columns == [
        "action",
        "user_id",
        "resource_id",
        "result_error",
        "user_agent",
        "details",
    ]
    assert set(parameters) == {"%alice%"}


def test_an_address_is_compared_only_where_there_is_one() -> None:
    text, parameters = compiled("ip:10.0.0.0/8")
    assert text == (
        '((CASE WHEN "ip_address" ~ %(f0)s THEN "ip_address"::inet <<= %(f1)s::inet'
        " ELSE FALSE END))"
    )
    assert parameters == [_address_regex(), "10.0.0.0/8"]


def test_details_are_looked_into_by_path() -> None:
    text, parameters = compiled('details."a b".c:=x')
    assert text == (
        '((("details"::jsonb @? %(f2)s::jsonpath'
        " AND EXISTS (SELECT FROM (SELECT place,"
        " CASE WHEN jsonb_typeof(value) IN ('string', 'boolean')"
        " OR jsonb_typeof(value) = 'number' AND length(value #>> '{}') <= 400"
        " THEN value #>> '{}' END AS text"
        ' FROM jsonb_path_query("details"::jsonb, %(f0)s::jsonpath)'
        " WITH ORDINALITY AS v(value, place) WHERE jsonb_typeof(value) <> 'null') AS t"
        ' WHERE "t"."text" = %(f1)s))))'
    )
    assert parameters == ['$."a b"."c"[*]', "x", '$."a b"."c"[*] ? (@ == "x")']
    text, parameters = compiled("details.n:>1.5")
    assert "CASE WHEN length" in text
    assert parameters == ['$."n"[*]', r"\A-?[0-9]+(\.[0-9]+)?\Z", Decimal("1.5")]
    assert compiled("details.n:x")[0].startswith("((EXISTS")
    assert compiled("details.n:*")[0].endswith("<> 'null') AS t WHERE TRUE)))")


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("true", '@ == "true" || @ == true'),
        ("-1.50", '@ == "-1.50" || @ == -1.50'),
        ("0", '@ == "0" || @ == 0'),
        ("007", '@ == "007"'),
        ("1e3", '@ == "1e3"'),
        ("9" * 401, f'@ == "{"9" * 401}"'),
    ],
)
def test_an_exact_value_in_details_is_asked_of_the_index_in_each_spelling(
    text: str, test: str
) -> None:
    assert compiled(f'details.n:="{text}"')[1][-1] == f'$."n"[*] ? ({test})'


def test_marks_are_compiled_to_the_events_that_have_them() -> None:
    marks = {("a", "h"): Marks(star=True), ("b", None): Marks(star=True), ("\0", None): Marks(True)}
    made = condition(parse("star:yes", ANCHOR).where, marks=marks)
    assert made.text.as_string() == (
        '(("id"::text, coalesce("event_hash", \'\')) IN'
        " (SELECT * FROM unnest(%(f0)s::text[], %(f1)s::text[])))"
    )
    assert made.parameters == {"f0": ["a", "b"], "f1": ["h", ""]}
    made = condition(parse("star:no", ANCHOR).where, marks=marks)
    assert made.text.as_string().endswith("IS NOT TRUE)")


def test_the_state_of_the_check_is_an_expression_of_the_caller() -> None:
    made = condition(parse("chain:broken", ANCHOR).where, check=sql.Identifier("state"))
    assert 'lower("state" COLLATE "C")' in made.text.as_string()


@UNMEASURED
def test_no_value_of_a_filter_is_in_the_text() -> None:
    for seed in range(300):
        rng = Random(seed)
        where = queries.filter_of(rng, [queries.event(rng), EVENT])
        made = condition(where)
        text = made.text.as_string()
        assert re.fullmatch(r"[\w\s()\"%:.,'/|<>=~#{}\[\]*@?-]*", text)
        literals = set(re.findall(r"'([^']*)'", text))
        assert literals <= {"", "/", "UTC", "string", "boolean", "number", "null", "{}"}
        assert set(re.findall(r"%\((\w+)\)s", text)) == set(made.parameters)
        assert "%" not in re.sub(r"%\(\w+\)s", "", text)


def test_a_match_of_another_kind_fits_nothing() -> None:
    for name in (FieldName.TIME, FieldName.SEQ):
        made = condition(Filter((Term(Field(name), Exact("7")),)))
        assert made.text.as_string() == "((FALSE))"
    made = condition(Filter((Term(Field(FieldName.USER), Between()), equals(FieldName.SEQ, "x"))))
    assert made.text.as_string() == "((FALSE) AND (FALSE))"
    made = condition(Filter((Term(Field(FieldName.SEQ), Range()),)))
    assert made.text.as_string() == "(((TRUE)))"
    assert condition(EVERYTHING).parameters == {}


def test_around_must_be_resolved() -> None:
    around = Around("x", ANCHOR.now - datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="resolved"):
        condition(Filter((Term(Field(FieldName.TIME), around),)))


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.7", "0.0.0.1", "255.255.255.255", "256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5",
        "::", "::1", "1::", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1::2::3",
        "12345::", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5::1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.456", "1.2.3.4::",
        ":", ":1", "1:", "", " ::1", "::1\n", "g::", "10.0.0.0/8", ":::", "1:::2",
    ],
)  # fmt: skip
def test_the_shape_of_an_address_is_what_python_reads_as_one(text: str) -> None:
    shaped = re.search(_address_regex(), text) is not None
    try:
        ip_address(text)
    except ValueError:
        assert not shaped
    else:
        assert shaped


def test_a_regular_expression_is_written_for_postgresql() -> None:
    made = condition(Filter((Term(Field(FieldName.USER), Like("é*?")),)))
    assert list(made.parameters.values()) == [r"\A[Éé].*.\Z"]
    assert regex_for("$", POSTGRES) == r"\Z"
