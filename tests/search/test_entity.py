from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import decode_bytes
from audit_console.core.event import RESULTS, AuditEvent, format_time
from audit_console.core.filters import EVERYTHING, TEXT_ATTRIBUTES, Field, FieldName, equals
from audit_console.core.narrowing import Value
from audit_console.search.entity import LISTED, SHOWN, Peak, listed_fields
from audit_console.search.question import Question
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support.cards import Card, card_of
from tests.support.chains import BEGIN, event
from tests.support.effort import UNMEASURED, examples
from tests.support.places import lines_of, sample
from tests.support.queries import word
from tests.support.reading import question_of, read_whole

USER = Field(FieldName.USER)
RESOURCE = Field(FieldName.RESOURCE)


def texts(event: AuditEvent, name: str) -> str | None:
    if name == "resource":
        return f"{event.resource_type}/{event.resource_id}"
    text = getattr(event, TEXT_ATTRIBUTES[FieldName(name)])
    return text if text is None else str(text)


def assert_says(card: Card, having: list[AuditEvent], read: int) -> None:
    """Compare a card with what counting one by one gives."""
    times = [event.occurred_at for event in having]
    assert card.summary.matched == len(having)
    assert card.summary.read == read
    assert (card.summary.first, card.summary.last) == (min(times), max(times))
    assert not card.summary.partial
    for one in card.listings:
        counts = Counter(texts(event, one.name) for event in having)
        assert one.missing == counts.pop(None, 0)
        assert one.distinct == len(counts)
        assert len(one.shown) == min(SHOWN, one.distinct)
        assert one.more == one.distinct - len(one.shown)
        known = {value.text: count for value, count in one.shown}
        assert known == {text: counts[text] for text in known}
        assert sorted(known.values()) == sorted(counts.values())[-len(known) :]
    hours = Counter(time.replace(minute=0, second=0, microsecond=0) for time in times)
    assert card.busiest is not None
    assert card.busiest.hour.events == max(hours.values())
    assert hours[card.busiest.hour.start] == card.busiest.hour.events
    days = Counter(time.date() for time in times)
    assert card.busiest.day.events == max(days.values())
    assert days[card.busiest.day.start.date()] == card.busiest.day.events


@pytest.fixture(scope="module")
def events(last_events_of_the_demo: list[AuditEvent]) -> list[AuditEvent]:
    return last_events_of_the_demo


@pytest.fixture(scope="module")
def demo(events: list[AuditEvent]) -> Question:
    return question_of(events)


@UNMEASURED
@pytest.mark.parametrize("name", ["user", "ip", "resource", "request", "agent", "type"])
def test_a_card_says_what_is_counted_one_by_one(
    demo: Question, events: list[AuditEvent], name: str
) -> None:
    for sampled in events[::1_800]:
        text = texts(sampled, name)
        card = card_of(demo, Value(Field(FieldName(name)), text))

        assert_says(card, [event for event in events if texts(event, name) == text], len(events))


@UNMEASURED
def test_a_card_is_about_the_whole_log(demo: Question, events: list[AuditEvent]) -> None:
    user = next(event.user_id for event in events if event.user_id)
    narrow = demo.narrowed(equals(FieldName.RESULT, "failure"), equals(FieldName.USER, "nobody"))

    card = card_of(narrow, Value(USER, user))

    assert card == card_of(demo, Value(USER, user))
    assert card.summary.matched > 0


def test_the_card_of_a_value_lists_other_fields() -> None:
    assert listed_fields(Value(USER, "alice")) == tuple(name for name in LISTED if name != "user")
    assert listed_fields(Value(Field(FieldName.DETAILS, ("a",)), "1")) == LISTED


@UNMEASURED
def test_events_without_a_user_have_a_card(events: list[AuditEvent], demo: Question) -> None:
    lacking = [event for event in events if event.user_id is None]

    card = card_of(demo, Value(USER, None))

    if lacking:
        assert_says(card, lacking, len(events))
    else:
        assert card.summary.matched == 0


@UNMEASURED
def test_a_value_that_is_not_there_has_an_empty_card(demo: Question) -> None:
    card = card_of(demo, Value(USER, "nobody at all"))

    assert card.summary.matched == 0
    assert (card.summary.first, card.summary.last, card.busiest) == (None, None, None)
    assert all(one.distinct == one.missing == 0 for one in card.listings)


