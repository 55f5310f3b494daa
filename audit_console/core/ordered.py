"""Items in the order of whole numbers, of which many come and go in any order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 2_000
"""Keys of one part: a list moves all that stand behind one that is put in."""


class Ordered(Generic[T]):
    """A map from whole numbers that gives what stands before and behind any of them."""

    __slots__ = ("_firsts", "_items", "_parts")  # a log may hold one chain for each event

    def __init__(self) -> None:
        self._items: dict[int, T] = {}
        self._parts: list[list[int]] = []
        self._firsts: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[T]:
        return map(self._items.__getitem__, chain.from_iterable(self._parts))

    @property
    def first(self) -> T:
        """The item with the least key."""
        return self._items[self._firsts[0]]

    @property
    def last(self) -> T:
        """The item with the largest key."""
        return self._items[self._parts[-1][-1]]

    def at_or_before(self, key: int) -> T | None:
        """Give the last item whose key is not larger."""
        part = bisect_right(self._firsts, key) - 1
        if part < 0:
            return None
        keys = self._parts[part]
        return self._items[keys[bisect_right(keys, key) - 1]]

    def behind(self, key: int) -> T | None:
        """Give the first item whose key is larger."""
        part = max(bisect_right(self._firsts, key) - 1, 0)
        for keys in self._parts[part : part + 2]:
            if keys[-1] > key:
                return self._items[keys[bisect_right(keys, key)]]
        return None

    def add(self, key: int, item: T) -> None:
        """Put in an item under a key that none has."""
        self._items[key] = item
        part = max(bisect_right(self._firsts, key) - 1, 0)
        if not self._parts:
            self._parts.append([])
            self._firsts.append(key)
        keys = self._parts[part]
        insort(keys, key)
        self._firsts[part] = keys[0]
        if len(keys) > _MOST:
            half = len(keys) // 2
            self._parts[part : part + 1] = [keys[:half], keys[half:]]
            self._firsts.insert(part + 1, keys[half])

    def remove(self, key: int) -> None:
        """Take out the item with a key."""
        del self._items[key]
        part = bisect_right(self._firsts, key) - 1
        keys = self._parts[part]
        del keys[bisect_left(keys, key)]
        if keys:
            self._firsts[part] = keys[0]
        else:
            del self._parts[part], self._firsts[part]
