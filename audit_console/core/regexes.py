r"""Regular expressions that Python, Rust and PostgreSQL read alike.

An expression is read here, character by character, and written anew for an engine:
without case, classes such as `\d` as the ASCII characters they stand for, `.` as
everything but a newline, `^` and `$` as the start and end of the text. What the engines
understand differently is refused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from audit_console.core.caseless import (
    PYTHON,
    Dialect,
    alike,
    cased_beyond_ascii,
    quote_character,
)

MAX_LENGTH = 256
MAX_SIZE = 1_000
"""Characters to match, counting each repetition; engines refuse larger automata."""
MAX_REPEAT = 255
"""What PostgreSQL allows in braces."""

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \t\n\r\f\v"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_REPEAT = re.compile(r"([*+?])|\{([0-9]{1,3})(?:(,)([0-9]{1,3})?)?\}")
_GROUPS = (
    ("(?=", "look-ahead"),
    ("(?!", "look-ahead"),
    ("(?<=", "look-behind"),
    ("(?<!", "look-behind"),
    ("(?P", "a named group"),
    ("(?<", "a named group"),
    ("(?>", "an atomic group"),
)


class RegexError(ValueError):
    """The expression cannot be used; `position` counts its characters from 0."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


class _Part(NamedTuple):
    text: str
    size: int


def regex_for(pattern: str, dialect: Dialect) -> str:
    """Write an expression for an engine, case-sensitive but with all cases spelled out.

    Raises:
        RegexError: the engines would not read it alike, or it is too long.
    """
    return _Reader(pattern, dialect).read()


def check_regex(pattern: str) -> None:
    """Refuse an expression that the engines would not read alike.

    Raises:
        RegexError: see `regex_for`.
    """
    regex_for(pattern, PYTHON)


