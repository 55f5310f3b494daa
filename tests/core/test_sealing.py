"""A group behind the head of a chain is the sequence of its sealed events."""

from __future__ import annotations

import pytest

from audit_console.core.codec import decode_line
from audit_console.core.event import GENESIS_HASH
from audit_console.core.sealing import Head, Sealed, SealedGroup, seal
from tests.support.chains import CHAIN
from tests.support.writing import RECORDED_AT, unsealed, whole_chain

EVENTS = [unsealed(action) for action in "abc"]


def sealed(head: Head | None = None) -> SealedGroup:
    return seal(EVENTS, chain=CHAIN, head=head, recorded_at=RECORDED_AT)


def test_a_group_is_a_chain_of_its_lines() -> None:
    group = sealed()
    chain = whole_chain(line.decode() for line in group.lines)
    assert [event.action for event in chain] == ["a", "b", "c"]
    assert [one.event for one in group] == chain
    assert [one.line.encode() for one in group] == group.lines


def test_an_event_of_a_group_tells_its_place() -> None:
    previous_hash = GENESIS_HASH
    for seq, one in enumerate(sealed()):
        event = decode_line(one.line)
        assert one.event == event
        assert one == Sealed(CHAIN, seq, RECORDED_AT, previous_hash, one.event_hash, one.line)
        assert one.head == Head(CHAIN, seq, one.event_hash, RECORDED_AT)
        previous_hash = one.event_hash


def test_events_of_a_group_are_had_by_their_places_as_those_of_a_list() -> None:
    group = sealed(Head(CHAIN, 41, "ab" * 32, RECORDED_AT))
    listed = list(group)
    assert [one.seq for one in listed] == [42, 43, 44]
    assert (group[0], group[-1], len(group)) == (listed[0], listed[2], 3)
    assert (group[1:], group[::-1], group[5:]) == (listed[1:], listed[::-1], [])
    for place in (3, -4):
        with pytest.raises(IndexError):
            group[place]


def test_an_empty_group_is_nothing() -> None:
    assert not seal([], chain=CHAIN, head=None, recorded_at=RECORDED_AT)
