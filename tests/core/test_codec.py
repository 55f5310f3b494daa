from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import (
    MAX_SEQ,
    V1_KEYS,
    Malformed,
    canonical_details,
    decode_bytes,
    decode_line,
    encode_entry,
    encode_line,
    is_details,
)
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.findings import Code
from tests.support.chains import orchestrator_chain, orchestrator_lines, v1_chain
from tests.support.effort import examples
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS, lines_of
from tests.support.strategies import mutated_lines, v1_events

V1 = encode_line(v1_chain(1)[0])
NO_CHAINS = [
    *('""', f'"{"a" * 256}"', '"Audit"', '"a b"', '"a\\n"', '"(lines)"', '"$(touch x)"'),
    *('"\u0430udit.example.org"', '"audit.example.org\u200b"', '"\u0661"', '"\uff0e"'),
]
ORCHESTRATOR = orchestrator_lines(orchestrator_chain(1))[0].decode()


def reason(text: str | bytes) -> tuple[Code, str]:
    bad = decode_bytes(text) if isinstance(text, bytes) else decode_line(text)
    assert isinstance(bad, Malformed), bad
    return bad.code, bad.reason


def member(text: str, key: str, value: str) -> str:
    """Put other JSON in the place of a field's value."""
    members = json.loads(text)
    return text.replace(
        f'"{key}":{json.dumps(members[key], ensure_ascii=False, separators=(",", ":"))}',
        f'"{key}":{value}',
    )


def test_the_vectors_are_in_canonical_form() -> None:
    for line in lines_of(V1_VECTORS):
        event = decode_bytes(line)
        assert isinstance(event, AuditEvent)
        assert encode_line(event).encode() == line


@examples(200)
@given(v1_events())
def test_an_event_is_read_back_as_it_was_printed(event: AuditEvent) -> None:
    line = encode_line(event)
    assert decode_line(line) == event
    assert "\n" not in line
    assert list(json.loads(line)) == list(V1_KEYS)
    assert line.startswith(encode_entry(event))
    assert line.removeprefix(encode_entry(event)) == f',"event_hash":"{event.event_hash}"}}'


@examples(300)
@given(mutated_lines() | st.binary(max_size=40))
def test_any_bytes_are_an_event_or_a_reason(line: bytes) -> None:
    read = decode_bytes(line)
    if isinstance(read, Malformed):
        assert read.reason
        assert read.reason.encode()
        assert len(read.reason) < 1000
        assert read.code in {Code.MALFORMED, Code.OVERSIZE}


def assert_read_alike(text: str) -> None:
    """Demand that a line is read as one that is not canonical: by its members, one by one."""
    read, by_members = decode_line(text), decode_line(f" {text}")
    if isinstance(by_members, Malformed):
        assert isinstance(read, Malformed)
        assert read.code is by_members.code
    else:
        assert read == by_members


@examples(300)
@given(mutated_lines() | v1_events().map(lambda event: encode_line(event).encode()))
def test_a_canonical_line_is_read_as_any_other(line: bytes) -> None:
    assert_read_alike(line.decode(errors="surrogateescape"))


_TAIL = ',"ip_address":null,"user_agent":null,"request_id":null,"previous_hash":"a"'


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("details", text) for text in ("{}", '{"a":"}"}', '{"a":1.50,"b":[{}]}', '{"a" : 1 }')),
        *(("details", text) for text in ("{", '{"a":1}}', '{"a":1,"a":2}', '{"a":NaN}', "[{}]")),
        *(("details", text) for text in ('{},"x":{}', "{},{}", f"{{}}{_TAIL},{{}}", "{}{}")),
        ("details", '{"a":' + '{"a":' * 63 + "1" + "}" * 64),
        ("details", '{"a":' + '{"a":' * 62 + "1" + "}" * 63),
        *(("seq", text) for text in ("01", "-1", "1.0", "null", '"1"', "9" * 20, "7")),
        *(("v", text) for text in ("2", "1.0", "null")),
        *(("user_id", text) for text in ('"null"', '""', '"\\n"', '"\n"', '"\ud800"', "nul", "1")),
        *(("chain", text) for text in ("null", '"\x7f"', '"\u2028"', '"')),
        *(("recorded_at", text) for text in ('"2026-13-01T00:00:00.000000Z"', "null")),
        *(("result", text) for text in ('"maybe"', "null")),
    ],
)
def test_what_looks_canonical_is_read_as_any_other_line(key: str, value: str) -> None:
    text = member(V1, key, value)
    assert text != V1
    assert_read_alike(text)


