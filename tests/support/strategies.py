"""Generated events and lines: awkward on purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from audit_console.core.codec import CHAIN_NAME, MAX_SEQ, canonical_details, encode_line
from audit_console.core.event import RESULTS, AuditEvent, Scheme, format_time
from audit_console.core.hashing import event_hash
from tests.support.chains import orchestrator_entry, orchestrator_lines, orchestrator_sealed

_PIECES = st.sampled_from(
    [
        *'"\\/|{}[]:,\b\f\n\r\t\x00\x01\x0b\x1b\x1f\x7f\x80\x85\x9f\xa0\u00ad\u200b\u2028\u2029',
        *"\u202e\u2066\ufeff\ufffd\uffff\U0001f600\U0010ffffäЯ日é",
        *["null", "\\u0041", "\\n", '","', '":"', "  ", "alice", "0", "1e3", "e\u0301", "%s", "'"],
    ]
)
TEXT = st.one_of(
    st.lists(_PIECES, max_size=6).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["", "alice", "User auth attempt"]),
)
MAYBE = st.none() | TEXT

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DETAILS = st.none() | st.dictionaries(TEXT, _JSON, max_size=4).map(canonical_details)

_SECOND = datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC)
MOMENTS = st.one_of(
    st.just(_SECOND),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(
        [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
    ),
)
TIMES = MOMENTS.map(format_time)
SEQS = st.integers(0, 9) | st.integers(0, MAX_SEQ) | st.just(MAX_SEQ)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)


CHAINS = st.from_regex(CHAIN_NAME, fullmatch=True)


@st.composite
def v1_events(draw: st.DrawFn, chains: st.SearchStrategy[str] = CHAINS) -> AuditEvent:
    """An event of format v1 with its own hash right."""
    event = AuditEvent(
        scheme=Scheme.V1,
        chain=draw(chains),
        seq=draw(SEQS),
        id=draw(TEXT),
        recorded_at=draw(TIMES),
        timestamp=draw(TIMES),
        event_type=draw(TEXT),
        user_id=draw(MAYBE),
        action=draw(TEXT),
        resource_type=draw(TEXT),
        resource_id=draw(TEXT),
        result=draw(st.sampled_from(RESULTS)),
        result_error=draw(MAYBE),
        details=draw(DETAILS),
        ip_address=draw(MAYBE),
        user_agent=draw(MAYBE),
        request_id=draw(MAYBE),
        previous_hash=draw(HEX),
    )
    return replace(event, event_hash=event_hash(event))


_FRACTIONS = st.sampled_from(["", ".1", ".123", ".999999", ".9999995", ".000000001", ".999999999"])
_ZONES = st.sampled_from(["Z", "+00:00"])
ORCHESTRATOR_TIMES = st.builds(
    lambda moment, fraction, zone: format_time(moment)[:19] + fraction + zone,
    MOMENTS,
    _FRACTIONS,
    _ZONES,
)
_TYPES = st.sampled_from(["Authentication", "ApiKeyRevoke", "authentication", "Other"]) | TEXT
_RESOURCES = st.sampled_from(["ApiKey", "api_key", "Step"]) | TEXT
_ORCHESTRATOR_RESULTS = st.sampled_from(
    ["Success", "PartialSuccess", "success", "failure"]
) | st.builds(lambda message: {"Failure": message}, TEXT)


@st.composite
def orchestrator_texts(draw: st.DrawFn) -> str:
    """A line of the orchestrator's JSONL; now and then without its hash."""
    entry = orchestrator_entry(draw(st.integers(0, 9))) | {
        "id": draw(TEXT),
        "timestamp": draw(ORCHESTRATOR_TIMES),
        "event_type": draw(_TYPES),
        "user_id": draw(MAYBE),
        "action": draw(TEXT),
        "resource_type": draw(_RESOURCES),
        "resource_id": draw(TEXT),
        "result": draw(_ORCHESTRATOR_RESULTS),
        "details": draw(st.none() | st.dictionaries(TEXT, _JSON, max_size=3)),
        "ip_address": draw(MAYBE),
        "user_agent": draw(MAYBE),
        "request_id": draw(MAYBE),
    }
    (sealed,) = orchestrator_sealed([entry], draw(st.none() | HEX))
    if draw(st.integers(0, 3)) == 0:
        sealed["event_hash"] = None
    return orchestrator_lines([sealed])[0].decode()


WHOLE_LINES = st.one_of(
    v1_events().map(encode_line), v1_events(TEXT).map(encode_line), orchestrator_texts()
).map(str.encode)
"""Lines whose hash holds. Of some, the chain has no name that a chain may have."""

