"""Stages against the same in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import polars as pl
import pytest

from audit_console.columns import bins, counting
from audit_console.columns.held_rows import HeldRows
from audit_console.columns.schema import TIME
from audit_console.columns.selection import Codes, Selection
from audit_console.columns.stages import MAX_BINS, apply_stages
from audit_console.columns.table import GrowingTable
from audit_console.core.details import NUMBER, texts_at
from audit_console.core.event import AuditEvent
from audit_console.core.filters import TEXT_ATTRIBUTES, WEEKDAYS, FieldName
from audit_console.core.query import event_field, parse, table_columns
from audit_console.core.query.stages import Count, First, Limit, Rare, Sort, Stage, Timeline, Top
from audit_console.core.timespan import FIRST, bin_number, bin_start, read_duration
from audit_console.errors import UsageError
from tests.columns.test_filters import frame_of
from tests.core.query.reading import ANCHOR, EVENT, event
from tests.support import queries
from tests.support.effort import UNMEASURED

Row = dict[str, Any]

LAST = datetime.max.replace(tzinfo=UTC)


def values(known: AuditEvent, name: str) -> Sequence[Any]:
    field = event_field(name)
    moment = known.occurred_at
    special: dict[FieldName, Any] = {
        FieldName.TIME: moment,
        FieldName.HOUR: moment.hour,
        FieldName.WEEKDAY: WEEKDAYS[moment.weekday()],
        FieldName.SEQ: known.seq,
        FieldName.RESOURCE: f"{known.resource_type}/{known.resource_id}",
    }
    if field.path:
        return list(dict.fromkeys(texts_at(known.details, field.path))) or [None]
    if field.name in special:
        return [special[field.name]]
    return [getattr(known, TEXT_ATTRIBUTES[field.name])]


def picked(table: Sequence[Any], names: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for row in table:
        if isinstance(row, dict):
            rows.append({name: row[name] for name in names})
        else:
            parts = (values(row, name) for name in names)
            rows += [dict(zip(names, combined, strict=True)) for combined in product(*parts)]
    return rows


def counts(table: Sequence[Any], names: Sequence[str]) -> list[Row]:
    counted = Counter(tuple(row.values()) for row in picked(table, names))
    return [{**dict(zip(names, key, strict=True)), "count": n} for key, n in counted.items()]


def sort_key(name: str) -> Callable[[Any], Any]:
    def key(value: Any) -> Any:
        if name.startswith("details."):
            is_number = bool(NUMBER.fullmatch(value))
            return (float(value) if is_number else None, value)
        return WEEKDAYS.index(value) if name == "weekday" else value

    return key


def in_order(table: Sequence[Any], name: str, *, descending: bool) -> list[Any]:
    def value(row: Any) -> Any:
        return row[name] if isinstance(row, dict) else values(row, name)[0]

    key = sort_key(name)
    numbers, others, missing = [], [], []
    for row in table:
        if value(row) is None:
            missing.append(row)
        elif name.startswith("details.") and key(value(row))[0] is None:
            others.append(row)
        else:
            numbers.append(row)
    for part in (numbers, others):
        part.sort(key=lambda row: _comparable(key(value(row))), reverse=descending)
    return [*numbers, *others, *missing]


def _comparable(key: Any) -> Any:
    return tuple(part for part in key if part is not None) if isinstance(key, tuple) else key


def timeline(table: Sequence[Any], stage: Timeline) -> list[Row]:
    names = ["time"] if stage.by is None else ["time", stage.by]
    rows = [(bin_number(row["time"], stage.every), row) for row in picked(table, names)]
    counted = Counter((number, *[row[name] for name in names[1:]]) for number, row in rows)
    if stage.by is None and counted:
        numbers = [key[0] for key in counted]
        keys: list[Any] = [(number,) for number in range(min(numbers), max(numbers) + 1)]
    else:
        keys = sorted(counted, key=lambda key: key[0])
    starts = [(bin_start(key[0], stage.every), *key[1:], counted[key]) for key in keys]
    return [dict(zip([*names, "count"], start, strict=True)) for start in starts]


def applied(  # noqa: PLR0911 - one for each stage
    table: Sequence[Any], stage: Stage
) -> Sequence[Any]:
    match stage:
        case Count(()):
            return [{"count": len(table)}]
        case Count(by):
            return counts(table, by)
        case Top(field, rows):
            return sorted(counts(table, [field]), key=lambda row: -int(row["count"]))[:rows]
        case Rare(field, rows):
            return sorted(counts(table, [field]), key=lambda row: int(row["count"]))[:rows]
        case First(fields):
            names = stage.columns(None if not isinstance(table[0], dict) else tuple(table[0]))
            found: dict[Any, Row] = {}
            for row in sorted(picked(table, names or ()), key=lambda row: row["time"]):
                found.setdefault(tuple(row[name] for name in fields), row)
            return list(found.values())
        case Timeline():
            return timeline(table, stage)
        case Sort(field, descending):
            return in_order(table, field, descending=descending)
        case Limit(rows):
            return table[:rows]


def selections(events: Sequence[AuditEvent]) -> Iterator[Selection]:
    """Select the same events out of a table of them and out of a larger one, coded or not."""
    frame = frame_of(events)
    others = frame_of([event(user_id=f"other {number}") for number in range(7)])
    larger = pl.concat([others, frame.reverse()])
    index = pl.int_range(larger.height - 1, 6, -1, dtype=pl.UInt32, eager=True)
    for codes in (None, Codes(frame)):
        yield Selection(frame, None, codes)
    for codes in (None, Codes(larger)):
        yield Selection(larger, index, codes)
    for table in (
        GrowingTable(HeldRows(frame)),
        GrowingTable(HeldRows(pl.concat([frame, others]))),
    ):
        mask = pl.int_range(table.events.height, eager=True) < frame.height
        yield Selection(table.events, mask, Codes(table.events))


STAGES = [
    "| count",
    "| count by user",
    "| count by user | count",
    "| count by request | count",
    "| count by details.a | count",
    "| count by user,hour | count | sort count",
    "| count by user, result, details.a",
    "| count by user,ip | count by user | sort count desc",
    "| count by time | sort time desc",
    "| count by hour | sort hour",
    "| count by weekday | sort weekday desc",
    "| count by resource,rtype,rid,chain,hash | limit 5",
    "| top user",
    "| top details.a 3",
    "| rare action 5",
    "| rare details.b.a | sort details.b.a",
    "| first user,ip",
    "| first details.a",
    "| first user | timeline 1d",
    "| first user | first id",
    "| timeline 12h",
    "| timeline 1w by result",
    "| timeline 3mo",
    "| timeline 1mo by details.a",
    "| timeline 2y | sort count",
    "| sort user | limit 7 | count by user",
    "| sort user desc | limit 9 | count by user",
    "| sort details.tokens | limit 20 | count by id",
    "| sort details.tokens desc | limit 20 | count by id",
    "| sort seq desc | limit 4 | count by seq",
    "| sort time | limit 4 | count by seq,error,agent,request,type",
]


@UNMEASURED
@pytest.mark.parametrize("text", STAGES)
def test_stages_give_what_plain_python_gives(text: str) -> None:
    rng = Random(text)
    events = [queries.event(rng) for _ in range(120)]
    stages = parse(text, ANCHOR).stages
    expected: Sequence[Any] = events
    for stage in stages:
        expected = applied(expected, stage)
    for selection in selections(events):
        found = apply_stages(selection, stages)
        assert found.to_dicts() == expected
        assert tuple(found.columns) == table_columns(stages)


COUNTED_IN_PLACE = [
    "| count by user",
    "| count by user | count",
    "| count by result",
    "| timeline 1y by user",
    "| timeline 3mo by result",
    "| timeline 1d by result",
]


@UNMEASURED
@pytest.mark.parametrize("few", [0, 8])
@pytest.mark.parametrize("text", COUNTED_IN_PLACE)
def test_codes_are_counted_block_by_block(
    text: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "FIRST_BLOCK", 7)
    monkeypatch.setattr(counting, "BLOCK", 100)
    monkeypatch.setattr(counting, "FEW", few)
    test_stages_give_what_plain_python_gives(text)


@UNMEASURED
@pytest.mark.parametrize("every", ["1d", "1w", "1mo", "1y"])
@pytest.mark.parametrize("field", ["user", "result", "ip", "type"])
def test_codes_of_events_in_order_are_counted_bin_by_bin(
    field: str, every: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LONG_RUN", 1)
    monkeypatch.setattr(counting, "FIRST_BLOCK", 7)
    monkeypatch.setattr(bins, "SPARSE", 0.001)
    rng = Random(every + field)
    events = sorted((queries.event(rng) for _ in range(400)), key=lambda one: one.occurred_at)
    (stage,) = parse(f"| timeline {every} by {field}", ANCHOR).stages
    expected = applied(events, stage)
    for selection in selections(events):
        assert apply_stages(selection, [stage]).to_dicts() == expected


@UNMEASURED
@pytest.mark.parametrize("every", ["1s", "7s", "15m", "12h", "1d", "1w", "1mo", "3mo", "1y", "10y"])
@pytest.mark.parametrize("sparse", [0.001, 64, 10**18])
def test_bins_are_those_that_plain_python_gives(
    every: str, sparse: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bins, "SPARSE", sparse)
    rng = Random(every)
    length = read_duration(every)
    around = [bin_start(rng.randrange(2, bin_number(LAST, length)), length) for _ in range(40)]
    some = [bin_start(bin_number(around[0], length) + n, length) for n in (-1, 0, 1, 3)]
    tick = timedelta(microseconds=1)
    for moments in (around, some, [LAST], [FIRST, FIRST, LAST], []):
        times = [*moments, *(moment - tick for moment in moments if moment > FIRST)]
        expected = [bin_number(time, length) for time in times]
        for order in (times, sorted(times)):
            found = bins.bins_of(pl.Series(order, dtype=TIME), length)
            assert [found.first + behind for behind in found.behind] == (
                expected if order is times else sorted(expected)
            )


@pytest.mark.parametrize(
    "resources",
    [
        [("a", "b"), ("b", "a"), ("a", "b"), ("c", "")],
        [("a/b", "c"), ("a", "b/c"), ("a", "c")],
        [(f"type {number}", f"id {number}") for number in range(90)],
    ],
)
@pytest.mark.parametrize(
    "text", ["| count by resource", "| count by resource | count", "| timeline 1y by resource"]
)
def test_resources_are_told_apart_by_their_text(
    text: str, resources: list[tuple[str, str]]
) -> None:
    events = [event(resource_type=kind, resource_id=id_) for kind, id_ in resources]
    (stage, *rest) = parse(text, ANCHOR).stages
    expected = applied(events, stage)
    for later in rest:
        expected = applied(expected, later)
    table = HeldRows(frame_of(events))
    for selection in (Selection(table, None, Codes(table)), Selection(frame_of(events))):
        assert apply_stages(selection, (stage, *rest)).to_dicts() == expected


def test_a_resource_that_lacks_a_part_is_missing() -> None:
    pairs = [("a", "b"), ("a", "none"), ("none", "b"), ("none", "none"), ("a", "b")]
    frame = frame_of([event(resource_type=kind, resource_id=id_) for kind, id_ in pairs])
    parts = pl.col("resource_type", "resource_id").cast(pl.String).replace("none", None)
    table = HeldRows(frame.with_columns(parts).cast({"resource_type": pl.Categorical}))
    found = apply_stages(
        Selection(table, None, Codes(table)), parse("| count by resource", ANCHOR).stages
    )
    assert found.rows() == [("a/b", 2), (None, 3)]


@pytest.mark.parametrize("text", STAGES)
def test_stages_of_nothing_give_nothing(text: str) -> None:
    stages = parse(text, ANCHOR).stages
    found = apply_stages(Selection(frame_of([])), stages)
    assert found.height == (1 if text.removesuffix(" | sort count").endswith("| count") else 0)
    assert tuple(found.columns) == table_columns(stages)


def test_sorted_and_limited_events_are_events() -> None:
    events = [EVENT, event(user_id="bob"), event(user_id=None)]
    frame = frame_of(events)
    found = apply_stages(Selection(frame), parse("| sort user desc | limit 2", ANCHOR).stages)
    assert found["user_id"].to_list() == ["bob", "alice"]
    assert found.columns == frame.columns


def test_a_timeline_shows_the_times_at_which_there_is_nothing() -> None:
    events = [event(timestamp=f"2026-11-22T{hour:02}:05:00.000000Z") for hour in (3, 3, 6)]
    found = apply_stages(Selection(frame_of(events)), parse("| timeline 1h", ANCHOR).stages)
    assert found["count"].to_list() == [2, 0, 0, 1]
    assert found["time"][0] == datetime(2026, 11, 22, 3, tzinfo=UTC)


def test_the_calendar_has_bins_to_its_ends() -> None:
    events = [
        event(timestamp=time)
        for time in ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
    ]
    found = apply_stages(
        Selection(frame_of(events)), parse("| timeline 10y by user", ANCHOR).stages
    )
    assert [time.year for time in found["time"]] == [1, 9991]
    with pytest.raises(UsageError, match=f"{MAX_BINS:,} bins") as raised:
        apply_stages(Selection(frame_of(events)), parse("| timeline 1s", ANCHOR).stages)
    assert raised.value.hint
