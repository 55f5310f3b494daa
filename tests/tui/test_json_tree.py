"""Details as lines of a tree: all that stands in the log, and nothing unsaid."""

from __future__ import annotations

import pytest

from audit_console.tui.widgets.json_tree import as_json, nodes, parse
from tests.support.effort import UNMEASURED


def lines(text: str) -> list[tuple[str, str]]:
    return [(node.key, node.text) for node in nodes(parse(text), frozenset())]


def test_a_key_that_stands_twice_is_shown_twice_and_it_is_said() -> None:
    assert lines('{"user":"alice","n":1,"user":"mallory"}') == [
        ("user (stands again below)", "alice"),
        ("n", "1"),
        ("user", "mallory"),
    ]


@UNMEASURED
def test_so_it_is_within_parts() -> None:
    assert lines('{"a":[{"b":1,"b":{"c":2},"b":3}]}') == [
        ("a", "[1]"),
        ("0", '{"b":1,"b":{"c":2},"b":3}'),
    ]
    assert lines('{"a":{"b":1,"b":2}}') == [
        ("a", "{2}"),
        ("b (stands again below)", "1"),
        ("b", "2"),
    ]


@UNMEASURED
@pytest.mark.parametrize("text", ['{"a":1,"a":[{"b":1.50,"b":"x"}]}', '{"a":1,"b":null}', "[]"])
def test_what_is_copied_is_what_stands_there(text: str) -> None:
    assert as_json(parse(text)) == text