def test_details_are_kept_as_they_are_spelled() -> None:
    spelled = '{ "b":1.0e3, "a" :"\\u0041", "n":1' + "0" * 30 + "}"
    event = decode_line(member(V1, "details", spelled))
    assert isinstance(event, AuditEvent)
    assert event.details == spelled


@pytest.mark.parametrize(
    ("text", "stands"),
    [('{"a":1}', True), ("null", True), ("[1]", False), ("{", False), ('{},"id":1', False)],
)
def test_details_are_an_object_or_null(text: str, stands: bool) -> None:
    assert is_details(text) is stands


def test_the_writer_prints_details_compact_and_sorted() -> None:
    details = {"b": 1.0, "a": {"é": [1, None, True], "\U0001f600": 10**30, "\uffff": 0}}
    assert canonical_details(details) == (
        '{"a":{"é":[1,null,true],"\uffff":0,"\U0001f600":' + str(10**30) + '},"b":1.0}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_the_writer_refuses_what_is_no_json_number(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_details({"a": value})


def test_the_orchestrators_spellings_are_read_in_snake_case() -> None:
    event = decode_line(ORCHESTRATOR)
    assert isinstance(event, AuditEvent)
    assert event.scheme is Scheme.ORCHESTRATOR
    assert (event.event_type, event.resource_type) == ("workflow_execution", "api_key")
    assert (event.result, event.result_error, event.ip_address) == ("success", None, "")
    assert event.timestamp.endswith("166415731Z")
    failed = decode_line(member(ORCHESTRATOR, "result", '{"Failure":"no"}'))
    assert isinstance(failed, AuditEvent)
    assert (failed.result, failed.result_error) == ("failure", "no")


def test_upstream_vectors_are_the_orchestrators() -> None:
    events = [decode_bytes(line) for line in lines_of(UPSTREAM_VECTORS)]
    assert {type(event) for event in events} == {AuditEvent}
    assert {event.scheme for event in events if isinstance(event, AuditEvent)} == {
        Scheme.ORCHESTRATOR
    }


def test_an_event_without_a_hash_is_unhashed() -> None:
    text = ORCHESTRATOR[: ORCHESTRATOR.index(',"event_hash"')] + "}"
    for line in (text, text.replace(',"user_id":"user-0"', "")):
        event = decode_line(line)
        assert isinstance(event, AuditEvent)
        assert (event.scheme, event.event_hash) == (Scheme.UNHASHED, None)


def test_other_event_types_and_extra_keys_of_the_other_format_are_kept_or_passed_over() -> None:
    line = member(ORCHESTRATOR, "event_type", '"Novelty"').replace("{", '{"extra":[1],', 1)
    event = decode_line(line)
    assert isinstance(event, AuditEvent)
    assert event.event_type == "Novelty"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "broken JSON at character 1: expected {"),
        ("[]", "broken JSON at character 1: expected {"),
        ("\ufeff{}", "broken JSON at character 1: a byte order mark before the object"),
        ("{}", "no event_type"),
        ("{ }", "no event_type"),
        ("{} x", "broken JSON at character 4: text after the object"),
        ('{"a":1} x', "broken JSON at character 9: text after the object"),
        ('{"a":1,}', "broken JSON at character 8: expected a field name"),
        ('{"a" 1}', "broken JSON at character 6: expected :"),
        ('{"a":1 "b":2}', "broken JSON at character 8: expected ,"),
        ('{"a":}', "broken JSON at character 6: Expecting value"),
        ('{"a":"b', "broken JSON at character 6: Unterminated string"),
        ('{"a":"\t"}', "broken JSON at character 7: Invalid control character"),
        ('{"a":NaN}', "broken JSON: NaN is not JSON"),
        ('{"a":-Infinity}', "broken JSON: -Infinity is not JSON"),
        ('{"a":1,"a":2}', '"a" stands twice'),
        ('{"\\ud800":1,"\\ud800":2}', '"\ufffd" stands twice'),
        ('{"v":2}', "format version 2: only version 1 is known"),
        ('{"v":"1"}', 'format version "1": only version 1 is known'),
        ('{"v":null}', "format version null: only version 1 is known"),
        (V1.replace('"v":1', '"v":1,"w":2'), 'unknown field "w"'),
        (V1.replace('"v":1', '"v":1,"\\ud800":2'), 'unknown field "\ufffd"'),
        (V1.replace(',"user_id":"user-0"', ""), "no user_id"),
        (member(V1, "action", "null"), "action is null"),
        (member(V1, "action", "1"), "action is a number, not a string"),
        (member(V1, "action", "true"), "action is a boolean, not a string"),
        (member(V1, "action", "[]"), "action is an array, not a string"),
        (member(V1, "action", "{}"), "action is an object, not a string"),
        (member(V1, "action", '"\\ud800"'), "action holds a lone surrogate"),
        (member(V1, "details", '"x"'), "details is a string, not an object"),
        (member(V1, "details", '{"a":\n1}'), "details hold a line feed"),
        *(
            (member(V1, "chain", name), "chain is not 1 to 255 of a-z 0-9 . _ / -")
            for name in NO_CHAINS
        ),
        (member(V1, "seq", "-1"), "seq is not a whole number from 0 on"),
        (member(V1, "seq", "1.0"), "seq is not a whole number from 0 on"),
        (member(V1, "seq", '"1"'), "seq is not a whole number from 0 on"),
        (member(V1, "timestamp", '"now"'), "timestamp is not a time in UTC"),
        (
            member(V1, "timestamp", '"2026-11-23T03:51:42.1Z"'),
            "timestamp has not exactly six fractional digits",
        ),
        (
            member(V1, "recorded_at", '"2026-11-23T03:51:42.1+00:00"'),
            "recorded_at has not exactly six fractional digits",
        ),
        (member(V1, "result", '"maybe"'), "result is none of success, failure, partial_success"),
        (
            member(ORCHESTRATOR, "result", '{"Failure":1}'),
            'result is an object other than {"Failure":"message"}',
        ),
        (
            member(ORCHESTRATOR, "result", '{"Failure":"a","b":1}'),
            'result is an object other than {"Failure":"message"}',
        ),
        (member(ORCHESTRATOR, "result", '{"Failure":"\\ud800"}'), "result holds a lone surrogate"),
        (
            member(ORCHESTRATOR, "result", '"no"'),
            "result is none of success, failure, partial_success",
        ),
    ],
)
def test_a_bad_line_is_told_why(line: str, expected: str) -> None:
    assert reason(line) == (Code.MALFORMED, expected)


