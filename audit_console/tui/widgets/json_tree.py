"""A JSON value as foldable lines. Numbers keep the digits of the log."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

from audit_console.core.safe_text import safe_text

OPEN_DEPTH = 2
"""Levels that are open at first."""

CHILDREN_SHOWN = 1_000
"""Members of one object or array that are listed; the rest is counted."""

Path = tuple[str | int, ...]


class JsonNode(NamedTuple):
    """One line of the tree.

    Attributes:
        path: keys and indexes from the root.
        key: the last of them as shown.
        text: the value, or what a folded part holds.
        value: the value as copied, JSON unless it is a string.
        folded: None for a value without parts.
    """

    path: Path
    key: str
    text: str
    value: object
    folded: bool | None


def parse(text: str) -> object:
    """Read JSON, numbers as the text that stands there.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        text,
        parse_int=_Digits,
        parse_float=_Digits,
        parse_constant=_Digits,
        object_pairs_hook=_object,
    )


class _Digits(str):
    """A number as written in the log."""

    __slots__ = ()


class _Repeating(dict[str, object]):
    """An object with a key that stands twice, of which a query reads the last value."""

    def __init__(self, members: list[tuple[str, object]]) -> None:
        super().__init__(members)
        self.members = members


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    return found if len(found) == len(members) else _Repeating(members)


def nodes(value: object, toggled: frozenset[Path]) -> Iterator[JsonNode]:
    """List the lines of a value, without a line for the root itself.

    Args:
        value: what `parse` gave.
        toggled: paths that are not in their first state, open or folded by depth.
    """
    yield from _children(value, (), toggled)


def _children(value: object, path: Path, toggled: frozenset[Path]) -> Iterator[JsonNode]:
    members = _members(value)
    last = {key: index for index, (key, _) in enumerate(members)}
    for index, (key, child) in enumerate(members):
        if index == CHILDREN_SHOWN:
            rest = f"… {len(members) - index:,} more"
            yield JsonNode((*path, key), "", rest, value, None)
            return
        child_path = (*path, key)
        folded = _is_folded(child, child_path, toggled)
        name = str(key) if last[key] == index else f"{key} (stands again below)"
        yield JsonNode(child_path, name, summary(child, open_=folded is False), child, folded)
        if folded is False:
            yield from _children(child, child_path, toggled)


def _members(value: object) -> Collection[tuple[str | int, object]]:
    if isinstance(value, _Repeating):
        return value.members
    if isinstance(value, dict):
        return value.items()
    return list(enumerate(value)) if isinstance(value, list) else ()


def _is_folded(value: object, path: Path, toggled: frozenset[Path]) -> bool | None:
    if not isinstance(value, dict | list) or not value:
        return None
    return (len(path) >= OPEN_DEPTH) is not (path in toggled)


def summary(value: object, *, open_: bool = False) -> str:
    """Word a value on one line; of an open part, only how many members it has."""
    if isinstance(value, dict | list):
        brackets = "{}" if isinstance(value, dict) else "[]"
        if not value:
            return brackets
        count = len(_members(value))
        return f"{brackets[0]}{count:,}{brackets[1]}" if open_ else safe_text(as_json(value))
    return safe_text(as_text(value))


def as_text(value: object) -> str:
    """Print a value as it is copied: strings bare, everything else as JSON."""
    return str(value) if isinstance(value, str) else as_json(value)


def as_json(value: object) -> str:
    """Print a value as JSON, numbers as they were written."""
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, dict):
        members = (f"{_quoted(key)}:{as_json(item)}" for key, item in _members(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_json, value)) + "]"
    return _quoted(value)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
