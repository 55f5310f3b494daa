r"""Regular expressions that Python, Rust and PostgreSQL read alike.

An expression is read here, character by character, into its parts: without case, classes
such as `\d` as the ASCII characters they stand for, `.` as everything but a newline, `^` and
`$` as the start and end of the text. What the engines understand differently is refused. The
parts are written anew for an engine, or followed by `core.automaton`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from types import UnionType

from audit_console.core.caseless import (
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
_SYMBOLS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
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


class Anchor(Enum):
    """A place in the text."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Characters:
    """Any one of some characters, as every engine writes it: `a`, `[Aa]`, `[^0-9]`."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other; none is the empty text."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two or more parts."""

    branches: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part `least` to `most` times, without end where that is None; `sign` is as written."""

    part: Part
    least: int
    most: int | None
    sign: str


Part = Anchor | Characters | Sequence | Choice | Repeat


def regex_for(pattern: str, dialect: Dialect) -> str:
    """Write an expression for an engine, case-sensitive but with all cases spelled out.

    Raises:
        RegexError: the engines would not read it alike, or it is too long.
    """
    return _written(read_regex(pattern), dialect)


def read_regex(pattern: str) -> Part:
    """Read an expression.

    Raises:
        RegexError: the engines would not read it alike, or it is too long.
    """
    return _Reader(pattern).read()


def _written(part: Part, dialect: Dialect) -> str:
    match part:
        case Characters(text):
            return text
        case Anchor():
            return r"\A" if part is Anchor.START else dialect.end
        case Sequence(parts):
            return "".join(_grouped(inner, dialect, Choice) for inner in parts)
        case Choice(branches):
            return "|".join(_written(branch, dialect) for branch in branches)
        case _:
            return _grouped(part.part, dialect, Anchor | Sequence | Choice | Repeat) + part.sign


def _grouped(part: Part, dialect: Dialect, kinds: type | UnionType) -> str:
    text = _written(part, dialect)
    return f"(?:{text})" if isinstance(part, kinds) else text


def _size(part: Part) -> int:
    match part:
        case Characters():
            return 1
        case Anchor():
            return 0
        case Sequence(parts) | Choice(parts):
            return sum(map(_size, parts))
        case _:
            times = part.least if part.most is None else part.most
            return max(_size(part.part), 1) * max(times, 1)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0

    def read(self) -> Part:
        if len(self._pattern) > MAX_LENGTH:
            raise RegexError(MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
        if not self._pattern:
            raise RegexError(0, "the regular expression is empty")
        whole = self._alternatives()
        if self._position < len(self._pattern):
            raise self._fault("this parenthesis closes nothing")
        if _size(whole) > MAX_SIZE:
            raise self._fault("the repetitions are too large", 0)
        return whole

    def _fault(self, message: str, position: int | None = None) -> RegexError:
        return RegexError(self._position if position is None else position, message)

    def _next(self) -> str:
        return self._pattern[self._position : self._position + 1]

    def _alternatives(self) -> Part:
        branches = [self._branch()]
        while self._next() == "|":
            self._position += 1
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _branch(self) -> Part:
        parts: list[Part] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self) -> Part:
        is_anchor = self._next() in "^$"
        part = self._atom()
        repeat = _REPEAT.match(self._pattern, self._position)
        if repeat is None:
            return part
        if is_anchor:
            raise self._fault("an anchor cannot be repeated")
        self._position = repeat.end()
        least, most = self._limits(repeat)
        if self._next() == "?":
            self._position += 1
        if self._next() == "+":
            raise self._fault("possessive repetition is not understood by every engine")
        if _REPEAT.match(self._pattern, self._position):
            raise self._fault("a repetition of a repetition: put the first into parentheses")
        return Repeat(part, least, most, repeat[0])

    def _limits(self, repeat: re.Match[str]) -> tuple[int, int | None]:
        symbol, first, comma, last = repeat.groups()
        if symbol:
            return _SYMBOLS[symbol]
        least, most = int(first), int(last or first)
        if max(least, most) > MAX_REPEAT:
            raise self._fault(f"more than {MAX_REPEAT} repetitions", repeat.start())
        if most < least:
            raise self._fault("the repetition ends below its start", repeat.start())
        return least, None if comma and not last else most

    def _atom(self) -> Part:
        character = self._next()
        if character in "*+?":
            raise self._fault("nothing to repeat")
        if character == "{":
            raise self._fault(r"a brace that repeats nothing: write \{")
        if character == "(":
            return self._group()
        if character == "[":
            return Characters(self._brackets())
        if character == "\\":
            return self._escape()
        self._position += 1
        symbols: dict[str, Part] = {
            "^": Anchor.START,
            "$": Anchor.END,
            ".": Characters("[^\n]"),
        }
        return symbols.get(character) or Characters(self._character(character))

    def _character(self, character: str) -> str:
        if character == "\0":
            raise self._fault("no text holds U+0000 in every store", self._position - 1)
        group = alike(character)
        return f"[{group}]" if len(group) > 1 else quote_character(character)

    def _group(self) -> Part:
        start = self._position
        self._refuse_special_group()
        self._position += 3 if self._pattern.startswith("(?:", start) else 1
        inside = self._alternatives()
        if self._next() != ")":
            raise self._fault("this parenthesis is not closed", start)
        self._position += 1
        return inside

    def _refuse_special_group(self) -> None:
        for opening, name in _GROUPS:
            if self._pattern.startswith(opening, self._position):
                raise self._fault(f"{name} is not understood by every engine")
        if self._pattern.startswith("(?", self._position) and not self._pattern.startswith(
            "(?:", self._position
        ):
            raise self._fault("inline flags are not understood by every engine")

    def _escape(self) -> Part:
        name = self._pattern[self._position + 1 : self._position + 2]
        if name and name in "dwsDWS":
            self._position += 2
            negation = "^" if name.isupper() else ""
            return Characters(f"[{negation}{_CLASSES[name.lower()]}]")
        return Characters(self._character(self._escaped_character()))

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