# Mutations of a line. What comes out may be an event, a bad line or no text at all.

_VALUE = re.compile(rb'":("(?:[^"\\]|\\.)*"|-?[0-9.eE+]+|null|true|false|\{\}|\[\])')
_MEMBER = re.compile(rb'"[a-z_]+":("(?:[^"\\]|\\.)*"|[0-9]+|null)')
VALUES = [
    *(b"null", b"true", b"false", b"0", b"1", b"-1", b"-0", b"1.0", b"1e0", b"01", b"+1", b'"1"'),
    *(b'" 1"', b'"1 "', b"2", b"9223372036854775807", b"9223372036854775808", b"1" + b"0" * 400),
    *(b"9" * 5000, b"{}", b"[]", b'""', b'"x"', b"NaN", b"-Infinity", b"inf", b'"\\u0000"'),
    *(b'"\\ud800"', b'"\\ude00\\ud83d"', b'"\\ud83d\\ude00"', b'"\\u00e9"', b'"\\/"', b'"\x01"'),
    *(b'"\t"', b'"\x00"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"'),
    *(b'"\\x41"', b'"\\u12"', b'"\\uD83D"', b"'x'", b'{"Failure":"no"}', b'{"Failure":null}'),
    *(b'{"Failure":"a","b":1}', b'{"Failure":"\\ud800"}', b'{"failure":"x"}', b'"Success"'),
    *(b'{"Failure":"a","Failure":"b"}', b'{"Failure": "a"}', b'"success"', b'"SUCCESS"'),
    *(b'{"a":1.0e3}', b'{"a":1e400}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":nan}', b'{"a":1,}'),
    *(b'{"a":-Infinity}', b'{"a":[inf]}', b'{"a":"NaN"}', b'{"NaN":1}', b'{"a":1,"a":2}'),
    *(b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":"\\u0041"}', b'{"a":"\\ud800"}', b'{"\\ud800":1}'),
    *(b'{"a":"\x7f"}', b'{"a":-0.0}', b'{"a":[1,2,{"b":null}]}', b'{"a":"\xff"}', b'{"a":0x1}'),
    *(b'{"a":' * 62 + b"{}" + b"}" * 62, b'{"a":' * 63 + b"{}" + b"}" * 63),
    *(b'{"a":' + b"[" * 62 + b"]" * 62 + b"}", b'{"a":' + b"[" * 63 + b"]" * 63 + b"}"),
    *(b'{"a":' + b"[" * 5000, b'{"a":"' + b"{" * 70 + b'"}', b'{"a":"' + b"[" * 63 + b'"}'),
    *(b'"' + b"a" * 63 + b'"', b'"' + b"a" * 64 + b'"', b'"' + b"a" * 65 + b'"'),
    *(b'"' + b"\xc3\xa9" * 64 + b'"', b'"' + b"\xc3\xa9" * 32 + b'"'),
]
_CLOCKS = [
    *(b"24:00:00", b"23:59:60", b"23:60:00", b"3:51:42", b"03:51:42.", b"03:51:42.1"),
    *(b"03:51:42.166", b"03:51:42.166415", b"03:51:42.166415346", b"03:51:42.1664153461"),
    *(b"03:51:42,166415", b"03:51", b"035142", b"03:51:42 ", b"03:51:42.16641\xd9\xa5"),
]
_DAYS = [
    *(b"0000-01-01", b"0001-01-01", b"9999-12-31", b"10000-01-01", b"2026-02-30", b"2026-13-01"),
    *(b"2024-02-29", b"2023-02-29", b"1900-02-29", b"2026-00-10", b"2026-1-1", b"-001-01-01"),
    *(b"20261123", b"2026-327", b"+2026-11-23", b"2026-11-23 ", b" 2026-11-23"),
]
_JOINTS = [b"T", b"t", b" ", b"", b"_"]
_OFFSETS = [
    b"Z",
    b"z",
    b"+00:00",
    b"-00:00",
    b"+01:00",
    b"",
    b"+0000",
    b"+00",
    b"ZZ",
    b" Z",
    b"Z\\n",
]
_ODD_TIMES = st.builds(
    lambda *parts: b'"' + b"".join(parts) + b'"',
    st.sampled_from([b"2026-11-23", *_DAYS]),
    st.just(b"T") | st.sampled_from(_JOINTS),
    st.sampled_from(_CLOCKS),
    st.sampled_from(_OFFSETS),
)
_BYTES = st.sampled_from(
    [
        *(b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b" ", b"\t", b"\r", b"\x0b", b"\x0c"),
        *(b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xff", b"\xc2", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
        *(b"0", b"1", b"e", b".", b"-", b"n", b"u", b"\xc2\xa0", b"\xc2\x85", b"/**/", b"//"),
    ]
)


def replaced_values(line: bytes, values: Iterable[bytes]) -> Iterator[bytes]:
    """Put each of `values` into each place of `line` that holds a value."""
    for new in values:
        for value in _VALUE.finditer(line):
            yield line[: value.start(1)] + new + line[value.end(1) :]


@st.composite
def mutated_lines(draw: st.DrawFn) -> bytes:
    """A whole line with up to three changes; never holds a newline."""
    line = draw(WHOLE_LINES)
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.sampled_from(_MUTATIONS))(draw, line)
    return line.replace(b"\n", b"")


def _flip(draw: st.DrawFn, line: bytes) -> bytes:
    at = draw(st.integers(0, max(len(line) - 1, 0)))
    mask = draw(st.sampled_from([1, 2, 4, 0x20, 0x40, 0x80, 0xFF]))
    return line[:at] + bytes(byte ^ mask for byte in line[at : at + 1]) + line[at + 1 :]


def _insert(draw: st.DrawFn, line: bytes) -> bytes:
    at = draw(st.integers(0, len(line)))
    return line[:at] + draw(_BYTES) + line[at:]


def _delete(draw: st.DrawFn, line: bytes) -> bytes:
    at = draw(st.integers(0, len(line)))
    return line[:at] + line[at + draw(st.integers(1, 3)) :]


def _cut(draw: st.DrawFn, line: bytes) -> bytes:
    return line[: draw(st.integers(0, len(line)))]


def _revalue(draw: st.DrawFn, line: bytes) -> bytes:
    found = list(_VALUE.finditer(line))
    if not found:
        return line
    value = draw(st.sampled_from(found))
    new = draw(st.one_of(st.sampled_from(VALUES), _ODD_TIMES))
    return line[: value.start(1)] + new + line[value.end(1) :]


def _retime(draw: st.DrawFn, line: bytes) -> bytes:
    found = [one for one in _VALUE.finditer(line) if line[: one.start()].endswith((b"_at", b"amp"))]
    if not found:
        return line
    value = draw(st.sampled_from(found))
    return line[: value.start(1)] + draw(_ODD_TIMES) + line[value.end(1) :]


def _redetail(draw: st.DrawFn, line: bytes) -> bytes:
    new = b'"details":' + draw(st.sampled_from(VALUES))
    return re.sub(rb'"details":(null|\{[^{}]*\})', lambda _: new, line, count=1)


def _drop_member(draw: st.DrawFn, line: bytes) -> bytes:
    found = list(_MEMBER.finditer(line))
    if not found:
        return line
    member = draw(st.sampled_from(found))
    return line[: member.start()] + line[member.end() :].removeprefix(b",")


def _repeat_member(draw: st.DrawFn, line: bytes) -> bytes:
    found = list(_MEMBER.finditer(line))
    if not found:
        return line
    member = draw(st.sampled_from(found))
    value = draw(st.sampled_from([member[1], *VALUES]))
    key = member[0][: member.start(1) - member.start()]
    at = draw(st.sampled_from(found)).start()
    return line[:at] + key + value + b"," + line[at:]


def _swap_members(draw: st.DrawFn, line: bytes) -> bytes:
    found = list(_MEMBER.finditer(line))
    if len(found) < 2:
        return line
    first = draw(st.integers(0, len(found) - 2))
    one, other = found[first], found[draw(st.integers(first + 1, len(found) - 1))]
    between = line[one.end() : other.start()]
    return line[: one.start()] + other[0] + between + one[0] + line[other.end() :]


def _add_member(draw: st.DrawFn, line: bytes) -> bytes:
    key = json.dumps(draw(TEXT)).encode() if draw(st.booleans()) else b'"\\ud800"'
    value = draw(st.sampled_from(VALUES))
    return line.replace(b"{", b"{" + key + b":" + value + b",", 1)


def _escape_ascii(draw: st.DrawFn, line: bytes) -> bytes:
    at = draw(st.integers(0, len(line)))
    here = line[at : at + 1]
    return line[:at] + b"\\u%04x" % here[0] + line[at + 1 :] if here.isalnum() else line


def _around(draw: st.DrawFn, line: bytes) -> bytes:
    spaces = st.sampled_from([b"", b" ", b"\t", b"\r", b"\xef\xbb\xbf", b"\x00", b"\xc2\xa0", b"x"])
    return draw(spaces) + line + draw(spaces)


_MUTATIONS = [
    *(_flip, _insert, _delete, _cut, _revalue, _revalue, _retime, _redetail, _drop_member),
    *(_repeat_member, _swap_members, _add_member, _escape_ascii, _around),
]
