from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.safe_text import DEFAULT_LIMIT, MARKS_PER_CHARACTER, safe_text
from tests.support.effort import UNMEASURED

HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "User auth attempt [bold red]",
        "naïve Ωmega Привет",
        "日本語 한국어",
        "a\u3000b",
        "é́",
    ],
)
def test_drawn_text_comes_back_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x00\t\r\n", "␀␉␍␊"),
        ("\x7f", "␡"),
        ("\x9b31m", "«U+009B»31m"),
        ("a\u202eb", "a«U+202E»b"),
        ("ad\u200bmin", "ad«U+200B»min"),
        ("a\u2028b", "a«U+2028»b"),
        ("svc\u00a0bkp", "svc«U+00A0»bkp"),
        ("\ud800", "«U+D800»"),
        ("\ue000", "«U+E000»"),
        ("\U000e0041", "«U+E0041»"),
        ("x\ufe0f", "x«U+FE0F»"),
        ("\u3164", "«U+3164»"),
        ("\u0301a", "«U+0301»a"),
    ],
)
def test_what_steers_or_hides_becomes_visible(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@UNMEASURED
def test_no_character_of_unicode_gets_through_hidden() -> None:
    for code in range(sys.maxunicode + 1):
        for character in safe_text(chr(code)):
            assert unicodedata.category(character) not in HIDDEN, hex(code)


def test_a_flood_of_combining_marks_is_bounded() -> None:
    shown = safe_text("e" + "\u0301" * 100)

    assert shown.startswith("e" + "\u0301" * MARKS_PER_CHARACTER + "«U+0301»")
    assert shown.count("\u0301") == MARKS_PER_CHARACTER


def test_a_long_value_is_cut_and_its_length_named() -> None:
    shown = safe_text("x" * 100_000)

    assert len(shown) == DEFAULT_LIMIT
    assert shown.endswith("x…«100,000 characters»")


def test_a_value_that_grows_is_cut_between_symbols() -> None:
    shown = safe_text("\u202e" * 60, limit=50)

    assert shown == "«U+202E»" * 4 + "…«60 characters»"


@pytest.mark.parametrize("opening", ["«", "«U+20", "«U+2OOO"])
def test_no_opening_mark_hides_what_is_behind_it(opening: str) -> None:
    shown = safe_text(f"{opening} and more" + "x" * 100, limit=50)

    assert shown.startswith(f"{opening} and more")


@UNMEASURED
@given(st.text(st.characters(), max_size=300), st.integers(40, 200))
def test_the_result_is_bounded_and_safe_to_apply_twice(text: str, limit: int) -> None:
    once = safe_text(text, limit=limit)

    assert len(once) <= limit
    assert safe_text(once, limit=limit) == once
    assert len(once.splitlines()) <= 1
