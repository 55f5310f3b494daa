from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core import ordered
from audit_console.core.ordered import Ordered
from tests.support.effort import examples

_KEYS = st.integers(0, 40)


@examples(100)
@given(st.lists(st.tuples(st.booleans(), _KEYS)), _KEYS, st.sampled_from([1, 3, 2_000]))
def test_it_is_as_a_sorted_map(changes: list[tuple[bool, int]], asked: int, most: int) -> None:
    held: dict[int, str] = {}
    items: Ordered[str] = Ordered()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "_MOST", most)
        for comes, key in changes:
            if comes and key not in held:
                held[key] = f"item {key}"
                items.add(key, held[key])
            elif not comes and key in held:
                del held[key]
                items.remove(key)
    keys = sorted(held)
    assert list(items) == [held[key] for key in keys]
    assert bool(items) == bool(held)
    assert items.at_or_before(asked) == held.get(max((k for k in keys if k <= asked), default=-1))
    assert items.behind(asked) == held.get(min((k for k in keys if k > asked), default=-1))
    if held:
        assert (items.first, items.last) == (held[keys[0]], held[keys[-1]])


def test_parts_grow_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "_MOST", 2)
    items: Ordered[int] = Ordered()
    for key in (5, 1, 4, 2, 3):
        items.add(key, key)
    assert list(items) == [1, 2, 3, 4, 5]
    for key in (1, 3, 2, 4):
        items.remove(key)
    assert (list(items), items.behind(1), items.at_or_before(4)) == ([5], 5, None)
