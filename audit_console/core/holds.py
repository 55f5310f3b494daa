"""Legal holds: events that nobody may delete, whatever their age.

A hold is a filter with a reason and an owner. The book of holds only grows: a line adds a
hold or ends one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from audit_console.core.codec import Malformed, canonical_details
from audit_console.core.event import parse_time
from audit_console.core.filters import Filter
from audit_console.core.json_object import storable
from audit_console.core.lasting import lasting_filter
from audit_console.errors import QueryError

ADDED_ACTION = "retention.hold.add"
REMOVED_ACTION = "retention.hold.remove"
"""Actions of the system events that tell of a change; their details are the change."""

_TEXTS = ("id", "filter", "reason", "owner", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Events that `query` keeps are held. `at` is when, as format v1 prints times."""

    id: str
    query: str
    reason: str
    owner: str
    at: str
    where: Filter = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", lasting_filter(self.query))

    def __str__(self) -> str:
        return f"hold {self.id} of {self.owner}: {self.query} ({self.reason})"


@dataclass(frozen=True, slots=True)
class HoldChange:
    """A line of the book. Of a hold that ends, `reason`, `owner` and `at` are of its end."""

    change: Literal["add", "remove"]
    hold: Hold

    @property
    def action(self) -> str:
        """Action of the event that tells of it."""
        return ADDED_ACTION if self.change == "add" else REMOVED_ACTION

    @property
    def members(self) -> dict[str, object]:
        """What is stored, and told in the details of an event."""
        hold = self.hold
        texts = dict(
            zip(
                _TEXTS,
                map(storable, (hold.id, hold.query, hold.reason, hold.owner, hold.at)),
                strict=True,
            )
        )
        return {"v": 1, "change": self.change, **texts}

    @property
    def text(self) -> str:
        """The line, without its newline."""
        return canonical_details(self.members)


@dataclass(frozen=True, slots=True)
class HoldBook:
    """The holds in force, and what is wrong with the book: line numbers from 1, and reasons."""

    holds: tuple[Hold, ...] = ()
    invalid: tuple[tuple[int, str], ...] = ()


def read_holds(lines: Iterable[str]) -> HoldBook:
    """Read the book of holds, oldest line first."""
    held: dict[str, Hold] = {}
    invalid: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        change = decode_hold_change(line)
        if isinstance(change, Malformed):
            invalid.append((number, change.reason))
        elif change.change == "add":
            if held.setdefault(change.hold.id, change.hold) != change.hold:
                invalid.append((number, "another hold under the id of one in force"))
        elif held.pop(change.hold.id, None) is None:
            invalid.append((number, "it ends a hold that is not in force"))
    return HoldBook(tuple(held.values()), tuple(invalid))


def told_changes(details: Iterable[str | None]) -> list[HoldChange]:
    """Read what events tell of changes of holds; details of another kind tell of none."""
    changes = (decode_hold_change(text or "") for text in details)
    return [change for change in changes if isinstance(change, HoldChange)]


def missing_holds(told: Sequence[HoldChange], holds: Sequence[Hold]) -> list[Hold]:
    """List the holds that a log tells of, and not of their end, and that are not in force.

    An id is given once, so the order in which chains tell of changes does not count.
    """
    ended = {change.hold.id for change in told if change.change == "remove"}
    in_force = frozenset(holds)
    added = (change.hold for change in told if change.change == "add")
    return [hold for hold in added if hold.id not in ended and hold not in in_force]


def decode_hold_change(text: str) -> HoldChange | Malformed:
    """Read a line of the book."""
    try:
        members = json.loads(text)
        if members["v"] != 1 or members["change"] not in {"add", "remove"}:
            return Malformed("neither adds a hold nor ends one, as version 1 does")
        texts = [members[name] for name in _TEXTS]
        if not all(isinstance(one, str) for one in texts):
            return Malformed("a text is missing")
        hold_id, query, reason, owner, at = texts
        parse_time(at)
        hold = Hold(id=hold_id, query=query, reason=reason, owner=owner, at=at)
    except QueryError as error:
        return Malformed(f"filter: {error}")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return Malformed(f"not a change of holds: {type(error).__name__}")
    return HoldChange(members["change"], hold)
