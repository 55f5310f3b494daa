from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.filters import Field
from audit_console.core.query import Completion, complete, offer_end, parse
from audit_console.core.query.fields import field_text
from audit_console.core.query.stages import event_field
from tests.core.query.reading import ANCHOR, END, NOW
from tests.support.effort import examples

VALUES: dict[str, list[tuple[str, int | None]]] = {
    "user": [("alice", 31), ("Alan Smith", 7), ("bob", 2), ("mal", 1)],
    "ip": [("203.0.113.9", 590), ("10.0.0.7", 2)],
    "details": [("details.model", None), ("details.geo.city", None), ('details."a b".c', None)],
    "details.model": [("gpt-4", 9)],
    'details."a b".c': [("x", 1)],
    "result": [("failure", 3), ("success", 2)],
    "weekday": [("sat", 4)],
    "action": [("read*", 1)],
}


def values(field: Field, part: str) -> list[tuple[str, int | None]]:
    del part
    return VALUES.get(field_text(field), [])


def after(text: str) -> list[str]:
    """Give what the text becomes with each completion."""
    made = complete(text, len(text), values)
    return [text[: one.start] + one.text + text[one.end :] for one in made]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("us", ["user:"]),
        ("US", ["user:"]),
        ("a -us", ["a -user:"]),
        ("(us", ["(user:"]),
        ("a (b OR us", ["a (b OR user:"]),
        ("det", ["details."]),
        ("details.", ["details.model:", "details.geo.city:", 'details."a b".c:']),
        ("details.g", ["details.geo.city:"]),
        ("DETAILS.geo.C", ["details.geo.city:"]),
        ("details.city", ["details.geo.city:"]),
        ("details.o", ["details.model:", "details.geo.city:"]),
        ('-details."a b', ['-details."a b".c:']),
        ('details."a b".c:x', ['details."a b".c:x']),
        ("user:bob (details.m", ["user:bob (details.model:"]),
        ("details.nothing", []),
        ("user:al", ["user:alice", 'user:"Alan Smith"', "user:mal"]),
        ("user:A", ["user:alice", 'user:"Alan Smith"', "user:mal"]),
        ('user:"al', ["user:alice", 'user:"Alan Smith"', "user:mal"]),
        ("-user:b", ["-user:bob"]),
        ("user:=b", ["user:=bob"]),
        ("user:(alice OR b", ["user:(alice OR bob"]),
        ("user:(alice,b", ["user:(alice,bob"]),
        ("user:(b", ["user:(bob"]),
        ("user:bob (us", ["user:bob (user:"]),
        ("user:(bob) us", ["user:(bob) user:"]),
        ("ip:2", ["ip:203.0.113.9"]),
        ("result:f", ["result:failure"]),
        ("result:success,f", ["result:success,failure"]),
        ("weekday:s", ["weekday:sat", "weekday:sun"]),
        ("star:", ["star:yes", "star:no"]),
        ("chain:b", ["chain:broken", "chain:unverifiable"]),
        ("details.model:g", ["details.model:gpt-4"]),
        ("action:r", ['action:"read*"']),
        ("since:-2", ["since:-24h"]),
        ("around:", []),
        ("time:>", ["time:>="]),
        ("foo:b", []),
        ("details.:b", []),
        ("a | to", ["a | top"]),
        ("a | top us", ["a | top user"]),
        ("a | count b", ["a | count by"]),
        ("a | count by user,i", ["a | count by user,id", "a | count by user,ip"]),
        ("a | sort count de", ["a | sort count desc"]),
        ("a | sort c", ["a | sort count", "a | sort chain"]),
        ("a | top b", []),
        ("a | rare user ", []),
        ("a | limit ", []),
        ("a | first i", ["a | first id", "a | first ip"]),
        ("a | first user, i", ["a | first user, id", "a | first user, ip"]),
        ("a | first user,i", ["a | first user,id", "a | first user,ip"]),
        ("a | timeline 1", [f"a | timeline {step}" for step in ("1h", "1d", "1w", "1mo")]),
        ("a | timeline 1d ", ["a | timeline 1d by"]),
        ("a | timeline 1d by u", ["a | timeline 1d by user"]),
        ("a | count by st", []),
        ("a | count by user ", []),
        ("a | count by user,details.m", ["a | count by user,details.model"]),
        ("a | count by details.city", ["a | count by details.geo.city"]),
        ("a|count|li", ["a|count|limit"]),
    ],
)
def test_the_word_at_the_cursor_is_completed(text: str, expected: list[str]) -> None:
    assert after(text) == expected


def test_operators_come_before_values_and_values_have_their_counts() -> None:
    found = complete("user:", 5, values)
    assert [one.text for one in found[:4]] == ["=", "*", "(", "/"]
    assert found[4] == Completion(5, 5, "alice", 31)


def test_values_are_asked_for_by_the_part_that_is_typed() -> None:
    asked: list[tuple[str, str]] = []

    def note(field: Field, part: str) -> list[tuple[str, int | None]]:
        asked.append((field_text(field), part))
        return []

    for text in ("user:AL", 'user:"al', "user:=b", "details.geo.Ci", "| count by details.x"):
        complete(text, len(text), note)
    assert asked == [
        ("user", "al"),
        ("user", "al"),
        ("user", "b"),
        ("details", "geo.ci"),
        ("details", "x"),
    ]


def test_all_fields_are_offered_at_the_start() -> None:
    names = [one.text for one in complete("", 0, values)]
    assert names[:3] == ["id:", "time:", "type:"]
    assert {"since:", "until:", "around:", "details.", "tag:"} <= set(names)


def test_a_completion_replaces_only_what_is_before_the_cursor() -> None:
    assert complete("us alice", 2, values) == [Completion(0, 2, "user:")]


def test_what_is_completed_can_be_read() -> None:
    for text in ("user:al", "ip:", "weekday:", "star:", "result:", "chain:", "action:r"):
        for made in complete(text, len(text), values):
            if made.text not in ("(", "/", "=", ">", ">=", "<", "<="):
                parse(text[: made.start] + made.text, ANCHOR)


@examples(300)
@given(
    st.text(st.sampled_from('ab:"()|,-= .*\\user details.since'), max_size=20), st.integers(0, 20)
)
def test_completion_never_raises(text: str, cursor: int) -> None:
    for made in complete(text, cursor, values):
        assert 0 <= made.start <= made.end <= len(text)


def test_a_log_that_ended_before_is_offered_with_its_end() -> None:
    text = "user:alice since:-24h until:now"
    offered = offer_end(text, parse(text, ANCHOR), END)
    assert offered == "user:alice since:end-24h until:end"
    assert offer_end(offered, parse(offered, ANCHOR), END) is None
    assert offer_end("time:@d..now", parse("time:@d..now", ANCHOR), END) == "time:end@d..end"
    assert offer_end("-until:-1h", parse("-until:-1h", ANCHOR), END) == "-until:end-1h"


@pytest.mark.parametrize(
    "text",
    ["since:-30d", "since:2026-11-23", "until:-24h", "alice", "-since:-1h", "user:a until:-1h"],
)
def test_a_query_that_reaches_the_log_is_not_rewritten(text: str) -> None:
    assert offer_end(text, parse(text, ANCHOR), END) is None


def test_a_stage_field_that_is_none_of_events_is_refused() -> None:
    with pytest.raises(ValueError, match="not a field"):
        event_field("count")
    assert NOW > END
