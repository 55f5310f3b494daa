"""Where events that fail their own hash stood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit_console.core import strays
from audit_console.core.findings import Place
from audit_console.core.run import Run, run_of
from audit_console.core.strays import Strays
from tests.support.chains import event

ROUND = 5


def stray(link: str | None, event_hash: str) -> Run:
    made = replace(event(3), event_hash=event_hash, previous_hash=link)
    return run_of(made, "another hash", Place("audit.jsonl", 1))


def test_strays_that_link_to_one_another_are_followed() -> None:
    found = Strays()
    for number, (link, own) in enumerate([("b", "c"), ("a", "b"), ("x", "y")], 1):
        found.add(stray(link, own), number)
    assert found.follow("a", 9) == 2
    assert found.follow("a", 9) == 0
    assert [found.placed_between(first, 3) for first in range(4)] == [2, 1, 0, 0]


def test_no_more_are_placed_than_there_is_room_for() -> None:
    found = Strays()
    for number in range(ROUND):  # each links to the one before, the first to the last
        found.add(stray(str((number - 1) % ROUND), str(number)), number + 1)
    assert found.follow("0", 3) == 3
    assert found.follow("3", 9) == 2
    assert found.placed_between(0, ROUND) == ROUND


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "STRAYS_KEPT", 2)
    found = Strays()
    for number, link in enumerate([None, "a", "b", "c"], 1):
        found.add(stray(link, f"behind {link}"), number)
    assert [found.follow(link, 1) for link in "abc"] == [1, 1, 0]
