"""What is computed once, however many threads ask for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Entry(Generic[Value]):
    lock: Lock = field(default_factory=Lock)
    made: tuple[Value] | None = None


class Memo(Generic[Key, Value]):
    """Keeps the values asked for last.

    Threads that ask for the same value wait for the first of them; those that ask for
    another one do not.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._entries: dict[Key, _Entry[Value]] = {}

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Give the value of a key, made now or earlier."""
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            self._entries[key] = entry
            if len(self._entries) > self._size:
                del self._entries[next(iter(self._entries))]
        with entry.lock:
            if entry.made is None:
                entry.made = (make(),)
            return entry.made[0]

    def has(self, key: Key) -> bool:
        """Tell whether a value is there or being made."""
        return key in self._entries

    def made(self, key: Key) -> Value | None:
        """Give the value of a key if it was made already."""
        entry = self._entries.get(key)
        return entry.made[0] if entry is not None and entry.made is not None else None
