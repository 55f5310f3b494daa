"""Wrong queries name their column; nothing else than a QueryError is ever raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.query import MAX_TEXT, parse
from audit_console.core.timespan import Anchor
from audit_console.errors import QueryError, UsageError
from tests.core.query.reading import ANCHOR, NOW
from tests.support.effort import examples

WRONG = """
¦resutl:failure
¦usr:alice
a ¦usr:alice
(¦usr:alice)
-¦usr:alice
NOT ¦usr:alice
¦user_id:x
¦event_type:x
¦timestamp:x
¦details:x
¦detail:x
¦check:broken
¦12:30
¦http://example.org
¦s3:Get*
¦C:/windows
¦since-:1h
¦İ:x
user:a OR ¦foo:b
user:a AND ¦foo:b
user:a ¦Foo:b | count
¦::
¦:x
a ¦:x
-¦:x
user:¦
user:¦ x
user:¦|count
user:¦)
(user:¦)
user:=¦
user:(¦)
user:(a OR¦
user:(a OR ¦)
user:(a,¦)
user:(a,¦,b)
user:¦(a
user:¦(a b | count
user:(a OR¦)
user:(¦OR a)
user:(a ¦AND b)
user:(¦NOT a)
user:(a OR ¦OR b)
user:(a, ¦(b)
user:(¦(a) b)
user:=¦(a)
user:a¦(b)
user:a¦"b(
user:¦"alice
user:¦"ali\\"
user:¦"
¦"alice
a ¦"alice
-¦"alice
details.¦"a
¦details.:x
¦details..a:x
¦details.a.:x
¦details.a*:x
details.a:¦
details.a:>¦
details.a:>¦x
details.a:>¦1,5
details.a:<=¦0x10
details.a:>=¦1e
details.a:>¦1e999
details.a:¦5..1
details.a:¦1.5..1.4
details.a:(>1 OR >¦x)
¦(a
¦((a)
a ¦(b
-¦(b
a ¦(b OR (c)
a¦)
a b¦)
(a)¦)
(¦)
(a OR ¦)
(a AND ¦)
(¦OR a)
¦OR
¦AND
NOT¦
-¦
- ¦
a OR¦
a AND¦
a NOT¦
a -¦
¦OR a
¦AND a
a OR ¦OR b
a OR ¦AND b
a AND ¦OR b
a AND ¦AND b
NOT ¦NOT a
NOT ¦-a
a ¦or b
a ¦And b
¦not a
(a ¦or b)
-¦or
user:(a ¦or b)
user:(¦not a)
-¦-a
-¦NOT a
a OR ¦| count
a AND ¦| count
NOT ¦| count
(a)¦b
(a)¦(b)
"a"¦(b)
user:"a"¦(b)
user:(a)¦b
time:¦
time:¦foo
time:¦2026-13-01
time:¦2026-02-30
time:¦2026-07-01T25
time:¦2026-07-01T10:60
time:¦2026-07-01T10:00+25:00
time:¦20260701
time:¦26-07-01
time:¦-24
time:¦-24x
time:¦24h
time:¦-24h@
time:¦-24h@x
time:¦@
time:¦end-
time:¦now+
time:¦yesterday
time:¦0000-01-01
time:¦-99999y
time:¦-999999999w
time:¦..2026-07-01
time:¦2026-07-01..
time:¦2026-07-02..2026-07-01
time:2026-07-01..¦x
time:¦x..2026-07-01
time:2026-07-01..¦2026-07-02..2026-07-03
time:>¦
time:>¦x
time:>¦9999-12-31
time:¦/x/
time:(2026 OR ¦x)
time:=¦x
since:¦
since:¦x
since:¦>2026
since:¦2026..2027
since:¦(2026)
since:¦-1
since:¦-24h,
until:¦
until:¦tomorrow
until:¦2026-02-29
-since:¦x
a OR until:¦x
around:¦
around:¦x
around:¦±5m
around:x±¦
around:x±¦5
around:x±¦m
around:x±¦0m
around:x±¦5min
around:x+-¦5q
around:¦x±1mo
around:¦x±1y
around:¦x±9999d
hour:¦24
hour:¦-1
hour:¦x
hour:¦007
hour:1..¦24
hour:¦1..
hour:¦..1
hour:>¦24
hour:1,¦
hour:1,¦x
hour:¦*1
hour:¦/1/
weekday:¦monday
weekday:¦1
weekday:sat,¦so
weekday:mon..¦x
weekday:(mon, ¦di)
seq:¦-1
seq:¦x
seq:¦1.5
seq:¦12345678901234567890
seq:¦9..1
seq:1..¦x
seq:>¦x
seq:¦1*
star:¦maybe
star:¦1
star:¦/x/
star:>¦yes
result:¦failed
result:¦ok
result:=¦error
result:(failure OR ¦fail)
result:failure,¦fail
ip:¦foo
ip:¦10.0.0
ip:¦10.0.0.256
ip:¦10.0.0.0/33
ip:¦fe80::1%eth0
ip:¦2001:db8::/129
ip:(10.0.0.1 OR ¦x)
user:>¦5
action:<=¦x
ip:>¦10.0.0.1
resource:<¦a
user:¦/x
user:¦/x\\/
rid:¦/etc/passwd
user:¦/a/b/
user:/¦/
user:/a¦(?=b)/
user:/a¦(?!b)/
user:/¦(?<=b)a/
user:/¦(?<!b)a/
user:/¦(?P<n>a)/
user:/¦(?<n>a)/
user:/¦(?>a)/
user:/¦(?i)a/
user:/¦(?i:a)/
user:/(a)¦\\1/
user:/a¦\\b/
user:/¦\\Ba/
user:/¦\\Aa/
user:/a¦\\Z/
user:/¦\\p{L}/
user:/¦\\x4/
user:/¦\\ud800/
user:/a+¦+/
user:/a*¦+/
user:/a?¦+/
user:/a{2}¦+/
user:/a*¦*/
user:/a+¦{2}/
user:/^¦*/
user:/a$¦+/
user:/¦*a/
user:/¦+/
user:/a|¦*/
user:/¦(?)/
user:/a¦{/
user:/a¦{x}/
user:/a¦{,2}/
user:/a¦{256}/
user:/a¦{1,999}/
user:/a¦{3,2}/
user:/¦(a{200}){200}/
user:/¦[a/
user:/[¦]/
user:/[^¦]a/
user:/[¦b-a]/
user:/[a-¦[]/
user:/[¦[:alpha:]]/
user:/[¦\\W]/
user:/[¦\\1]/
user:/¦(a/
user:/a¦)/
user:/a\\/b¦)/
user:/a¦\x00/
user:/[¦\x00]/
details.a:/¦*/
|¦
| ¦
|¦foo
| ¦cnt by user
a | ¦foo
a | count | ¦foo
a |¦| count
| count ¦user
| count by¦
| count by ¦,
| count by user,¦
| count by user,¦,ip
| count by ¦usr
| count by user,¦foo
| count by ¦count
| count by user ¦ip
| count by ¦star
| count by ¦tag
| count by ¦details
| count | sort ¦user
| count by user | count by ¦ip
| top¦
| top ¦usr
| top user ¦x
| top user ¦0
| top user ¦-1
| top user ¦99999999
| top user 5 ¦6
| top user¦, ip
| rare ¦x
| count by user | top ¦count
| first¦
| first ¦time
| first user ¦ip
| count by user | ¦first user
| count by user | ¦timeline 1h
| timeline¦
| timeline ¦x
| timeline ¦0h
| timeline ¦1
| timeline ¦99999y
| timeline 1h by¦
| timeline 1h by ¦x
| timeline 1h by ¦time
| timeline 1h ¦user
| sort¦
| sort ¦x
| sort user desc ¦desc
| sort user ¦asc
| limit¦
| limit ¦x
| limit ¦0
| limit 5 ¦6
| count¦)
| count by ¦"
""".strip("\n").split("\n")


def column_of_error(text: str) -> int:
    """Read a query; 0 if that goes well."""
    try:
        parse(text, ANCHOR)
    except QueryError as error:
        return error.column
    return 0


@pytest.mark.parametrize("marked", WRONG)
def test_a_wrong_query_names_its_column(marked: str) -> None:
    marked = marked.replace("\\x00", "\0")
    column = marked.index("¦") + 1
    with pytest.raises(QueryError) as raised:
        parse(marked.replace("¦", ""), ANCHOR)
    assert raised.value.column == column
    assert str(raised.value).startswith(f"column {column}: ")
    assert "\n" not in str(raised.value)


def test_there_are_many_of_them() -> None:
    assert len(set(WRONG)) >= 200


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("resutl:failure", "did you mean result: ?"),
        ("user_id:alice", "did you mean user: ?"),
        ("detail:x", "did you mean details.name: ?"),
        ("sicne:-1d", "did you mean since: ?"),
        ("http://x", 'to search for text, quote it: "http://x"'),
        ("| count by usr", "did you mean user ?"),
        ("| count | sort user", "one of count"),
        ("result:failed", "one of success, failure, partial_success"),
        ('user:"a', 'end it with "'),
        ("user:a or user:b", 'to search for it, write "or"'),
    ],
)
def test_an_error_suggests_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(text, ANCHOR)
    assert raised.value.suggestion == raised.value.hint == hint
    assert isinstance(raised.value, UsageError)


def test_a_log_without_events_has_no_end() -> None:
    with pytest.raises(QueryError, match="no last event"):
        parse("since:end-24h", Anchor(NOW))


def test_text_of_any_length_is_read_or_refused_at_once() -> None:
    with pytest.raises(QueryError) as raised:
        parse("a" * (MAX_TEXT + 1), ANCHOR)
    assert raised.value.column == MAX_TEXT + 1
    for unit in ("a ", "user:a ", "-a ", '"a"', "a OR ", "user:*? ", "| limit 1"):
        text = (unit * MAX_TEXT)[:MAX_TEXT]
        assert 0 <= column_of_error(text) <= MAX_TEXT + 1


def test_deep_nesting_is_refused_at_the_parenthesis() -> None:
    assert parse("(" * 64 + "a" + ")" * 64, ANCHOR).where
    for count in (65, 9_999):
        with pytest.raises(QueryError) as raised:
            parse("(" * count + "a" + ")" * count, ANCHOR)
        assert raised.value.column == 65
    with pytest.raises(QueryError, match="deeper"):
        parse("-(" * 65 + "a" + ")" * 65, ANCHOR)


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(QueryError) as raised:
        parse("user:a\udc80", ANCHOR)
    assert raised.value.column == 7


def test_too_many_wildcards_and_too_long_expressions_are_refused() -> None:
    with pytest.raises(QueryError, match="wildcards"):
        parse("user:" + "*a" * 101, ANCHOR)
    with pytest.raises(QueryError) as raised:
        parse(f"user:/{'a' * 257}/", ANCHOR)
    assert raised.value.column == 7 + 256


_PIECES = st.sampled_from(
    [
        *'()|:=<>/*?"\\-,.@±[]{}^$+ \t\n',
        *["user", "time", "details.", "since", "around", "hour", "ip", "OR", "AND", "NOT", ".."],
        *["10.0.0.0/8", "2026-07-01", "-24h@d", "end", "count", "by", "top", "timeline", "1h"],
        *["a", "é", "\x00", "\u2028", "\U0001f600", "5", "1e9", "(?", "\\d", "weekday", "sat"],
        *["chain:broken", "seq:", "details.a:>", "±5m", "sort", "desc", "limit", "star:"],
    ]
)


@examples(750)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=14).map("".join)))
def test_nothing_else_is_raised_for_any_text(text: str) -> None:
    assert 0 <= column_of_error(text) <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [("around:x", "as in around:<event id>±5m"), ("| timeline 1x", "as in timeline 1h")],
)
def test_a_piece_of_a_query_that_is_suggested_is_told_as_one(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text, ANCHOR)
    assert refused.value.hint == hint
