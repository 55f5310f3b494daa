# ruff: noqa: RUF001 - characters that look alike are what is compared
from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.automaton import Automaton
from audit_console.core.caseless import POSTGRES, PYTHON, RUST
from audit_console.core.regexes import RegexError, read_regex, regex_for
from tests.support.effort import examples

TEXTS = [
    "", "a", "A", "alice", "ALICE", "a\nb", "\n", "a.b", "5", "٥", "é", "É", "ſ", "s", "K",
    "\u212a", "σ", "ς", "[", "]", "^", "-", "a-b", "\\", "{", "x{2}", "&&", "日本", "\U0001f600",
    "_", " ", "\u00a0",
]  # fmt: skip
PIECES = st.sampled_from(
    [
        *"ab5éσſ.^$*+?()[]{}|\\/-& \n",
        *[r"\d", r"\w", r"\s", r"\D", r"\.", r"\-", r"\\", r"\]", "[a-c]", "[^a]", "(?:", "{2}"],
        *["{1,3}", "{2,}", "*?", "[À-ß]", r"[\w.-]", r"\x41", r"\u00e9", r"\n", "[&&x]", "[~|-]"],
    ]
)


def position_of_error(pattern: str) -> int | None:
    """Check an expression; None if it is taken."""
    try:
        read_regex(pattern)
    except RegexError as error:
        return error.position
    return None


@examples(750)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_what_is_taken_means_the_same_in_python_and_rust(pattern: str) -> None:
    position = position_of_error(pattern)
    if position is not None:
        assert 0 <= position <= len(pattern)
        return
    compiled = re.compile(regex_for(pattern, PYTHON))
    found = [compiled.search(text) is not None for text in TEXTS]
    assert pl.Series(TEXTS).str.contains(regex_for(pattern, RUST)).to_list() == found
    followed = Automaton(read_regex(pattern))
    assert [followed.finds(text) for text in TEXTS] == found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("alice", "ALICE", True),
        ("^a.b$", "a\nb", False),
        ("^a$", "a\n", False),
        (r"\d", "٥", False),
        (r"\S", "\u00a0", True),
        (r"\w", "é", False),
        ("[à-ç]", "Ä", True),
        ("[^a]", "A", False),
        ("s", "ſ", False),
        ("[ſ]", "S", False),
        (r"[\d-]", "-", True),
        ("[a-]", "-", True),
        (r"[\]]", "]", True),
        ("(?:ab|c)+", "xABc", True),
        ("(a|)b", "b", True),
        ("a{2}", "aA", True),
        (r"\x41\u00C9", "aé", True),
        (r"\/", "/", True),
        (r"a\nb", "a\nb", True),
        ("a+?b", "aab", True),
        ("[Y-\u00e0]", "z", True),
        ("}]", "}]", True),
    ],
)
def test_expressions_mean_what_they_say(pattern: str, text: str, found: bool) -> None:
    assert (re.search(regex_for(pattern, PYTHON), text) is not None) == found


def test_postgresql_gets_its_own_spelling_of_the_end() -> None:
    assert regex_for("^a.$", POSTGRES) == "\\A[Aa][^\n]\\Z"
    assert regex_for("^a.$", RUST) == "\\A[Aa][^\n]\\z"


def test_repetitions_are_counted_together() -> None:
    read_regex("(?:.{250}){4}")
    for pattern in ("(?:.{251}){4}", "a{200}" * 5 + "b"):
        with pytest.raises(RegexError, match="too large"):
            read_regex(pattern)


def test_an_empty_expression_is_refused() -> None:
    with pytest.raises(RegexError, match="empty"):
        read_regex("")
    with pytest.raises(RegexError, match="backslash"):
        read_regex("a\\")
