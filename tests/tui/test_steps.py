from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.filters import FieldName, Filter, equals
from audit_console.tui.steps import Look, Steps
from tests.support.effort import UNMEASURED


def look(user: str) -> Look:
    return Look(Filter((equals(FieldName.USER, user),)))


def test_a_step_back_keeps_the_branch() -> None:
    steps = Steps()
    steps.take(look("alice"))
    steps.take(look("bob"))
    steps.back()
    steps.take(look("mallory"))

    walked = [(depth, step.look.title) for depth, step in steps.walk()]

    assert walked == [
        (0, "all events"),
        (0, "user:=alice"),
        (1, "user:=bob"),
        (1, "user:=mallory"),
    ]
    assert steps.current.look == look("mallory")


def test_the_first_step_has_none_before_it() -> None:
    steps = Steps()

    assert steps.back() is None
    assert steps.current is steps.first


def test_what_is_looked_at_already_is_no_step() -> None:
    steps = Steps()
    once = steps.take(look("alice"))

    assert steps.take(look("alice")) is once
    assert once.after == []


def test_a_look_taken_before_is_gone_to_again() -> None:
    steps = Steps()
    once = steps.take(look("alice"))
    steps.back()

    assert steps.take(look("alice")) is once


def test_a_title_names_what_is_switched_off() -> None:
    where = Filter((equals(FieldName.USER, "alice"),)).toggle(0)

    assert Look(where).title == "(user:=alice off)"
    assert Look(where).text == ""


@UNMEASURED
@given(st.lists(st.one_of(st.none(), st.sampled_from("abcd")), max_size=30))
def test_every_step_can_be_returned_to(moves: list[str | None]) -> None:
    steps = Steps()
    taken = {id(steps.first): steps.first}
    for move in moves:
        step = steps.back() if move is None else steps.take(look(move))
        if step is not None:
            taken[id(step)] = step

    assert {id(step) for _, step in steps.walk()} == set(taken)
    for step in taken.values():
        assert steps.go(step) is steps.current