def test_bytes_that_are_no_text_are_told_where() -> None:
    assert reason(b"{\xff}") == (Code.MALFORMED, "invalid UTF-8 at byte 2")


@pytest.mark.parametrize("zeros", [19, 20, 400, 5000])
def test_a_seq_over_the_limit(zeros: int) -> None:
    over = (Code.OVERSIZE, "seq is over the limit of 2^63")
    assert reason(member(V1, "seq", "1" + "0" * zeros)) == over
    assert reason(member(V1, "seq", str(MAX_SEQ + 1))) == over


def test_the_largest_seq() -> None:
    event = decode_line(member(V1, "seq", str(MAX_SEQ)))
    assert isinstance(event, AuditEvent)
    assert event.seq == MAX_SEQ


@pytest.mark.parametrize("bracket", ["[]", "{}"])
def test_64_levels_are_read_and_65_are_not(bracket: str) -> None:
    opened = '{"a":' if bracket == "{}" else "["
    closed = bracket[1]
    for levels, readable in ((61, True), (62, False)):
        details = '{"a":' + opened * levels + bracket + closed * levels + "}"
        line = member(V1, "details", details)
        if readable:
            assert isinstance(decode_line(line), AuditEvent)
        else:
            assert reason(line) == (Code.OVERSIZE, "nested deeper than 64")


def test_brackets_in_strings_are_no_levels() -> None:
    text = json.dumps("[{" * 100 + '\\"')
    assert isinstance(decode_line(member(V1, "action", text)), AuditEvent)


def test_many_short_brackets_are_not_deep() -> None:
    details = '{"a":[' + ",".join(["[]"] * 100) + "]}"
    assert isinstance(decode_line(member(V1, "details", details)), AuditEvent)


def test_endless_nesting_is_refused_before_it_is_parsed() -> None:
    assert reason("[" * 500_000) == (Code.OVERSIZE, "nested deeper than 64")


def test_the_limits_of_line_and_entry() -> None:
    event = v1_chain(1)[0]
    room = 65_535 - len(encode_entry(replace(event, action="")).encode())
    full, over = (
        encode_line(replace(event, action="é" * (room // 2) + "x" * more)) for more in (0, 2)
    )
    for spaces in ("", " ", " " * 9_000):
        assert isinstance(decode_line(full.replace('"v":1', f'"v":{spaces}1')), AuditEvent)
        assert reason(over.replace('"v":1', f'"v":{spaces}1'))[0] is Code.OVERSIZE
    assert reason(b" " * (1 << 20) + b"x") == (
        Code.OVERSIZE,
        "line of 1,048,577 bytes, limit 1,048,576",
    )
