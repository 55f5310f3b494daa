"""Every example of the query language's specification means what it says there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from audit_console.core.around import resolve
from audit_console.core.filters import may_lack
from audit_console.core.matching import matches
from audit_console.core.query import parse
from audit_console.core.query.stages import Count, First, Limit, Rare, Sort, Timeline, Top
from audit_console.core.timespan import Duration
from tests.core.query.reading import ANCHOR, EVENT, NOBODY, NOW, echo, event, keeps


def at(moment: str) -> str:
    return f"{moment}.000000Z" if "T" in moment else f"{moment}T00:00:00.000000Z"


def test_terms_side_by_side_must_all_hold() -> None:
    query = "user:alice -result:success since:-24h"
    assert keeps(query)
    assert not keeps(query, event(user_id="bob"))
    assert not keeps(query, event(result="success"))
    assert not keeps(query, event(timestamp=at("2026-11-22T03:51:42")))


def test_values_in_parentheses_are_alternatives_and_ip_takes_a_network() -> None:
    query = "type:(authentication OR authorization) result:failure ip:203.0.113.0/24"
    assert keeps(query, event(event_type="authentication"))
    assert keeps(query, event(event_type="authorization", ip_address="203.0.113.255"))
    assert not keeps(query)
    assert not keeps(query, event(event_type="authentication", ip_address="203.0.114.0"))
    assert not keeps(query, event(event_type="authentication", ip_address=None))


def test_the_same_field_twice_is_or_and_is_echoed_so() -> None:
    query = "user:alice user:bob"
    assert echo(query) == "user:(alice OR bob)"
    assert keeps(query)
    assert keeps(query, event(user_id="bob"))
    assert not keeps(query, event(user_id="carol"))


def test_a_star_stands_for_any_characters() -> None:
    assert keeps("action:secret.*", event(action="SECRET.read"))
    assert keeps("action:secret.*", event(action="secret."))
    assert not keeps("action:secret.*", event(action="secret"))
    assert not keeps("action:secret.*", event(action="a secret.read"))


def test_a_quoted_value_holds_spaces() -> None:
    assert keeps('error:"rate limit"')
    assert not keeps('error:"rate limit"', event(result_error="rate  limit"))
    assert not keeps('error:"rate limit"', NOBODY)


def test_numbers_in_details_are_compared() -> None:
    assert keeps("details.tokens:>1000")
    assert not keeps("details.tokens:>1500")
    assert not keeps("details.tokens:>1000", event(details='{"tokens":"many"}'))
    assert not keeps("details.tokens:>1000", NOBODY)


def test_texts_in_details_are_compared() -> None:
    assert keeps("details.model:gpt-*")
    assert not keeps("details.model:gpt-*", event(details='{"model":"claude"}'))


def test_has_and_lacks_the_field() -> None:
    assert keeps("user:*")
    assert not keeps("user:*", NOBODY)
    assert keeps("-user:*", NOBODY)
    assert not keeps("-user:*")


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("2026-06-30T23:59:59", False),
        ("2026-07-01", True),
        ("2026-07-31T23:59:59", True),
        ("2026-08-01", False),
    ],
)
def test_a_bare_day_as_upper_bound_covers_that_day(moment: str, kept: bool) -> None:
    assert keeps("time:2026-07-01..2026-07-31", event(timestamp=at(moment))) == kept


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("2026-11-15T23:59:59", False),
        ("2026-11-16", True),
        ("2026-11-22T23:59:59", True),
        ("2026-11-23", False),
    ],
)
def test_since_and_until_snap_to_days(moment: str, kept: bool) -> None:
    assert keeps("since:-7d@d until:@d", event(timestamp=at(moment))) == kept


def test_a_time_can_count_from_the_last_event() -> None:
    assert keeps("since:end-24h", event(timestamp=at("2026-11-19T12:30:00")))
    assert not keeps("since:end-24h", event(timestamp=at("2026-11-19T12:29:59")))


def test_around_an_event_is_resolved_with_its_time() -> None:
    where = parse(f"around:{EVENT.id}±5m", ANCHOR).where
    resolved = resolve(where, {EVENT.id: EVENT.occurred_at}.get)
    tick, five = timedelta(microseconds=1), timedelta(minutes=5)

    def kept(moment: datetime) -> bool:
        text = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return matches(resolved, event(timestamp=text))

    assert [kept(EVENT.occurred_at + offset) for offset in (-five, five)] == [True, True]
    assert [kept(EVENT.occurred_at + offset) for offset in (-five - tick, five + tick)] == [
        False,
        False,
    ]


@pytest.mark.parametrize(("hour", "kept"), [(21, False), (22, True), (0, True), (6, True)])
def test_hours_go_round(hour: int, kept: bool) -> None:
    assert keeps("hour:22..6", event(timestamp=at(f"2026-11-22T{hour:02}:59:59"))) == kept
    assert not keeps("hour:22..6", event(timestamp=at("2026-11-22T07:00:00")))


def test_weekdays_have_names() -> None:
    days = [event(timestamp=at(f"2026-11-{day}")) for day in range(16, 23)]
    assert [keeps("weekday:sat,sun", day) for day in days] == [False] * 5 + [True] * 2
    assert [keeps("weekday:sat..mon", day) for day in days] == [True] + [False] * 4 + [True] * 2
    assert keeps("hour:22..6 weekday:sat,sun", event(timestamp=at("2026-11-22T23:00:00")))


def test_stages_follow_a_filter() -> None:
    query = parse("type:secret_access | count by user,rid | sort count desc", ANCHOR)
    assert matches(query.where, EVENT)
    assert query.stages == (Count(("user", "rid")), Sort("count", descending=True))


def test_the_other_stages() -> None:
    text = "| first user,ip | count by user | top user | rare user 3 | sort user | limit 5"
    assert parse(text, ANCHOR).stages == (
        First(("user", "ip")),
        Count(("user",)),
        Top("user", 10),
        Rare("user", 3),
        Sort("user"),
        Limit(5),
    )
    assert parse("|timeline 1h by result", ANCHOR).stages == (Timeline(Duration(1, "h"), "result"),)


def test_a_whole_line_of_examples_reads_as_one_query() -> None:
    line = (
        'action:secret.*  error:"rate limit"  details.tokens:>1000  details.model:gpt-*   '
        "user:*   -user:*"
    )
    assert echo(line) == (
        'action:secret.* error:"rate limit" details.tokens:>1000 details.model:gpt-* user:* -user:*'
    )


def test_a_bare_word_is_looked_for_in_the_texts_of_an_event() -> None:
    for word in ("CESS", "lice", "B/pass", '"ate lim"', "httpx", "bern", "city"):
        assert keeps(word), word
    for word in ("secret_access", "203.0.113", "req-1", "failure"):
        assert not keeps(word), word
    assert not keeps("alice", NOBODY)


def test_a_colon_compares_without_case_and_equals_is_exact() -> None:
    assert keeps("user:ALICE")
    assert not keeps("user:=ALICE")
    assert keeps("user:=alice")
    assert keeps("user:al?ce")
    assert not keeps("user:=al?ce")
    assert not keeps("user:alic")


def test_resource_is_type_and_id() -> None:
    assert keeps("resource:secret/db*")
    assert keeps("resource:secret/db/password")
    assert keeps("rtype:secret rid:db/password")
    assert not keeps("resource:secret")


def test_a_negation_keeps_what_lacks_the_field_and_says_of_which_field() -> None:
    where = parse("-user:bob -ip:10.0.0.0/8 -error:* type:x -action:x", ANCHOR).where
    assert keeps("-user:bob", NOBODY)
    assert [str(field.name) for field in may_lack(where)] == ["user", "ip"]


def test_relative_times_are_echoed_as_absolute_utc() -> None:
    assert echo("since:-24h") == "time:>=2026-11-22T03:51:42.166415Z"
    assert echo("until:@d") == "time:<2026-11-23"
    assert echo("since:end-24h") == "time:>=2026-11-19T12:30:00Z"
    assert ANCHOR.now == NOW


def test_a_regular_expression_finds_a_part_without_case() -> None:
    assert keeps("action:/^secret [a-c]+e/")
    assert keeps("rid:/db\\/p/")
    assert not keeps("action:/accessed.$/")


def test_or_binds_less_than_terms_side_by_side() -> None:
    query = "user:bob action:nothing OR user:alice"
    assert keeps(query)
    assert not keeps("user:bob (action:nothing OR user:alice)")
    assert keeps("NOT (user:bob OR user:carol)")
    assert keeps("user:alice AND NOT user:bob")


def test_two_dots_are_text_where_there_is_no_order() -> None:
    assert keeps("rid:../../etc", event(resource_id="../../etc"))
    assert keeps("rid:a..b", event(resource_id="a..b"))
    assert keeps("rid:a..", event(resource_id="a.."))
