from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code
from audit_console.tui.painting import width_of
from audit_console.tui.widgets.event_lines import DetailLine, Known, detail_lines
from tests.support.chains import linked, orchestrator_chain, orchestrator_lines
from tests.tui.support import make_event


def row_of(raw: str | None, check: str | None) -> dict[str, Any]:
    return {"raw": raw, "check": check, "line": 7, "offset": 1_200, "length": 640}


def lines_of(event: AuditEvent, check: str | None) -> list[DetailLine]:
    return detail_lines(row_of(encode_line(event), check), "audit.jsonl", 100, frozenset())


def text_of(lines: list[DetailLine]) -> str:
    return "\n".join("".join(span.text for span in detail.line) for detail in lines)


def test_every_field_is_there_and_copied_as_it_stands() -> None:
    event = linked([make_event(3, user_agent="curl \x1b[31m")])[0]
    lines = lines_of(event, "verified")

    copied = [detail.value for detail in lines]
    for value in (
        event.id,
        event.timestamp,
        event.event_type,
        event.user_id,
        event.action,
        f"{event.resource_type}/{event.resource_id}",
        event.ip_address,
        event.user_agent,
        event.event_hash,
        event.previous_hash,
        event.recorded_at,
        event.chain,
        str(event.seq),
        event.details,
        encode_line(event),
    ):
        assert value in copied
    assert "audit.jsonl:7 · 640 bytes from byte 1,200 on" in text_of(lines)


def test_a_line_names_its_field_as_a_query_does() -> None:
    details = '{"a":[{"b":1},null],"c d":{},"e":null}'
    event = linked([make_event(3, details=details)])[0]
    toggled = frozenset({("a", 0)})
    row = row_of(encode_line(event), "verified")
    lines = detail_lines(row, "", 100, toggled)
    of_details = [line.field_name for line in lines if line.field_name.startswith("details.")]

    assert "user" in [line.field_name for line in lines]
    assert set(of_details) == {"details.a", "details.a.b", 'details."c d"', "details.e"}
    assert lines[-1].field_name == ""


def test_values_beside_a_wide_key_stay_within_the_width() -> None:
    details = json.dumps({"鍵" * 8: "x" * 90}, ensure_ascii=False)
    event = linked([make_event(3, details=details)])[0]
    lines = detail_lines(row_of(encode_line(event), "verified"), "", 60, frozenset())
    begun = next(number for number, line in enumerate(lines) if "鍵" in text_of([line]))
    first, second = (width_of(line.line) for line in lines[begun : begun + 2])

    assert first == second < 60


@pytest.mark.parametrize(
    ("check", "edit", "words"),
    [
        ("verified", {}, ["✔ verified", "✔ matches the content", "✔ the chain begins here"]),
        ("broken", {}, ["✘ broken", "✔ matches the content", "✘ does not follow from the event"]),
        (
            "broken",
            {"action": "edited"},
            ["✘ the content hashes to", "· not known from this event"],
        ),
    ],
)
def test_the_check_is_said_in_words(check: str, edit: dict[str, Any], words: list[str]) -> None:
    event = replace(linked([make_event(0)])[0], **edit)
    text = text_of(lines_of(event, check))

    for word in words:
        assert word in text


def test_a_line_that_is_gone_is_said_to_be() -> None:
    text = text_of(detail_lines(row_of(None, "verified"), "audit.jsonl", 100, frozenset()))

    assert "the line is no longer there" in text


def test_a_line_that_is_no_event_any_more_shows_why() -> None:
    text = text_of(detail_lines(row_of("{broken", "verified"), "audit.jsonl", 100, frozenset()))

    assert "this line is no longer an event" in text
    assert "{broken" in text


def test_what_retention_deleted_stands_for_the_event_before() -> None:
    event = replace(linked([make_event(0)])[0], seq=5, previous_hash="ab" * 32)
    row, known = row_of(encode_line(event), "verified"), Known(missing=Code.PRUNED_PREFIX)
    text = text_of(detail_lines(row, "audit.jsonl", 100, frozenset(), known))

    assert "✔ matches the last of those that retention deleted" in text
    assert "✔ verified: content and link hold" in text


def test_of_an_event_without_a_hash_no_neighbours_are_said_to_be_looked_for() -> None:
    assert "event before  …" in text_of(lines_of(linked([make_event(3)])[0], "verified"))
    plain = json.loads(orchestrator_lines(orchestrator_chain(1))[0])
    del plain["event_hash"], plain["previous_hash"]
    lines = detail_lines(row_of(json.dumps(plain), None), "", 100, frozenset())
    assert "user_id" in text_of(lines)
    assert "event before" not in text_of(lines)
