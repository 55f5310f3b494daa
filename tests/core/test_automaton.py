# ruff: noqa: RUF001 - characters that look alike are what is compared
from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core import automaton
from audit_console.core.automaton import Automaton
from audit_console.core.caseless import PYTHON, RUST
from audit_console.core.regexes import read_regex, regex_for
from tests.support.effort import examples

TEXTS = st.text("aAbBcéÉσς5٥ſsK\u212a \n.-", max_size=12)
ATOMS = st.sampled_from(
    ["a", "b", "é", "σ", "5", ".", "^", "$", r"\d", r"\w", r"\S", "[a-c]", "[^a]", "[É-ë]", "k"]
)
REPEATS = st.sampled_from(["*", "+", "?", "*?", "{2}", "{0}", "{1,3}", "{0,2}", "{2,}", "{0,}"])


def _larger(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.lists(parts, max_size=3).map("".join)
        | st.lists(parts, min_size=2, max_size=3).map("|".join).map("({})".format)
        | st.builds("(?:{}){}".format, parts, REPEATS)
    )


PATTERNS = st.recursive(ATOMS, _larger, max_leaves=8).filter(bool)


@examples(400)
@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=6))
def test_it_finds_what_the_engine_of_columns_finds(pattern: str, texts: list[str]) -> None:
    found = [Automaton(read_regex(pattern)).finds(text) for text in texts]
    assert pl.Series(texts).str.contains(regex_for(pattern, RUST)).to_list() == found
    compiled = re.compile(regex_for(pattern, PYTHON))
    assert [compiled.search(text) is not None for text in texts] == found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^$", "", True),
        ("^$", "\n", False),
        ("a?$^", "", True),
        ("^ab", "abx", True),
        ("^ab", "xab", False),
        ("(^|x)a", "bxa", True),
        ("ab$|c", "ab\n", False),
        ("^a{1,3}$", "aaaa", False),
        ("^(a?){0,2}b", "aab", True),
        ("^a{2,}$", "aaa", True),
        ("^a{2,}$", "a", False),
    ],
)
def test_anchors_and_repetitions(pattern: str, text: str, found: bool) -> None:
    assert Automaton(read_regex(pattern)).finds(text) == found


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"^(a|a)*$", r"(\w*)*:", r"a*a*a*a*a*a*a*b"])
def test_no_text_makes_it_try_one_way_after_the_other(pattern: str) -> None:
    regex = Automaton(read_regex(pattern))
    assert not regex.finds("a" * 50_000 + "!")


def test_what_it_keeps_is_bounded_and_the_answer_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "MAX_KEPT", 3)
    regex = Automaton(read_regex("a[^b]{3}c$"))
    assert regex.finds("abacadaxyzc")
    assert not regex.finds("abacadaxybc")
    assert len(regex._states) <= 3


def test_nested_repetitions_stay_small() -> None:
    depth = 80
    regex = Automaton(read_regex("(" * depth + "a" + ")+" * depth))
    assert len(regex._nodes) == depth + 2
    assert regex.finds("bA")
