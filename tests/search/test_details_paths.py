from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING
from audit_console.search.details_paths import EVENTS, MOST_TEXT, details_paths
from audit_console.search.facet_fields import LONGEST_PATH
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from tests.support.chains import event
from tests.support.reading import read_whole


def paths_of(events: Iterable[AuditEvent]) -> tuple[str, ...]:
    source = read_whole(MemorySource.of_events(events))
    return details_paths(Question(source, EVERYTHING))


def with_details(seq: int, event_type: str, details: Any) -> AuditEvent:
    return replace(event(seq), event_type=event_type, details=json.dumps(details))


def test_common_paths_come_first_and_nested_ones_have_their_keys() -> None:
    found = paths_of(
        with_details(seq, "a", {"x": {"y": [{"z": seq}]}, "w": 1} if seq else {"w": None, "v": 0})
        for seq in range(4)
    )
    assert set(found[:2]) == {"details.x.y.z", "details.w"}
    assert found[2:] == ("details.v",)


def test_a_rare_type_is_looked_at_as_the_common_one_is() -> None:
    common = [with_details(seq, "common", {"c": seq}) for seq in range(3 * EVENTS)]
    common[EVENTS + 5] = with_details(EVENTS + 5, "rare", {"r": 1})
    assert paths_of(common) == ("details.c", "details.r")


def test_both_ends_of_a_type_are_looked_at_and_no_more() -> None:
    last = 3 * EVENTS - 1
    names = {0: "first", EVENTS + 5: "between", last: "last"}
    events = (with_details(seq, "a", {names.get(seq, "n"): 1}) for seq in range(last + 1))
    assert set(paths_of(events)) == {"details.n", "details.first", "details.last"}


def test_details_beyond_the_room_for_them_are_not_looked_at() -> None:
    text = "x" * 60_000
    count = MOST_TEXT // len(text) + 1
    events = [with_details(seq, "a", {f"n{seq}": text}) for seq in range(3 * count)]
    found = paths_of(events)
    assert "details.n0" in found
    assert f"details.n{3 * count - 1}" in found
    assert len(found) == 2 * count


@pytest.mark.parametrize("details", [None, [], "text", {"k" * LONGEST_PATH: 1}])
def test_what_leads_to_no_value_that_can_be_typed_is_no_path(details: Any) -> None:
    assert paths_of([with_details(0, "a", details)]) == ()


def test_a_log_without_events_has_no_paths() -> None:
    assert paths_of([]) == ()
