"""What is stored of what an application says, and what is refused."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import IntEnum, StrEnum
from itertools import islice
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import decode_line, encode_line
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.sealing import Head, Sealed, Unsealed, seal
from audit_console.errors import EventRefused
from audit_console.writer import AuditLogger
from audit_console.writer.intake import (
    EventFields,
    details_text,
    event_of,
    events_of,
    new_id,
    new_ids,
)
from audit_console.writer.testing import MemorySink
from tests.support.effort import examples

CHAIN = "example.org/test"
NOW = "2026-11-23T03:51:42.166415Z"
PLAIN: dict[str, Any] = {
    "event_type": "secret_access",
    "action": "Secret accessed",
    "resource_type": "secret",
    "resource_id": "db/password",
}


def taken(**fields: Any) -> Unsealed:
    """An event that was taken in with these fields."""
    return event_of(cast("EventFields", PLAIN | fields), "log_event")


def stored(**fields: Any) -> AuditEvent:
    """What a reader gets of an event that was taken in with these fields."""
    (sealed,) = seal([taken(**fields)], chain=CHAIN, head=None, recorded_at=NOW)
    event = decode_line(sealed.line)
    assert isinstance(event, AuditEvent)
    assert event == sealed.event
    assert encode_line(event) == sealed.line
    return event


def refusal(**fields: Any) -> str:
    """Why an event with these fields is refused."""
    with pytest.raises(EventRefused) as refused:
        stored(**fields)
    return str(refused.value)


class Color(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def clean(text: str) -> str:
    """The rule of the format, written apart from the code under test."""
    return "".join("\ufffd" if one == "\0" or 0xD800 <= ord(one) <= 0xDFFF else one for one in text)


ANY_TEXT = st.text(st.characters(), max_size=8) | st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "\udc00\ud800",
        "\ud83d\ude00",
        "a\0b",
        "\\u0000",
        "\\ud800",
        "日本",
        "\x1f\x7f",
    ]
)
TEXT_FIELDS = (
    "event_type",
    "action",
    "resource_type",
    "resource_id",
    "user_id",
    "user_agent",
    "request_id",
)


@examples(150)
@given(st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, ANY_TEXT)), ANY_TEXT)
def test_texts_are_stored_without_what_no_store_keeps(said: dict[str, str], error: str) -> None:
    event = stored(**said, result="failure", result_error=error)
    assert {name: getattr(event, name) for name in said} == {
        name: clean(text) for name, text in said.items()
    }
    assert event.result_error == clean(error)


@examples(50)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, ANY_TEXT)), max_size=3))
def test_events_of_a_group_are_those_that_single_calls_make(said: list[dict[str, str]]) -> None:
    many = cast("list[EventFields]", said)
    group = events_of(many, "log_events")
    assert [one.content for one in group] == [event_of(one, "").content for one in many]
    assert len({one.id for one in group}) == len(many)


def test_each_event_of_a_group_is_taken_in_when_it_is_said() -> None:
    def said_with_one_dict() -> Iterator[EventFields]:
        fields = cast("EventFields", dict(PLAIN))
        for user in ("alice", "bob"):
            fields["action"] = f"action of {user}"
            with AuditLogger.context(user_id=user):
                yield fields

    with closing(AuditLogger(MemorySink(CHAIN))) as log:
        events = [one.event for one in log.log_events(said_with_one_dict())]
    assert [(event.user_id, event.action) for event in events] == [
        ("alice", "action of alice"),
        ("bob", "action of bob"),
    ]


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    ANY_TEXT,
    st.sampled_from([Color.RED, Level.HIGH]),
)
DETAILS = st.dictionaries(
    ANY_TEXT,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): cleaned(inner) for key, inner in value.items()}
    return [cleaned(inner) for inner in value] if isinstance(value, list) else value


def has_keys_that_become_one(value: object) -> bool:
    if isinstance(value, dict):
        if len({clean(key) for key in value}) < len(value):
            return True
        return any(map(has_keys_that_become_one, value.values()))
    return isinstance(value, list) and any(map(has_keys_that_become_one, value))


@examples(200)
@given(DETAILS)
def test_details_are_stored_compact_sorted_and_clean(details: dict[str, object]) -> None:
    if has_keys_that_become_one(details):
        assert "one key when stored" in refusal(details=details)
        return
    event = stored(details=details)
    assert event.details == json.dumps(
        cleaned(details), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


@pytest.mark.parametrize("care", ["", "é", ()])  # details with a tuple are printed in another way
def test_values_of_every_kind_are_stored_as_json_prints_them(care: object) -> None:
    numbers = [0, -1, 10**30, 1.5, -0.0, 1e300, 5e-324, 0.1 + 0.2]
    nested: list[object] = [[], {}, [[]], [{"b": [1], "a": {}}]]
    others = [None, True, False, "", '"\\/\n\x1f\x7f', *nested]
    details = {"n": numbers, "b": others, "care": care, "Z": {"z": 1, "_": 2, "A": 3}}
    assert stored(details=details).details == json.dumps(
        details, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def test_keys_that_are_one_when_stored_are_refused() -> None:
    assert "one key when stored" in refusal(details={"\0": 1, "\ufffd": 2})


def test_an_event_says_nothing_more_than_was_said() -> None:
    event = stored()
    unsaid = ("user_id", "result_error", "details", "ip_address", "user_agent", "request_id")
    assert [getattr(event, name) for name in unsaid] == [None] * 6
    assert (event.result, event.timestamp, event.recorded_at) == ("success", NOW, NOW)


def test_types_that_the_format_does_not_name_are_kept() -> None:
    event = stored(event_type="coffee", resource_type="machine")
    assert (event.event_type, event.resource_type) == ("coffee", "machine")


def test_enumerations_are_stored_as_plain_values() -> None:
    event = stored(event_type=Color.RED, details={Color.RED: [Level.HIGH]})
    assert (event.event_type, event.details) == ("red", '{"red":[3]}')


def test_ids_are_random_uuids_in_their_own_spelling() -> None:
    ids = [new_id(), *islice(new_ids(), 199)]
    assert len(set(ids)) == 200
    assert all(str(uuid.UUID(one)) == one for one in ids)
    assert {uuid.UUID(one).version for one in ids} == {4}
    assert {uuid.UUID(one).variant for one in ids} == {uuid.RFC_4122}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC), NOW),
        (datetime(2026, 11, 23, 5, 51, 42, 166_415, tzinfo=timezone(timedelta(hours=2))), NOW),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_stored_in_utc(moment: datetime, text: str) -> None:
    assert stored(timestamp=moment).timestamp == text


class Nowhere(tzinfo):
    def utcoffset(self, _: datetime | None) -> None: ...

    def dst(self, _: datetime | None) -> None: ...

    def tzname(self, _: datetime | None) -> None: ...


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2026, 11, 23), "timestamp has no time zone"),  # noqa: DTZ001 - that is the point
        (datetime(2026, 11, 23, tzinfo=Nowhere()), "timestamp has no time zone"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "years 1 to 9999"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))), "years 1 to 9999"),
        (NOW, "timestamp is of type str, not a datetime"),
    ],
)
def test_other_times_are_refused(moment: object, reason: str) -> None:
    assert reason in refusal(timestamp=moment)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:10.0.0.7", "::ffff:a00:7"),
        ("::FFFF:0:1%eth0", "::ffff:0:1%eth0"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("fe80::1%\0", "fe80::1%\ufffd"),
        (ipaddress.ip_address("10.0.0.7"), "10.0.0.7"),
    ],
)
def test_addresses_have_one_spelling(address: object, text: str) -> None:
    assert stored(ip_address=address).ip_address == text


@pytest.mark.parametrize(
    "address", ["", "10.0.0.7:80", "010.0.0.1", "localhost", " 10.0.0.7", "\x1b[2J"]
)
def test_a_bad_address_is_refused(address: str) -> None:
    reason = refusal(ip_address=address)
    assert reason.startswith("ip_address is no IPv4 or IPv6 address")
    assert "\x1b" not in reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ip_address": 7}, "ip_address is of type int, not text"),
        ({"user_id": 7}, "user_id is of type int, not text"),
        ({"action": None}, "action is of type NoneType, not text"),
        ({"resource_id": b"x"}, "resource_id is of type bytes, not text"),
        ({"result": "ok"}, "result is 'ok', none of success, failure, partial_success"),
        ({"result_error": "no"}, "result_error is the message of a failure, the result is success"),
        ({"result": "partial_success", "result_error": "no"}, "result is partial_success"),
        ({"details": [1]}, "details is of type list, not a dict"),
        ({"details": "{}"}, "details is of type str, not a dict"),
        ({"details": {1: 2}}, "details has a key of type int, not text"),
        ({"details": {"a": [{None: 2}]}}, "details.a.0 has a key of type NoneType, not text"),
        ({"details": {"a": {"b": math.nan}}}, "details.a.b is nan, which is not JSON"),
        ({"details": {"a": [0, math.inf]}}, "details.a.1 is inf, which is not JSON"),
        ({"details": {"a": {1, 2}}}, "details.a is of type set, which is not JSON"),
        ({"details": {"a": datetime.now(UTC)}}, "details.a is of type datetime, which is not JSON"),
        ({"details": {"a": 10**5000}}, "details holds an integer of more than 4,300 digits"),
        ({"details": {"\x1b": {1, 2}}}, "details.␛ is of type set, which is not JSON"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(fields: dict[str, Any], reason: str) -> None:
    assert reason in refusal(**fields)


def test_a_field_that_no_event_has_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="usr_id"):
        stored(usr_id="alice")


CALLS: dict[str, Callable[[AuditLogger, EventFields], object]] = {
    "log_event": lambda log, fields: log.log_event(**fields),
    "log_events": lambda log, fields: log.log_events([fields]),
    "alog_event": lambda log, fields: asyncio.run(log.alog_event(**fields)),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (PLAIN | {"usr_id": "alice"}, "got an unexpected keyword argument 'usr_id'"),
        ({"event_type": "x", "action": "x", "resource_type": "x"}, "argument: 'resource_id'"),
    ],
)
def test_a_wrong_call_is_told_by_the_name_of_the_method(
    method: str, fields: dict[str, Any], said: str
) -> None:
    with closing(AuditLogger(MemorySink(CHAIN))) as log, pytest.raises(TypeError) as told:
        CALLS[method](log, cast("EventFields", fields))
    assert str(told.value).startswith(f"{method}(): ")
    assert str(told.value).endswith(said)
    assert "take_in" not in str(told.value)


def test_a_mistake_inside_a_value_keeps_its_own_words() -> None:
    class Odd(dict[str, object]):
        def items(self) -> Any:
            raise TypeError("the items cannot be told")

    with pytest.raises(TypeError, match=r"^the items cannot be told$"):
        event_of(cast("EventFields", PLAIN | {"details": Odd(a=1)}), "log_event")


def test_an_integer_that_python_does_not_print_comes_with_advice() -> None:
    with pytest.raises(EventRefused) as refused:
        taken(details={"a": 10**5000})
    assert refused.value.hint == "give it as text"


def nested(levels: int, kind: str) -> dict[str, object]:
    value: object = {} if kind == "dict" else []
    for _ in range(levels - 2):
        value = {"a": value} if kind == "dict" else [value]
    return {"a": value}


@pytest.mark.parametrize("kind", ["dict", "list"])
def test_details_nest_as_deep_as_a_reader_reads(kind: str) -> None:
    assert stored(details=nested(63, kind)).details is not None
    assert "nested deeper than 64 levels" in refusal(details=nested(64, kind))
    assert "nested deeper than 64 levels" in refusal(details=nested(5000, kind))


@pytest.mark.parametrize("wrap", [lambda inner: inner, lambda inner: [inner]])
def test_details_that_hold_themselves_are_refused(wrap: Any) -> None:
    details: dict[str, object] = {}
    details["a"] = wrap(details)
    assert "nested deeper than 64 levels" in refusal(details=details)


def test_braces_in_a_text_are_no_nesting() -> None:
    assert stored(details={"a": "{" * 100}).details == '{"a":"%s"}' % ("{" * 100)


HEAD = Head(CHAIN, 41, "ab" * 32, NOW)


def sealed_with_size(size: int, letter: str) -> Sealed:
    (empty,) = seal([taken(user_agent="")], chain=CHAIN, head=HEAD, recorded_at=NOW)
    room = size - len(empty.line.encode()) + 81
    filler = letter * (room // len(letter.encode())) + "x" * (room % len(letter.encode()))
    return seal([taken(user_agent=filler)], chain=CHAIN, head=HEAD, recorded_at=NOW)[0]


@pytest.mark.parametrize("letter", ["x", "日"])
def test_an_entry_is_as_large_as_the_format_allows_and_no_larger(letter: str) -> None:
    line = sealed_with_size(65_535, letter).line
    assert len(line.encode()) - 81 == 65_535
    assert isinstance(decode_line(line), AuditEvent)
    with pytest.raises(EventRefused, match=re.escape("65,536 bytes is over the limit of 65,535")):
        sealed_with_size(65_536, letter)


def test_an_event_that_is_too_large_anywhere_is_refused_at_once() -> None:
    with pytest.raises(EventRefused, match="over the limit of 65,535"):
        taken(user_agent="x" * 65_535)


def test_the_time_of_recording_never_goes_back() -> None:
    later = format_time(datetime(2027, 1, 1, tzinfo=UTC))
    head = HEAD._replace(recorded_at=later)
    sealed = seal([taken()] * 2, chain=CHAIN, head=head, recorded_at=NOW)
    assert [one.recorded_at for one in sealed] == [later, later]
    assert [one.seq for one in sealed] == [42, 43]
    assert sealed[1].previous_hash == sealed[0].event_hash


def test_details_of_other_mappings_are_stored() -> None:

    assert (
        details_text(MappingProxyType({"b": MappingProxyType({}), "a": (1,)})) == '{"a":[1],"b":{}}'
    )
