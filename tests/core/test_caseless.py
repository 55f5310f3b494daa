# ruff: noqa: RUF001 - characters that look alike are what is compared
from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core import caseless
from audit_console.core.caseless import (
    LAST_CASED,
    PYTHON,
    RUST,
    alike,
    ascii_alone,
    cased_beyond_ascii,
    escape_wildcards,
    letter_key,
    literal,
    pattern_regex,
)
from tests.support.effort import UNMEASURED


@pytest.mark.parametrize(
    ("character", "others"),
    [
        ("a", "Aa"),
        ("K", "Kk"),
        ("5", "5"),
        ("é", "Éé"),
        ("σ", "Σςσ"),
        ("ß", "ßẞ"),
        ("ǆ", "Ǆǅǆ"),
        ("µ", "µΜμ"),
        ("\u212a", "\u212a"),  # Kelvin
        ("ſ", "ſ"),
        ("İ", "İ"),
        ("ı", "ı"),
        ("日", "日"),
    ],
)
def test_characters_are_alike_by_their_case_alone(character: str, others: str) -> None:
    assert alike(character) == others


def test_being_alike_goes_both_ways() -> None:
    for code in range(0x600):
        for other in alike(chr(code)):
            assert chr(code) in alike(other)
            assert other.isascii() == chr(code).isascii()


def test_letters_beyond_ascii_are_looked_up_once() -> None:
    caseless._alike_beyond_ascii.cache_clear()
    cased_beyond_ascii.cache_clear()
    assert alike("é") == "Éé"
    assert {"é", "ẞ", "σ"} <= set(cased_beyond_ascii())
    assert cased_beyond_ascii() is cased_beyond_ascii()


@UNMEASURED
def test_no_letter_behind_the_last_has_a_case() -> None:
    assert all(letter_key(chr(code)) == chr(code) for code in range(LAST_CASED + 1, 0x110000))


def test_python_and_rust_read_a_pattern_alike() -> None:
    texts = [
        "İstanbul",
        "istanbul",
        "STRASSE",
        "Straße",
        "STRAẞE",
        "ΟΔΟΣ",
        "οδος",
        "οδοσ",
        "K\u212a",
    ]
    texts += ["a.b", "axb", "a\nb", "[x]", "", "a\\b", "\U00010400", "\U00010428", "e\u0301", "é"]
    for text in texts:
        for pattern in (escape_wildcards(text), text.replace("a", "*"), text.replace("s", "?")):
            compiled = re.compile(pattern_regex(pattern, PYTHON, whole=True))
            found = [compiled.search(known) is not None for known in texts]
            regex = pattern_regex(pattern, RUST, whole=True)
            assert pl.Series(texts).str.contains(regex).to_list() == found, pattern


@UNMEASURED
@given(
    st.text("ab*?\\", max_size=8),
    st.lists(st.text("aAb*\\\n", max_size=9), min_size=1, max_size=9),
    st.booleans(),
)
def test_python_and_rust_find_the_same_by_any_wildcards(
    pattern: str, texts: list[str], whole: bool
) -> None:
    compiled = re.compile(pattern_regex(pattern, PYTHON, whole=whole))
    found = [compiled.search(text) is not None for text in texts]
    regex = pattern_regex(pattern, RUST, whole=whole)
    assert pl.Series(texts).str.contains(regex).to_list() == found


@pytest.mark.parametrize("pattern", ["*a*b*c*d*", "a*b*c*d", "*a?*b?*d", "****d", "a*a*a*a*a*d*"])
@pytest.mark.parametrize("whole", [True, False])
def test_no_text_makes_python_try_all_ways_to_fit_wildcards(pattern: str, whole: bool) -> None:
    compiled = re.compile(pattern_regex(pattern, PYTHON, whole=whole))
    assert not compiled.search("ab" * 32_000)  # or days go by
    assert compiled.search("aabbccdd" * 8_000)


def test_a_pattern_without_wildcards_stands_for_one_text() -> None:
    assert literal(r"a\*b\\") == "a*b\\"
    assert literal("a*") is None
    assert escape_wildcards("a*?\\") == r"a\*\?\\"


def test_ascii_alone_tells_where_other_letters_have_a_case() -> None:
    assert ascii_alone("alice 日本 ı")
    assert not ascii_alone("é")
