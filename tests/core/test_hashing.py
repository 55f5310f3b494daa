from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import encode_line
from audit_console.core.event import Scheme
from audit_console.core.hashing import _exact, check_hash, event_hash
from tests.support.chains import orchestrator_chain, orchestrator_lines, rehashed, v1_chain
from tests.support.effort import examples
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS, lines_of
from tests.support.tampers import event_of

EXPECTED = json.loads((V1_VECTORS.parent / "expected.json").read_text(encoding="utf-8"))
EVENT = v1_chain(1)[0]


def test_the_hashes_of_the_vectors() -> None:
    lines = lines_of(V1_VECTORS)
    assert len(lines) == EXPECTED["events"] == 200
    assert [event_hash(event_of(line)) for line in lines] == EXPECTED["event_hash"]


def test_anyone_can_check_a_line() -> None:
    line = lines_of(V1_VECTORS)[0]
    entry, _, stored = line.partition(b',"event_hash":"')
    assert hashlib.sha256(b"\x00" + entry).hexdigest() == stored.removesuffix(b'"}').decode()


def test_the_hashes_that_the_orchestrator_wrote() -> None:
    events = [event_of(line) for line in lines_of(UPSTREAM_VECTORS)]
    assert len(events) == 240
    assert [event_hash(event) for event in events] == [event.event_hash for event in events]


@pytest.mark.parametrize("zone", ["Z", "+00:00"])
def test_the_orchestrators_hash_covers_the_time_as_it_prints_it(zone: str) -> None:
    (entry,) = orchestrator_chain(1)
    line = orchestrator_lines([entry | {"timestamp": str(entry["timestamp"]).replace("Z", zone)}])
    assert event_hash(event_of(line[0])) == entry["event_hash"]


def test_an_unhashed_event_has_no_hash() -> None:
    event = replace(EVENT, scheme=Scheme.UNHASHED)
    assert event_hash(event) is None
    checked = check_hash(event, "")
    assert (checked.computed, checked.canonical) == (None, True)


def test_a_canonical_line() -> None:
    checked = check_hash(EVENT, encode_line(EVENT))
    assert (checked.computed, checked.canonical) == (EVENT.event_hash, True)


def test_another_spelling_of_the_line_holds() -> None:
    text = json.dumps(json.loads(encode_line(EVENT)))
    checked = check_hash(event_of(text.encode()), text)
    assert (checked.computed, checked.canonical) == (EVENT.event_hash, False)


@pytest.mark.parametrize(
    ("true", "stored"),
    [
        ('{"a":1,"b":2}', '{"b": 2, "a": 1}'),
        ('{"a":1000.0}', '{"a":1.0e3}'),
        ('{"a":0.1,"b":0.0}', '{"a":0.100,"b":0e-400}'),
        ('{"a":"é"}', '{"a":"\\u00e9"}'),
        ('{"a":{"b":[1,"x"]}}', '{"a":{"b":[ 1, "\\u0078" ]}}'),
    ],
)
def test_another_spelling_of_details_holds(true: str, stored: str) -> None:
    event = replace(rehashed(replace(EVENT, details=true)), details=stored)
    checked = check_hash(event, encode_line(event))
    assert (checked.computed, checked.canonical) == (event.event_hash, False)


@pytest.mark.parametrize(
    ("true", "stored"),
    [
        ('{"a":1}', '{"a":2}'),
        ('{"a":1}', '{"a":1.0}'),
        ('{"a":1}', '{"a":2,"a":1}'),
        ('{"x":{"a":1}}', '{"x":{"a":2,"a":1}}'),
        ('{"a":"\ufffd"}', '{"a":"\\ud800"}'),
        ('{"a":1}', '{"a":1e400}'),
        ('{"a":1.5}', '{"a":1.50000000000000000001}'),
        ('{"a":0.0}', '{"a":1e-400}'),
        ('{"a":0.0}', '{"a":1e-9999999999999999999}'),
        ('{"a":1}', '{"a":1' + "0" * 5000 + "}"),
    ],
)
def test_other_details_do_not_hold(true: str, stored: str) -> None:
    event = replace(rehashed(replace(EVENT, details=true)), details=stored)
    checked = check_hash(event, encode_line(event))
    assert checked.computed == event_hash(event) != event.event_hash
    assert checked.canonical


_DECIMALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)


@examples(200)
@given(_DECIMALS)
def test_a_number_is_exact_where_its_float_is_printed_as_the_same_number(digits: str) -> None:
    if Decimal(digits) == Decimal(repr(float(digits))):
        assert _exact(digits) == float(digits)
    else:
        with pytest.raises(ValueError, match="more digits than a float keeps"):
            _exact(digits)
