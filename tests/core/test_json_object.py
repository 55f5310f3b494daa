"""JSON objects are read member by member; what no store keeps is replaced."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit_console.core import json_object
from audit_console.core.json_object import (
    Member,
    Rejected,
    ascii_json,
    quote,
    read_members,
    storable,
    storable_json,
)
from tests.support.effort import examples

PARTS = st.sampled_from(["\0", "\\", "u0000", '"', "\ud800", "\udc00", "é", "😀", "\n", "x"])


@examples(300)
@given(st.lists(st.lists(PARTS | st.characters(), max_size=8).map("".join), max_size=3))
@example(["\\u0000", "\\\\u0000", "\\\0", "\\\\\0u0000"])
@example(["\ud83d", "\ude00"])
def test_printed_texts_become_what_the_storable_texts_print(texts: list[str]) -> None:
    printed = ",".join(quote(text) for text in texts)
    assert storable_json(printed) == ",".join(quote(storable(text)) for text in texts)


SPACE = st.sampled_from(["", "", " ", "\t\r\n "])
VALUES = st.sampled_from(
    [
        *(
            "null",
            "true",
            "0",
            "12",
            "-1",
            "01",
            "1.0e3",
            "NaN",
            "[",
            "nul",
            "{}",
            '{"k":[1,null]}',
        ),
        *('""', '"a b"', '"\\u00e9"', '"a\tb"', '"'),
    ]
)
KEYS = st.sampled_from(['"a"', '"b"', '"c d"', '"\\u0061"', '""', "a"])
CUTS = st.none() | st.integers(0, 60)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """The text of an object, sound or not."""
    parts = draw(st.lists(st.tuples(SPACE, KEYS, SPACE, SPACE, VALUES, SPACE), max_size=5))
    members = ",".join(f"{a}{key}{b}:{c}{value}{d}" for a, key, b, c, value, d in parts)
    ends = draw(st.sampled_from(["}", "} ", ",}", "}x", "} }", ""]))
    return f"{draw(SPACE)}{{{members}{ends}"[: draw(CUTS)]


def _read(text: str) -> dict[str, tuple[Member, type]] | str:
    try:
        found = read_members(text)
        return {key: (member, type(member.value)) for key, member in found.items()}
    except Rejected as rejected:
        return str(rejected)


@examples(500)
@given(objects())
@example('{"a":1,}')
@example('{"a":null,"a":null}')
def test_members_are_read_together_with_their_names_as_they_would_be_in_steps(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_object, "_PLAIN_MEMBER", re.compile(r"(?!)"))
        in_steps = _read(text)
    together = _read(text)
    assert together == in_steps
    if isinstance(together, dict):
        values = {key: json.loads(member.text) for key, (member, _) in together.items()}
        assert values == json.loads(text)


@examples(300)
@given(st.lists(PARTS | st.characters(), max_size=8).map("".join), st.sampled_from([None, 1]))
@example("\ud83d\ude00\x7f\x9b\\ud800", 1)
def test_ascii_json_says_the_same_but_for_half_characters(text: str, indent: int | None) -> None:
    printed = ascii_json({text: [text]}, indent=indent)
    assert set(printed) <= {*map(chr, range(0x20, 0x7F)), "\n"}
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert json.loads(printed) == {whole: [whole]}
    if whole == text and "\x7f" not in text:
        assert printed == json.dumps({text: [text]}, indent=indent)
