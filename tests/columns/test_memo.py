from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from audit_console.columns.memo import Memo


def test_what_many_threads_ask_for_is_made_once() -> None:
    memo = Memo[str, object](4)
    barrier = Barrier(8)
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    def ask(_: int) -> object:
        barrier.wait()
        return memo.get("a", make)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {made[0]}
    assert len(made) == 1


def test_a_slow_value_keeps_nobody_from_another() -> None:
    memo = Memo[str, str](4)
    assert memo.get("slow", lambda: memo.get("quick", lambda: "there")) == "there"


def test_the_value_that_was_not_asked_for_longest_goes() -> None:
    memo = Memo[int, int](2)
    for key in (1, 2, 1, 3):
        memo.get(key, lambda: 0)
    assert [memo.has(key) for key in (1, 2, 3)] == [True, False, True]


def test_what_could_not_be_made_is_tried_again() -> None:
    memo = Memo[str, int](1)
    with pytest.raises(ZeroDivisionError):
        memo.get("a", lambda: 1 // 0)
    assert memo.get("a", lambda: 1) == 1
