"""JSON objects of a log's lines, read so that nothing an attacker writes goes unseen.

The text is walked by hand at its top level only: duplicate keys are seen, and each
value keeps its own spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from audit_console.core.findings import Code

MAX_DEPTH = 64

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can spell and UTF-8 cannot store."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(\\\\)|\\u0000")
_NOT_PRINTED = re.compile(r"[^\n -~]")


def storable(text: str) -> str:
    """Put U+FFFD in the place of what UTF-8 or PostgreSQL cannot store: half characters, U+0000."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_json(text: str) -> str:
    """Do the same to text inside JSON, where U+0000 is an escape."""
    if "\\u0000" in text:  # or an escaped backslash and five more characters
        text = _ESCAPED_NUL.sub(lambda found: found[1] or "\ufffd", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        return SURROGATE.sub("\ufffd", text)
    return text


def ascii_json(
    value: object, *, indent: int | None = None, separators: tuple[str, str] | None = None
) -> str:
    """Print JSON of printable ASCII, with U+FFFD for half a character, which readers refuse."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return _NOT_PRINTED.sub(_escaped, SURROGATE.sub("\ufffd", text))


def _escaped(found: re.Match[str]) -> str:
    return "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1]


class Rejected(Exception):
    """Carries the reason why a line is no event up to who reads lines."""

    def __init__(self, reason: str, code: Code = Code.MALFORMED) -> None:
        super().__init__(reason)
        self.code = code


class Number(str):
    """The digits of a JSON number, kept as written so that no precision is lost."""

    __slots__ = ()


class Member(NamedTuple):
    """A value and how it is spelled."""

    value: object
    text: str


quote = json.encoder.encode_basestring
"""Print a JSON string as format v1 spells it: the encoder that `json.dumps` uses for one."""


def _not_a_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_not_a_number)
_BYTE_ORDER_MARK = "\ufeff"
_SPACES, _PLAIN = r"[ \t\n\r]*", r'"([^"\\\x00-\x1f]*)"'
_SPACE = re.compile(_SPACES)
_PLAIN_MEMBER = re.compile(
    rf"{_PLAIN}{_SPACES}:{_SPACES}(null|0|[1-9][0-9]*|{_PLAIN}){_SPACES}(?:(,){_SPACES}|(?=\}}))"
)
"""Most members, up to the next one: a name and null, a whole number or a text without escapes."""
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def read_members(text: str) -> dict[str, Member]:
    """Read an object by its keys.

    Raises:
        Rejected: the text is no JSON object, a key stands twice, or it nests too deep.
    """
    _require_shallow(text)
    found: dict[str, Member] = {}
    try:
        for key, member in _walk(text):
            if key in found:
                raise Rejected(f"{shown_name(key)} stands twice")
            found[key] = member
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at").removesuffix(" starting")  # Python goes on with where
        raise Rejected(f"broken JSON at character {error.pos + 1}: {what}") from None
    except ValueError as error:
        raise Rejected(f"broken JSON: {error}") from None
    return found


def _walk(text: str) -> Iterator[tuple[str, Member]]:
    if text.startswith(_BYTE_ORDER_MARK):
        raise json.JSONDecodeError("a byte order mark before the object", text, 0)
    position = _expect(text, 0, "{")
    if text[position : position + 1] == "}":
        _require_end(text, position + 1)
        return
    another: object = True
    while another:
        plain = _PLAIN_MEMBER.match(text, position)
        if plain is None:
            key, member, position, another = _any_member(text, position)
        else:
            key, spelled, string, another = plain.groups()
            position = plain.end()
            if string is None:
                member = Member(None if spelled == "null" else Number(spelled), spelled)
            else:
                member = Member(string, spelled)
        yield key, member
    _require_end(text, position + 1)


def _any_member(text: str, position: int) -> tuple[str, Member, int, bool]:
    """Read a member, up to the next one or the end of the object; tell if there is a next one."""
    if text[position : position + 1] != '"':
        raise json.JSONDecodeError("expected a field name", text, position)
    key, position = _DECODER.raw_decode(text, position)
    start = _expect(text, position, ":")
    value, end = _DECODER.raw_decode(text, start)
    member = Member(value, text[start:end])
    position = _skip_space(text, end)
    if text[position : position + 1] == "}":
        return key, member, position, False
    return key, member, _expect(text, position, ","), True


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _expect(text: str, position: int, character: str) -> int:
    position = _skip_space(text, position)
    if text[position : position + 1] != character:
        raise json.JSONDecodeError(f"expected {character}", text, position)
    return _skip_space(text, position + 1)


def _require_end(text: str, position: int) -> None:
    position = _skip_space(text, position)
    if position != len(text):
        raise json.JSONDecodeError("text after the object", text, position)


def _require_shallow(text: str) -> None:
    """Refuse deep nesting before a parser that recurses sees it."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Rejected(f"nested deeper than {MAX_DEPTH}", Code.OVERSIZE)
        elif token[0] in "]}":
            depth -= 1


def shown_name(key: str) -> str:
    """Print a field name for a reason: cut, and without characters that no text holds."""
    return quote(SURROGATE.sub("\ufffd", key[:80]))


def json_type(value: object) -> str:
    """Name the JSON type of a value, with its article."""
    if isinstance(value, Number):
        return "a number"
    names = {bool: "a boolean", dict: "an object", list: "an array", str: "a string"}
    return names[type(value)]
