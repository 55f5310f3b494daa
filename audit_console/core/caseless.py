"""Comparing without case, with `*` and `?`, the same in Python, Rust and PostgreSQL.

Lower-casing differs between engines and between versions of Unicode, so no value is
ever lower-cased by one. Two characters are alike when their upper case has the same
lower case, one character each; an ASCII letter is like ASCII letters only. So all three
sigmas are alike and so are both sharp s, but not the Kelvin sign and k, the long s and s,
the dotted capital I and i.
What is searched for is spelled out as a case-sensitive regular expression that lists the
alike characters, which every engine reads in the same way.

A *pattern* is text in which `*` stands for any characters, `?` for any one, and a
backslash makes the character behind it stand for itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LAST_CASED = 0x1FFFF
"""No letter behind this code point has a case."""


class Dialect(NamedTuple):
    """What an engine writes differently: the end of the text, and any one character."""

    end: str
    anything: str


PYTHON = Dialect(r"\Z", "(?s:.)")
RUST = Dialect(r"\z", "(?s:.)")
POSTGRES = Dialect(r"\Z", ".")

_SPECIAL = re.compile(r"[\\.^$*+?()\[\]{}|]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def letter_key(character: str) -> str:
    """Give what alike characters have in common."""
    upper = character.upper()
    upper = upper if len(upper) == 1 else character
    lower = upper.lower()
    lower = lower if len(lower) == 1 else upper
    return lower if lower.isascii() == character.isascii() else character


def alike(character: str) -> str:
    """Give all characters that `character` equals without case, itself included, sorted."""
    if character.isascii():
        return "".join(sorted({character.upper(), character.lower()}))
    return _alike_beyond_ascii().get(letter_key(character), character)


@lru_cache(maxsize=1)
def _alike_beyond_ascii() -> dict[str, str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for code in range(0x80, LAST_CASED + 1):
        groups[letter_key(chr(code))].append(chr(code))
    return {key: "".join(group) for key, group in groups.items() if len(group) > 1}


@lru_cache(maxsize=1)
def cased_beyond_ascii() -> str:
    """Give all characters beyond ASCII that are like another, sorted."""
    return "".join(sorted("".join(_alike_beyond_ascii().values())))


def ascii_alone(text: str) -> bool:
    """Tell whether lower-casing A to Z is all that comparing `text` without case needs."""
    return all(c.isascii() or alike(c) == c for c in text)


def escape_wildcards(text: str) -> str:
    """Make the pattern that stands for exactly `text`, but for case."""
    return re.sub(r"([\\*?])", r"\\\1", text)


def pieces(pattern: str) -> Iterator[str]:
    r"""Split a pattern into `*`, `?` and literal characters; a literal one of `\*?` is escaped."""
    position = 0
    while position < len(pattern):
        length = 2 if pattern[position] == "\\" else 1
        yield pattern[position : position + length]
        position += length


def literal(pattern: str) -> str | None:
    """Give the text that a pattern without wildcards stands for, None with wildcards."""
    if any(piece in ("*", "?") for piece in pieces(pattern)):
        return None
    return without_escapes(pattern)


def without_escapes(pattern: str) -> str:
    """Read a pattern as text, wildcards as themselves."""
    return _ESCAPED.sub(r"\1", pattern)


def pattern_regex(pattern: str, dialect: Dialect, *, whole: bool) -> str:
    """Spell out a pattern as a case-sensitive regular expression.

    Args:
        pattern: with `*` and `?`.
        dialect: of the engine that will read it.
        whole: match the whole text, not a part of it.
    """
    if dialect is PYTHON:
        return _decided(pattern, whole=whole)
    parts = [_piece_regex(piece, dialect) for piece in pieces(pattern)]
    if whole:
        parts = _anchored(parts, dialect)
    return "".join(parts)


def _decided(pattern: str, *, whole: bool) -> str:
    """Spell out a pattern for an engine that tries all ways to fit each `*` when it may.

    A text of 4 kB can make that take minutes. So what stands between two `*` is taken where it
    stands first, for good, as an atomic group: a later place leaves less for what follows.
    """
    parts = pieces(pattern) if whole else ["*", *pieces(pattern), "*"]
    sections = [""]
    for piece in parts:
        if piece == "*":
            sections.append("")
        else:
            sections[-1] += _piece_regex(piece, PYTHON)
    if len(sections) == 1:
        return rf"\A{sections[0]}{PYTHON.end}"
    first, *middle, last = sections
    found = "".join(f"(?>{PYTHON.anything}*?{section})" for section in middle if section)
    end = f"{PYTHON.anything}*{last}{PYTHON.end}" if last else ""
    return rf"\A{first}{found}{end}"


def _anchored(parts: list[str], dialect: Dialect) -> list[str]:
    """Tie a pattern to both ends of the text, but not where anything may stand there.

    An engine that finds the rest of it need not go on to the end then.
    """
    parts = [r"\A", *parts, dialect.end]
    anything = f"{dialect.anything}*"
    if parts[1] == anything:
        parts = parts[2:]
    if parts[-2:-1] == [anything]:
        parts = parts[:-2]
    return parts


def _piece_regex(piece: str, dialect: Dialect) -> str:
    match piece:
        case "*":
            return dialect.anything + "*"
        case "?":
            return dialect.anything
    group = alike(piece[-1])
    return f"[{group}]" if len(group) > 1 else quote_character(group)


def quote_character(character: str) -> str:
    """Write a character so that a regular expression takes it literally."""
    return _SPECIAL.sub(r"\\\g<0>", character)