class _Reader:
    def __init__(self, pattern: str, dialect: Dialect) -> None:
        self._pattern = pattern
        self._dialect = dialect
        self._position = 0

    def read(self) -> str:
        if len(self._pattern) > MAX_LENGTH:
            raise RegexError(MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
        if not self._pattern:
            raise RegexError(0, "the regular expression is empty")
        whole = self._alternatives()
        if self._position < len(self._pattern):
            raise self._fault("this parenthesis closes nothing")
        return whole.text

    def _fault(self, message: str, position: int | None = None) -> RegexError:
        return RegexError(self._position if position is None else position, message)

    def _next(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _alternatives(self) -> _Part:
        branches = [self._branch()]
        while self._next() == "|":
            self._position += 1
            branches.append(self._branch())
        text = "|".join(branch.text for branch in branches)
        return _Part(text, sum(branch.size for branch in branches))

    def _branch(self) -> _Part:
        parts: list[_Part] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated())
        return _Part("".join(part.text for part in parts), sum(part.size for part in parts))

    def _repeated(self) -> _Part:
        start = self._position
        part = self._atom()
        repeat = _REPEAT.match(self._pattern, self._position)
        if repeat is None:
            return part
        if part.size == 0 and part.text.startswith("\\"):
            raise self._fault("an anchor cannot be repeated")
        self._position = repeat.end()
        most = self._most(repeat)
        if self._next() == "?":
            self._position += 1
        if self._next() == "+":
            raise self._fault("possessive repetition is not understood by every engine")
        if _REPEAT.match(self._pattern, self._position):
            raise self._fault("a repetition of a repetition: put the first into parentheses")
        size = max(part.size, 1) * most
        if size > MAX_SIZE:
            raise self._fault("the repetitions are too large", start)
        return _Part(part.text + repeat[0], size)

    def _most(self, repeat: re.Match[str]) -> int:
        symbol, least, comma, most = repeat.groups()
        if symbol:
            return 1
        largest = int(most or least)
        if largest > MAX_REPEAT:
            raise self._fault(f"more than {MAX_REPEAT} repetitions", repeat.start())
        if comma and most and int(least) > int(most):
            raise self._fault("the repetition ends below its start", repeat.start())
        return max(largest, 1)

    def _atom(self) -> _Part:
        character = self._next()
        if character in "*+?":
            raise self._fault("nothing to repeat")
        if character == "{":
            raise self._fault(r"a brace that repeats nothing: write \{")
        if character == "(":
            return self._group()
        if character == "[":
            return _Part(self._brackets(), 1)
        if character == "\\":
            return self._escape()
        self._position += 1
        symbols = {
            "^": _Part(r"\A", 0),
            "$": _Part(self._dialect.end, 0),
            ".": _Part("[^\n]", 1),
        }
        return symbols.get(character) or _Part(self._character(character), 1)

    def _character(self, character: str) -> str:
        if character == "\0":
            raise self._fault("no text holds U+0000 in every store", self._position - 1)
        group = alike(character)
        return f"[{group}]" if len(group) > 1 else quote_character(character)

    def _group(self) -> _Part:
        start = self._position
        self._refuse_special_group()
        self._position += 3 if self._pattern.startswith("(?:", start) else 1
        inside = self._alternatives()
        if self._next() != ")":
            raise self._fault("this parenthesis is not closed", start)
        self._position += 1
        return _Part(f"(?:{inside.text})", inside.size)

    def _refuse_special_group(self) -> None:
        for opening, name in _GROUPS:
            if self._pattern.startswith(opening, self._position):
                raise self._fault(f"{name} is not understood by every engine")
        if self._pattern.startswith("(?", self._position) and not self._pattern.startswith(
            "(?:", self._position
        ):
            raise self._fault("inline flags are not understood by every engine")

    def _escape(self) -> _Part:
        name = self._pattern[self._position + 1 : self._position + 2]
        if name and name in "dwsDWS":
            self._position += 2
            negation = "^" if name.isupper() else ""
            return _Part(f"[{negation}{_CLASSES[name.lower()]}]", 1)
        return _Part(self._character(self._escaped_character()), 1)

    def _escaped_character(self) -> str:
        start = self._position
        name = self._pattern[start + 1 : start + 2]
        code = _CODE.match(self._pattern, start + 1)
        self._position = code.end() if code else start + 2
        if code:
            character = chr(int(code[1] or code[2], 16))
            if "\ud800" <= character <= "\udfff":
                raise self._fault("half a surrogate pair is no character", start)
            return character
        if name in _CONTROLS:
            return _CONTROLS[name]
        if not name:
            raise self._fault("nothing follows the backslash", start)
        if name.isdigit():
            raise self._fault("back-references are not understood by every engine", start)
        if name in "bB":
            raise self._fault(rf"\{name}: engines differ on where a word ends", start)
        if name.isalnum():
            raise self._fault(rf"\{name} is not understood by every engine", start)
        return name

    def _brackets(self) -> str:
        start = self._position
        self._position += 1
        negation = "^" if self._next() == "^" else ""
        self._position += len(negation)
        if self._next() == "]":
            raise self._fault(r"an empty set, or write \]")
        members: list[str] = []
        while self._next() != "]":
            if not self._next():
                raise self._fault("this bracket is not closed", start)
            members.append(self._member())
        self._position += 1
        return f"[{negation}{''.join(members)}]"

    def _member(self) -> str:
        start = self._position
        name = self._pattern[start + 1 : start + 2]
        if self._next() == "\\" and name and name in "dws":
            self._position += 2
            return _CLASSES[name]
        if self._next() == "\\" and name and name in "DWS":
            raise self._fault(rf"\{name} inside brackets: write [^…] instead")
        first = self._member_character()
        follows = self._pattern[self._position : self._position + 2]
        if len(follows) < 2 or follows[0] != "-" or follows[1] == "]":
            return _members(first, first)
        self._position += 1
        last = self._member_character()
        if last < first:
            raise self._fault("the range ends before it starts", start)
        return _members(first, last)

    def _member_character(self) -> str:
        start, character = self._position, self._next()
        if character == "[":
            raise self._fault(r"a bracket inside brackets: write \[")
        if character == "\\":
            character = self._escaped_character()
        else:
            self._position += 1
        if character in ("\0", ""):
            raise self._fault("no text holds U+0000 in every store", start)
        return character


def _members(first: str, last: str) -> str:
    """Write a range inside brackets, with what is like its characters."""
    range_ = _quoted_member(first) + ("" if first == last else "-" + _quoted_member(last))
    ascii_letters = (chr(code) for code in range(ord(first), min(ord(last), 0x7F) + 1))
    cased = [c for c in ascii_letters if c.isalpha()]
    if last > "\x7f":
        cased += [c for c in cased_beyond_ascii() if first <= c <= last]
    others = {other for c in cased for other in alike(c) if not first <= other <= last}
    return range_ + "".join(sorted(others))


def _quoted_member(character: str) -> str:
    return "\\" + character if character in r"\[]^-&~|" else character
