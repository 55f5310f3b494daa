"""The one way by which text of a log reaches a screen, a report or a message.

Log text is written by attackers. What would steer a terminal, hide itself or
reorder its neighbours is replaced by a visible symbol: C0 controls and DEL by
their Control Pictures (ESC becomes ␛), everything else by its code point
(«U+202E»). The result is one line that holds only characters which are drawn
where they stand.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

DEFAULT_LIMIT = 2_000
"""Characters that a value may take on a screen before it is cut."""

MARKS_PER_CHARACTER = 4
"""Combining marks drawn over one character; scripts in use need at most four."""

_LONGEST_SYMBOL = len("«U+10FFFF»")

FORMULA = "^[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""How a spreadsheet knows a formula; some take full-width signs for the plain ones."""

_PLAIN = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff"  # ASCII, Latin
    r"\u0370-\u0377\u0391-\u03a1\u03a3-\u03ff\u0400-\u0482\u048a-\u052f"  # Greek, Cyrillic
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*"  # Kana, Han, Hangul
)
"""Runs of characters that need no look-up: drawn, and not combining."""

_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0F),  # variation selectors, which can carry hidden bytes
        (0xFFA0, 0xFFA0),  # half-width Hangul filler
        (0xE0100, 0xE01EF),  # further variation selectors
    )
    for code in range(first, last + 1)
)
"""Letters, marks and symbols that draw nothing, in spite of their category."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_VISIBLE_SPACES = frozenset({" ", "\N{IDEOGRAPHIC SPACE}"})
_PARTIAL_SYMBOL = re.compile(r"«(?:U(?:\+[0-9A-F]*)?)?$")
"""A symbol of ours cut in two, and not what a log may say behind a quotation mark."""


def safe_text(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Make text of a log safe to show, on one line.

    Text that is safe and short comes back as it is, so that a second
    application changes nothing.

    Args:
        text: anything, lone surrogates included.
        limit: the most characters to give back; at least 40. A longer value is
            cut and its full length named.
    """
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    shown = _visible(text[:limit])
    if len(text) <= limit and len(shown) <= limit:
        return shown
    note = f"…«{len(text):,} characters»"
    return _PARTIAL_SYMBOL.sub("", shown[: limit - len(note)]) + note


def safe_whole(text: str) -> str:
    """Make text safe, and cut none of it."""
    return safe_text(text, limit=40 + _LONGEST_SYMBOL * len(text))


def _visible(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    shown: list[str] = []
    marks = MARKS_PER_CHARACTER  # a leading mark has nothing to stand on
    for character in text:
        symbol = _symbol(character)
        if symbol is not None:
            marks = 0
            shown.append(symbol)
            continue
        marks += 1
        shown.append(character if marks <= MARKS_PER_CHARACTER else _code_point(character))
    return "".join(shown)


@lru_cache(maxsize=4096)
def _symbol(character: str) -> str | None:
    """Give what to draw for a character, None for a combining mark."""
    if character in _VISIBLE_SPACES:
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    if character == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(character)
    if category in _HIDDEN_CATEGORIES or character in _INVISIBLE:
        return _code_point(character)
    return None if category.startswith("M") else character


def _code_point(character: str) -> str:
    return f"«U+{ord(character):04X}»"