def test_more_values_than_are_shown_are_counted() -> None:
    log = [replace(event(seq), user_id="alice", ip_address=f"10.0.0.{seq}") for seq in range(25)]
    log.append(replace(event(25), user_id="alice", ip_address="10.0.0.7"))
    log.append(replace(event(26), user_id="alice", ip_address=None))

    card = card_of(question_of(log), Value(USER, "alice"))

    addresses = next(one for one in card.listings if one.name == "ip")
    assert addresses.shown[0] == (Value(Field(FieldName.IP), "10.0.0.7"), 2)
    assert [value.text for value, _ in addresses.shown[1:4]] == [
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.10",
    ]
    assert (addresses.distinct, addresses.missing, addresses.more) == (25, 1, 15)


def test_a_resource_is_one_value_of_two_parts() -> None:
    log = [replace(event(seq), resource_type="a", resource_id=f"b/{seq % 2}") for seq in range(5)]

    card = card_of(question_of(log), Value(RESOURCE, "a/b/0"))

    assert card.summary.matched == 3
    assert "resource" not in {one.name for one in card.listings}


def test_the_busiest_hour_and_day_are_the_earliest_of_equals() -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC)
    hours = (1, 1, 5, 5, 9, 30, 31, 31, 40)
    log = [
        replace(event(seq), user_id="alice", timestamp=format_time(day + timedelta(hours=hour)))
        for seq, hour in enumerate(hours)
    ]

    card = card_of(question_of(log), Value(USER, "alice"))

    assert card.busiest is not None
    assert card.busiest.hour == Peak(day + timedelta(hours=1), 2)
    assert card.busiest.day == Peak(day, 5)


def test_a_log_over_all_time_has_a_card() -> None:
    ends = ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]
    log = [replace(event(seq), user_id="a", timestamp=time) for seq, time in enumerate(ends)]

    card = card_of(question_of(log), Value(USER, "a"))

    assert card.summary.matched == 2
    assert card.busiest is not None
    assert card.busiest.day.start.year == 1


def test_a_card_of_a_log_that_is_read_is_a_part() -> None:
    source = MemorySource.of_events([event(seq) for seq in range(20)])
    batches = source.batches()
    source._batch_lines = 10
    next(batches)

    card = card_of(Question(source, EVERYTHING), Value(USER, "user-1"))

    assert card.summary.partial
    assert card.summary.read == 10


@given(st.integers(0, 2**32))
@examples(40)
def test_cards_of_generated_logs(seed: int) -> None:
    rng = Random(seed)
    log = [replace(event(seq), **awkward(rng)) for seq in range(rng.randrange(1, 40))]
    chosen = rng.choice(log)
    name = rng.choice(("user", "ip", "request", "action", "resource", "error", "type", "result"))
    text = texts(chosen, name)

    card = card_of(question_of(log), Value(Field(FieldName(name)), text))

    assert_says(card, [event for event in log if texts(event, name) == text], len(log))


def awkward(rng: Random) -> dict[str, Any]:
    optional = ("user_id", "result_error", "ip_address", "user_agent", "request_id")
    return {
        **{field: rng.choice([None, word(rng), "alice", "Alice"]) for field in optional},
        **{field: word(rng) for field in ("event_type", "action", "resource_type")},
        "resource_id": rng.choice(["1", "a/b", word(rng)]),
        "result": rng.choice(RESULTS),
        "timestamp": format_time(BEGIN + timedelta(minutes=rng.randrange(100_000))),
    }


@UNMEASURED
@pytest.mark.parametrize("name", ["invictus.jsonl", "stratus.jsonl"])
def test_cards_of_real_logs(name: str) -> None:
    path = sample(name)
    log = [event for event in map(decode_bytes, lines_of(path)) if isinstance(event, AuditEvent)]
    source = read_whole(open_archive([str(path)], keep=True))

    for text in {line.user_id for line in log[::50]}:
        card = card_of(Question(source, EVERYTHING), Value(USER, text))

        assert_says(card, [event for event in log if event.user_id == text], len(log))
    source.close()
