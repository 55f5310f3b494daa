from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.event import format_time, parse_time
from tests.support.chains import event
from tests.support.effort import examples


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T03:51:42.166415Z", datetime(2026, 11, 23, 3, 51, 42, 166_415, UTC)),
        ("2026-11-23T03:51:42Z", datetime(2026, 11, 23, 3, 51, 42, 0, UTC)),
        ("2026-11-23T03:51:42.1Z", datetime(2026, 11, 23, 3, 51, 42, 100_000, UTC)),
        ("2026-11-23T03:51:42.166+00:00", datetime(2026, 11, 23, 3, 51, 42, 166_000, UTC)),
        ("2026-11-23T03:51:42.999999999Z", datetime(2026, 11, 23, 3, 51, 42, 999_999, UTC)),
        ("0001-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_times_are_read_and_cut_to_microseconds(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-11-23", "2026-11-23T03:51:42", "2026-11-23 03:51:42Z"),
        *("2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z", "2026-11-23T23:59:60Z"),
        *("2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-23T03:51:42.Z"),
        *("2026-11-23T03:51:42.1234567890Z", "2026-11-23T03:51:42+01:00", "2026-11-23T03:51:42z"),
        *("2026-11-23T03:51:42Z\n", "２０２６-11-23T03:51:42Z", "2026-11-23T03:51:42,1Z"),  # noqa: RUF001
    ],
)
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@examples(200)
@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_printed_in_27_characters_and_read_back(moment: datetime) -> None:
    text = format_time(moment)
    assert len(text) == 27
    assert parse_time(text) == moment


def test_a_time_elsewhere_is_printed_in_utc() -> None:
    there = datetime(2026, 11, 23, 5, 51, 42, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(there) == "2026-11-23T03:51:42.000000Z"


def test_an_event_knows_when_it_happened() -> None:
    assert event(1).occurred_at == datetime(2026, 11, 23, 3, 51, 43, 166_415, UTC)
