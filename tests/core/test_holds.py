"""The book of legal holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from audit_console.core.codec import Malformed
from audit_console.core.holds import (
    HoldBook,
    HoldChange,
    decode_hold_change,
    missing_holds,
    read_holds,
)
from tests.support.retention import hold

ADD = HoldChange("add", hold("user:alice"))
END = HoldChange("remove", hold("user:alice"))


def test_a_change_is_read_as_it_was_printed() -> None:
    assert decode_hold_change(ADD.text) == ADD
    assert decode_hold_change(END.text) == END
    assert (ADD.action, END.action) == ("retention.hold.add", "retention.hold.remove")


def test_half_a_character_of_a_reason_is_stored_as_one_that_stands_for_it() -> None:
    typed = HoldChange("add", replace(ADD.hold, reason="caf\udce9"))
    assert decode_hold_change(typed.text) == HoldChange(
        "add", replace(ADD.hold, reason="caf\ufffd")
    )


def test_a_hold_lasts_until_its_end() -> None:
    other = HoldChange("add", hold("ip:10.0.0.1", "h2"))
    assert read_holds([ADD.text, other.text]).holds == (ADD.hold, other.hold)
    assert read_holds([ADD.text, other.text, END.text]) == HoldBook((other.hold,))
    assert read_holds([ADD.text, END.text, ADD.text]).holds == (ADD.hold,)


def test_a_hold_that_is_added_twice_is_one() -> None:
    assert read_holds([ADD.text, ADD.text]) == HoldBook((ADD.hold,))


def test_another_hold_under_the_same_id_is_told_and_not_forgotten() -> None:
    other = HoldChange("add", hold("user:bob"))
    book = read_holds([ADD.text, other.text])
    assert book == HoldBook((ADD.hold,), ((2, "another hold under the id of one in force"),))


def test_the_end_of_no_hold_is_told() -> None:
    assert read_holds([END.text]).invalid == ((1, "it ends a hold that is not in force"),)


def test_a_hold_that_is_told_and_not_in_force_is_missing() -> None:
    other = HoldChange("add", hold("ip:10.0.0.1", "h2"))
    assert missing_holds([ADD, other], [ADD.hold, other.hold]) == []
    assert missing_holds([ADD, other], [ADD.hold]) == [other.hold]
    assert missing_holds([ADD], [hold("user:nobody")]) == [ADD.hold]
    assert missing_holds([END, ADD], []) == []
    assert missing_holds([END], [other.hold]) == []


def changed(**members: object) -> str:
    return json.dumps(ADD.members | members)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "{}",
        "[" * 5000,
        changed(v=2),
        changed(change="pause"),
        changed(id=7),
        changed(at="yesterday"),
        changed(filter="star:yes"),
        changed(filter="user:("),
    ],
)
def test_what_is_no_change_is_told_with_its_line(text: str) -> None:
    assert isinstance(decode_hold_change(text), Malformed)
    book = read_holds([ADD.text, text])
    assert book.holds == (ADD.hold,)
    assert [number for number, _ in book.invalid] == [2]
