from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.errors import UsageError
from audit_console.sources.protocol import AtEvent, AtRow, AtTime
from audit_console.tui.jump import parse_jump
from audit_console.tui.painting import fit
from audit_console.tui.widgets import json_tree
from audit_console.tui.widgets.event_columns import COLUMNS, share_widths, total_width
from audit_console.tui.wording import moment, size
from tests.support.effort import UNMEASURED
from tests.support.strategies import MOMENTS


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (560_000_000, "560 MB"),
        (999_600, "1.0 MB"),
        (2_800_000_000, "2.8 GB"),
        (5_000_000_000_000_000, "5000 TB"),
    ],
)
def test_sizes(value: int, text: str) -> None:
    assert size(value) == text


def test_counts() -> None:
    assert (count(1, "file"), count(1_200, "file")) == ("1 file", "1,200 files")


def test_times_by_width() -> None:
    time = datetime(2026, 11, 23, 2, 58, 41, 166415, UTC)

    assert moment(time) == "2026-11-23 02:58:41.166415"
    assert moment(time, width=19) == "2026-11-23 02:58:41"
    assert moment(time, width=14) == "11-23 02:58:41"
    assert moment(time.replace(microsecond=0)) == "2026-11-23 02:58:41.000000"
    assert moment(None) == "—"


def test_times_of_another_zone_by_width() -> None:
    time, zone = datetime(2026, 11, 23, 2, 58, 41, 166415, UTC), ZoneInfo("America/New_York")

    assert moment(time, width=32, zone=zone) == "2026-11-22 21:58:41.166415-05:00"
    assert moment(time, width=31, zone=zone) == "2026-11-22 21:58:41.166415"
    assert moment(time, zone=zone) == "2026-11-22 21:58:41.166415"
    assert moment(time, width=25, zone=zone) == "2026-11-22 21:58:41-05:00"
    assert moment(time, width=24, zone=zone) == "2026-11-22 21:58:41"
    assert moment(time, width=14, zone=zone) == "11-22 21:58:41"
    assert moment(time, width=60) == "2026-11-23 02:58:41.166415"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))

    assert moment(first, width=25, zone=zone) == "2026-10-25 02:30:00+02:00"
    assert moment(second, width=25, zone=zone) == "2026-10-25 02:30:00+01:00"


@pytest.mark.parametrize(("width", "text"), [(26, "0001-01-01 00:00Z"), (14, "01-01 00:00Z")])
def test_a_time_that_another_zone_lacks_stays_in_utc(width: int, text: str) -> None:
    time = datetime(1, 1, 1, tzinfo=UTC)

    assert moment(time, width=width, zone=ZoneInfo("America/New_York")) == text


@UNMEASURED
@given(MOMENTS, st.sampled_from(["Asia/Tokyo", "America/New_York", "Africa/Monrovia"]))
def test_a_time_never_takes_more_than_its_width(time: datetime, name: str) -> None:
    for width in (14, 19, 25, 26, 32, 40):
        assert len(moment(time, width=width, zone=ZoneInfo(name))) <= width


@UNMEASURED
@given(st.text(max_size=60), st.integers(1, 60), st.booleans())
def test_fitted_text_fills_its_cells_exactly(text: str, width: int, keep_end: bool) -> None:
    assert cell_len(fit(safe_text(text), width, keep_end=keep_end)) == width


def test_a_name_is_cut_in_the_middle() -> None:
    assert fit("arn:aws:iam::123:user/benjamin", 16, keep_end=True) == "arn:aws:…enjamin"
    assert fit("long action", 6) == "long …"


@UNMEASURED
@pytest.mark.parametrize("available", range(60, 260))
def test_columns_fill_the_width(available: int) -> None:
    widths = share_widths(available)

    assert all(
        column.narrowest <= width <= column.widest
        for column, width in zip(COLUMNS, widths, strict=True)
    )
    assert total_width(widths) == max(available, 95) or available > 220


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ("1", AtRow(0)),
        (" #1,200 ", AtRow(1199)),
        ("9" * 40, AtRow(2**62 - 1)),
        ("2026-11-23", AtTime(datetime(2026, 11, 23, tzinfo=UTC))),
        ("2026-11-23T02:58:41.5Z", AtTime(datetime(2026, 11, 23, 2, 58, 41, 500_000, UTC))),
        ("2026-11-23 02:58+02:00", AtTime(datetime(2026, 11, 23, 0, 58, tzinfo=UTC))),
        ("02:58", AtTime(datetime(2026, 11, 1, 2, 58, tzinfo=UTC))),
        ("02:58+02:00", AtTime(datetime(2026, 11, 1, 0, 58, tzinfo=UTC))),
        ("0001-01-01T00:00+02:00", AtEvent("0001-01-01T00:00+02:00")),
        ("9999-12-31T23:59-02:00", AtEvent("9999-12-31T23:59-02:00")),
        ("some-id", AtEvent("some-id")),
        ("a:b", AtEvent("a:b")),
        ("٣", AtEvent("٣")),
    ],
)
def test_places_to_jump_to(text: str, cursor: object) -> None:
    assert parse_jump(text, day=date(2026, 11, 1)) == cursor


def test_a_time_of_day_needs_a_day() -> None:
    assert parse_jump("02:58", day=None) == AtEvent("02:58")


@pytest.mark.parametrize("text", ["", "  ", "0", "#0"])
def test_nowhere_to_jump_to(text: str) -> None:
    with pytest.raises(UsageError):
        parse_jump(text, day=None)


def test_json_keeps_its_digits_and_folds() -> None:
    text = '{"a":{"b":{"c":[1,2.50,1e400]}},"n":12345678901234567890,"s":"x","t":true,"z":[]}'
    value = json_tree.parse(text)

    assert json_tree.as_json(value) == text
    lines = list(json_tree.nodes(value, frozenset()))
    assert [(node.path, node.text, node.folded) for node in lines] == [
        (("a",), "{1}", False),
        (("a", "b"), '{"c":[1,2.50,1e400]}', True),
        (("n",), "12345678901234567890", None),
        (("s",), "x", None),
        (("t",), "true", None),
        (("z",), "[]", None),
    ]
    opened = list(json_tree.nodes(value, frozenset({("a", "b"), ("a", "b", "c")})))
    assert [node.path for node in opened][2:4] == [("a", "b", "c"), ("a", "b", "c", 0)]


def test_a_huge_array_is_listed_in_part() -> None:
    value = json_tree.parse('{"a":[' + ",".join("0" * 5_000) + "]}")
    lines = list(json_tree.nodes(value, frozenset()))

    assert len(lines) == json_tree.CHILDREN_SHOWN + 2
    assert lines[-1].text == "… 4,000 more"
