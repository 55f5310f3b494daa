"""Reviews against figures counted by hand in the demo log and in a log of real activity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from audit_console.core.event import AuditEvent
from audit_console.core.query import Query, parse, query_text, table_columns
from audit_console.core.timespan import Anchor
from audit_console.search.question import Question
from audit_console.search.reviews import REVIEWS, Review, Side, Threshold, over_threshold
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtRow, Order, Source
from tests.support.chains import event, linked
from tests.support.effort import UNMEASURED
from tests.support.places import sample
from tests.support.reading import read_whole

NOW = datetime(2027, 3, 1, tzinfo=UTC)
BY_NAME = {review.name: review for review in REVIEWS}
ALL = pytest.mark.parametrize("review", REVIEWS, ids=lambda review: review.name)


def query_of(review: Review, source: Source) -> Query:
    return parse(review.text, Anchor(NOW, end=source.status.last))


def result_of(review: Review, source: Source) -> pl.DataFrame:
    query = query_of(review, source)
    question = Question(source, query.where)
    if query.stages:
        return question.tally(*query.stages)
    return question.page(AtRow(0), 1_000, order=Order.OLDEST_FIRST).rows


def marked(name: str, source: Source) -> list[tuple[object, ...]]:
    rows = result_of(BY_NAME[name], source)
    return [rows.row(number) for number in over_threshold(BY_NAME[name], rows)]


@pytest.fixture(scope="module")
def events(events_of_the_demo: list[AuditEvent]) -> list[AuditEvent]:
    return events_of_the_demo


@pytest.fixture(scope="module")
def demo(whole_demo: Source) -> Source:
    return whole_demo


@pytest.fixture(scope="module")
def cloud() -> Iterator[Source]:
    with closing(open_archive([str(sample("invictus.jsonl"))], keep=True)) as source:
        yield read(source)


def read(source: Source) -> Source:
    return read_whole(source)


def since(events: list[AuditEvent], **ago: int) -> list[AuditEvent]:
    start = max(one.occurred_at for one in events) - timedelta(**ago)
    return [one for one in events if one.occurred_at >= start]


@UNMEASURED
@ALL
def test_a_review_reads_back_from_its_text(review: Review, demo: Source) -> None:
    query = query_of(review, demo)
    printed = query_text(query.where, query.stages)
    again = parse(printed, Anchor(NOW))

    assert (again.where, again.stages) == (query.where, query.stages)
    assert query_text(again.where, again.stages) == printed


@ALL
def test_a_review_counts_from_the_last_event(review: Review, demo: Source) -> None:
    assert query_of(review, demo).clock_times == ()


@ALL
def test_a_threshold_is_on_a_column_of_the_result(review: Review, demo: Source) -> None:
    columns = table_columns(query_of(review, demo).stages)

    assert review.threshold is None or review.threshold.column in (columns or ())


@ALL
def test_a_review_finds_something_in_the_demo(review: Review, demo: Source) -> None:
    assert result_of(review, demo).height


def test_names_are_different() -> None:
    assert len(BY_NAME) == len(REVIEWS)


@UNMEASURED
def test_failed_logins_by_address(demo: Source, events: list[AuditEvent]) -> None:
    found = Counter(
        one.ip_address
        for one in since(events, hours=24)
        if one.event_type == "authentication" and one.result == "failure"
    )
    rows = result_of(BY_NAME["failed-logins"], demo)

    assert dict(rows.iter_rows()) == found
    assert (rows.height, max(found.values())) == (1, 1)
    assert marked("failed-logins", demo) == []


@UNMEASURED
def test_guessing_is_marked_in_the_night_it_happened(events: list[AuditEvent]) -> None:
    night = datetime(2026, 11, 20, 6, tzinfo=UTC)
    evening = night - timedelta(hours=36)  # a review is of one day
    before = [one for one in events if evening <= one.occurred_at < night]
    guesses = [
        one
        for one in since(before, hours=24)
        if (one.event_type, one.result, one.ip_address)
        == ("authentication", "failure", "203.0.113.66")
    ]
    source = read(MemorySource.of_events(before))

    assert len(guesses) == 150
    assert marked("failed-logins", source) == [("203.0.113.66", len(guesses))]


@UNMEASURED
def test_denied_permissions_by_user_and_day(demo: Source, events: list[AuditEvent]) -> None:
    found = Counter(
        (one.occurred_at.date(), one.user_id)
        for one in since(events, days=30)
        if one.event_type == "authorization" and one.result == "failure"
    )
    rows = result_of(BY_NAME["denied"], demo)

    assert {(time.date(), user): count for time, user, count in rows.iter_rows()} == found
    assert rows.row(0)[1:] == ("marek.novak", 4)
    assert marked("denied", demo) == []


@UNMEASURED
def test_users_seen_from_many_addresses(demo: Source, events: list[AuditEvent]) -> None:
    found = defaultdict(set)
    for one in since(events, days=7):
        if one.user_id is not None and one.ip_address is not None:
            found[one.user_id].add(one.ip_address)
    rows = result_of(BY_NAME["addresses"], demo)

    assert dict(rows.iter_rows()) == {user: len(addresses) for user, addresses in found.items()}
    assert marked("addresses", demo) == [("ci-runner", 19), ("admin", 9), ("root", 8)]


def test_configuration_changes(demo: Source) -> None:
    rows = result_of(BY_NAME["configuration"], demo)

    assert rows.height == 74
    assert set(rows["event_type"]) == {"config_change"}


def test_what_users_executed(demo: Source, events: list[AuditEvent]) -> None:
    executed = ("workflow_execution", "step_execution")
    found = Counter(one.user_id for one in events if one.event_type in executed)
    rows = result_of(BY_NAME["executed"], demo)

    assert dict(rows.iter_rows()) == found
    assert rows.row(0) == ("svc-scheduler", 18586)


@UNMEASURED
def test_hours_without_any_event(demo: Source, events: list[AuditEvent]) -> None:
    assert result_of(BY_NAME["silence"], demo).height == 49 * 24
    assert marked("silence", demo) == []

    hour, later = datetime(2026, 11, 10, 3, tzinfo=UTC), datetime(2026, 11, 10, 5, tzinfo=UTC)
    around = [one for one in events if abs(one.occurred_at - hour) < timedelta(days=1)]
    left = [one for one in around if not hour <= one.occurred_at < later]
    assert marked("silence", read(MemorySource.of_events(left))) == [
        (hour, 0),
        (hour + timedelta(hours=1), 0),
    ]


@UNMEASURED
def test_monthly_count_sheet(demo: Source, events: list[AuditEvent]) -> None:
    rows = result_of(BY_NAME["monthly"], demo)

    assert {(month.date(), name): count for month, name, count in rows.iter_rows()} == Counter(
        (one.occurred_at.date().replace(day=1), one.event_type) for one in events
    )
    assert rows["count"].sum() == 44_668


@UNMEASURED
def test_a_log_of_real_activity(cloud: Source) -> None:
    assert marked("failed-logins", cloud) == [("192.168.10.20", 13)]
    assert [count for *_, count in marked("denied", cloud)] == [8, 8]
    assert marked("addresses", cloud) == []
    assert result_of(BY_NAME["configuration"], cloud).height == 151
    assert result_of(BY_NAME["executed"], cloud)["count"].to_list() == [8, 1, 1]
    assert result_of(BY_NAME["silence"], cloud)["count"].to_list() == [798, 2_102]
    assert result_of(BY_NAME["monthly"], cloud)["count"].sum() == 2_900


def test_a_threshold_is_not_reached_at_its_own_number() -> None:
    rows = pl.DataFrame({"count": [12, 11, 10, 9, None]})
    review = Review("a", "a", "", "", Threshold("count", Side.ABOVE, 10))

    assert over_threshold(review, rows) == (0, 1)
    assert str(review.threshold) == "count above 10"


def test_at_most_takes_its_own_number_in() -> None:
    rows = pl.DataFrame({"count": [0, 1, 0]})
    review = Review("a", "a", "", "", Threshold("count", Side.AT_MOST, 0))

    assert over_threshold(review, rows) == (0, 2)
    assert str(review.threshold) == "count at most 0"


def test_a_query_that_was_changed_has_nothing_to_mark() -> None:
    rows = pl.DataFrame({"user": ["alice"]})

    assert over_threshold(BY_NAME["failed-logins"], rows) == ()
    assert over_threshold(BY_NAME["monthly"], rows) == ()


def test_ten_failures_from_one_address_are_not_marked() -> None:
    made = linked(event(seq) for seq in range(10))
    source = read(MemorySource.of_events(made))
    review = Review("a", "a", "| count by ip", "", BY_NAME["failed-logins"].threshold)

    assert over_threshold(review, result_of(review, source)) == ()
