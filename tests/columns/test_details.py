"""Values at a path by the column are those that `core.details` finds one by one."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns import details as columns_details
from audit_console.columns.details import VALUES, values_at
from audit_console.core.details import texts_at
from tests.support.effort import examples

KEYS = ("a", "b", "a.b", "c d", 'q"', "é", "")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "a", "b", '"a":', '{"a":1', "}", "x,y", ":", "é", "a\\b", "null", "[", " "]
    ),
)


def objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.tuples(st.sampled_from(KEYS), children), max_size=4)
    return pairs.map(lambda found: {f"{key}\0{at}": value for at, (key, value) in enumerate(found)})


VALUES_OF = st.recursive(LEAVES, lambda inner: objects(inner) | st.lists(inner, max_size=3))


def spelled(value: Any, space: str) -> str:
    """Write JSON with keys that may stand twice: what follows a zero is none of the key."""
    if isinstance(value, dict):
        pairs = (
            f"{space}{json.dumps(key.split(chr(0))[0])}{space}:{space}{spelled(one, space)}{space}"
            for key, one in value.items()
        )
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(spelled(one, space) for one in value) + "]"
    return json.dumps(value, ensure_ascii=len(space) > 1)


def expected(details: list[str | None], path: tuple[str, ...]) -> list[tuple[int, str | None]]:
    return [(row, text) for row, one in enumerate(details) for text in texts_at(one, path)]


def found(details: list[str | None], path: tuple[str, ...]) -> list[tuple[int, str | None]]:
    values = values_at(pl.Series(details, dtype=pl.String), path)
    assert dict(values.schema) == VALUES
    return list(values.sort("row", maintain_order=True).iter_rows())


@examples(250)
@given(
    st.lists(objects(VALUES_OF), max_size=6),
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4).map(tuple),
    st.sampled_from(["", " ", "\n\t"]),
)
def test_values_by_the_column_are_those_one_by_one(
    made: list[Any], path: tuple[str, ...], space: str
) -> None:
    details = [None, *(spelled(one, space) for one in made)]
    assert found(details, path) == expected(details, path)


PLAIN = [
    '{"tokens":{"in":3409,"out":857}}',
    '{"model":"large","ms":1638,"tokens":{"in":1,"deep":{"x":{}},"out":"two"},"after":1}',
    ' { "tokens" : { "out" : true } } ',
    '{"tokens":{"out":null}}',
    '{"tokens":{},"out":1}',
]
OTHERS = [
    '{"tokens":{"out":{"x":1}}}',
    '{"tokens":[{"out":1},{"out":2}]}',
    '{"tokens":{"out":[1,2]}}',
    '{"tokens":{"out":1},"tokens":{"out":2}}',
    '{"tokens":{"out":1,"out":2}}',
    '{"tokens":{"\\u006fut":3}}',
    '{"x":{"tokens":{"out":4}}}',
    '{"x":{"x":{"x":{"x":{}}}},"tokens":{"out":5}}',
    '{"x":"out","tokens":{"out":6}}',
    '["tokens",{"tokens":{"out":7}}]',
    '"tokens"',
]


def test_a_nested_path_of_plain_details_is_found_without_reading_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str | None] = []

    def noted(details: str | None, path: tuple[str, ...]) -> tuple[str | None, ...]:
        read.append(details)
        return texts_at(details, path)

    monkeypatch.setattr(columns_details, "texts_at", noted)
    path = ("tokens", "out")
    assert found([*PLAIN, *OTHERS], path) == expected([*PLAIN, *OTHERS], path)
    assert not {*PLAIN[:4]} & {*read}


@pytest.mark.parametrize("length", [1, 8, 9, 40])
def test_a_path_may_be_of_many_keys(length: int) -> None:
    path = tuple(f"k{number}" for number in range(length))
    details = '"x"'
    for key in reversed(path):
        details = f'{{"{key}":{details}}}'
    assert found([details, None, "{}"], path) == [(0, "x")]
