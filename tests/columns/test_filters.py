from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from random import Random

import polars as pl
import pytest

from audit_console.columns.filters import keeps
from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.held_rows import HeldRows
from audit_console.columns.schema import CHECK
from audit_console.columns.table import GrowingTable
from audit_console.core.event import AuditEvent
from audit_console.core.filters import (
    CHECKS,
    EVERYTHING,
    AnyOf,
    Around,
    Between,
    Exact,
    Field,
    FieldName,
    Filter,
    Inside,
    Like,
    Term,
    equals,
)
from audit_console.core.matching import NO_MARKS, EventContext, MarkKey, Marks, matches
from audit_console.core.query import parse
from tests.core.query.reading import ANCHOR, EVENT, NOBODY, event
from tests.support import queries
from tests.support.effort import UNMEASURED


def frame_of(events: Sequence[AuditEvent], checks: Sequence[str] = ()) -> pl.DataFrame:
    rows = [event_row(known, "", Location(0, 1, 0, 0)) for known in events]
    known_checks = checks or ["verified"] * len(events)
    return events_frame(rows).with_columns(check=pl.Series(known_checks, dtype=CHECK))


def any_match(texts: Sequence[str]) -> Exact | AnyOf:
    exact = tuple(Exact(text) for text in texts)
    return exact[0] if len(exact) == 1 else AnyOf(exact)


def kept(
    where: Filter, frame: pl.DataFrame, marks: Mapping[MarkKey, Marks] = NO_MARKS
) -> list[bool | None]:
    return frame.select("id", kept=keeps(where, marks))["kept"].to_list()


@UNMEASURED
def test_the_expression_keeps_what_matches() -> None:
    pairs = kept_pairs = 0
    for seed in range(150):
        rng = Random(seed)
        events = [queries.event(rng) for _ in range(25)]
        checks = [rng.choice(CHECKS) for _ in events]
        marks = queries.marks(rng, events)
        frame = frame_of(events, checks)
        table = GrowingTable(HeldRows(frame))
        for _ in range(3):
            where = queries.filter_of(rng, events)
            expected = [
                matches(
                    where, one, EventContext(check, marks.get((one.id, one.event_hash), Marks()))
                )
                for one, check in zip(events, checks, strict=True)
            ]
            assert kept(where, frame, marks) == expected, (seed, where)
            assert kept(where, table.events.whole(), marks) == expected, (seed, where)
            view = table.view(where, marks, growing=False)
            rows = view.at(pl.int_range(view.height, eager=True)).chosen
            assert rows is not None
            assert set(rows) == {row for row, is_kept in enumerate(expected) if is_kept}
            pairs += len(events)
            kept_pairs += sum(expected)
    assert pairs >= 10_000
    assert 0.2 < kept_pairs / pairs < 0.8


@pytest.mark.parametrize(
    "query",
    [
        "",
        "user:alice",
        "-user:alice",
        "user:*",
        "user:(=alice OR /^b/ OR *x*)",
        "alice",
        "details.tokens:>1000",
        "details.tokens:1500.0..1500",
        "details.tokens:>=1500.0000000000000000001",
        "details.geo:*",
        "details.geo.city:bern",
        "details.scopes:write",
        "-details.x:*",
        "ip:203.0.113.0/24",
        "resource:secret/*",
        "resource:*",
        "seq:<8",
        "seq:>9999999999999999998",
        "hour:22..10 weekday:sat..mon",
        "time:2026-11-22",
        "time:*",
        "chain:verified",
        "chain:*prod",
        "star:no -tag:*",
    ],
)
def test_queries_keep_what_matches(query: str) -> None:
    events = [EVENT, NOBODY, event(user_id="bob", details='{"tokens":1.5e3,"scopes":"Write"}')]
    where = parse(query, ANCHOR).where
    expected = [matches(where, one, EventContext("verified")) for one in events]
    assert kept(where, frame_of(events)) == expected


@UNMEASURED
@pytest.mark.parametrize("spelling", ["1500", "1500.0", "1.5e3", '"1500"', '"1.5e3"', "-0", "true"])
@pytest.mark.parametrize("bound", [">1499.9999999999", "<1500.0000000001", "1500..1500", "<=-0"])
def test_numbers_in_details_are_compared_exactly(spelling: str, bound: str) -> None:
    known = event(details=f'{{"n":{spelling}}}')
    where = parse(f"details.n:{bound}", ANCHOR).where
    assert kept(where, frame_of([known])) == [matches(where, known)]


@UNMEASURED
@pytest.mark.parametrize("key", ['"a"', '"a\\u0062"', '" a"', '"ab" '])
@pytest.mark.parametrize("value", ['"x"', '":"', '"ab\\":1"', "null", "{}", '["x"]', '"\\ud800"'])
def test_details_are_found_in_every_spelling(key: str, value: str) -> None:
    details = f'{{"ab":"first" , {key} : {value} , "z":"ab"}}'
    for query in ("details.ab:*", "details.ab:x", "details.a:*", 'details.ab:":"'):
        where = parse(query, ANCHOR).where
        known = event(details=details)
        assert kept(where, frame_of([known])) == [matches(where, known)], (details, query)


def test_addresses_are_inside_as_the_standard_library_says() -> None:
    rng = Random(3)
    odd = ("00", "01", "256", "1000", "", "a", "\u0661", " 1", "+1", "1\n")
    addresses = ["::1", "::ffff:10.0.0.1", "10.0.0.1%1", "10.0.0.1\n"]
    for _ in range(600):
        parts = [str(rng.randrange(256)) for _ in range(rng.choice((4, 4, 4, 3, 5)))]
        if rng.random() < 0.3:
            parts[rng.randrange(len(parts))] = rng.choice(odd)
        addresses.append(".".join(parts))
    events = [event(ip_address=address) for address in addresses]
    frame = frame_of(events)
    for network in ("0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/8", "::/0"):
        where = Filter((Term(Field(FieldName.IP), Inside(ip_network(network))),))
        assert kept(where, frame) == [matches(where, one) for one in events]


def test_a_whole_resource_is_found_wherever_its_slash_is() -> None:
    parts = [("a", "b/c"), ("a/b", "c"), ("a", "c"), ("", "a/b/c"), ("x", "/".join("yyyyyyyyyy"))]
    events = [event(resource_type=kind, resource_id=id_) for kind, id_ in parts]
    frame = frame_of(events)
    whole = [f"{kind}/{id_}" for kind, id_ in parts]
    for wanted in ([whole[0]], whole[2:4], [whole[4]], whole, ["abc"], ["a"], ["a/"]):
        where = Filter((Term(Field(FieldName.RESOURCE), any_match(wanted)),))
        assert kept(where, frame) == [resource in wanted for resource in whole]
        assert kept(where, frame) == [matches(where, one) for one in events]


def test_a_resource_of_a_million_slashes_is_compared_as_a_whole() -> None:
    known = event(resource_type="a", resource_id="/" * 1_000_000)
    where = Filter((Term(Field(FieldName.RESOURCE), Exact("a/" + "/" * 1_000_000)),))
    assert kept(where, frame_of([known, EVENT])) == [True, False]


def test_an_empty_frame_has_nothing_to_keep() -> None:
    where = parse("user:a details.a:x ip:10.0.0.1 type:x tag:x", ANCHOR).where
    assert kept(where, frame_of([])) == []
    assert kept(EVERYTHING, frame_of([EVENT])) == [True]


def test_a_mark_stays_with_the_hash_that_was_marked() -> None:
    rewritten = event(event_hash="cd" * 32)
    marks = {(EVENT.id, EVENT.event_hash): Marks(star=True)}
    frame = frame_of([EVENT, rewritten])
    assert kept(parse("star:yes", ANCHOR).where, frame, marks) == [True, False]
    assert kept(parse("star:no", ANCHOR).where, frame, marks) == [False, True]


def test_columns_without_categories_are_judged_too() -> None:
    frame = frame_of([EVENT, NOBODY]).with_columns(pl.col("event_type").cast(pl.String))
    assert kept(parse("type:secret*", ANCHOR).where, frame) == [True, True]


def test_a_match_of_another_kind_fits_nothing() -> None:
    frame = frame_of([EVENT])
    for name in (FieldName.TIME, FieldName.SEQ, FieldName.HOUR):
        assert kept(Filter((Term(Field(name), Exact("7")),)), frame) == [False]
    assert kept(Filter((Term(Field(FieldName.USER), Between()),)), frame) == [False]
    assert kept(Filter((equals(FieldName.SEQ, "7"),)), frame) == [False]
    assert kept(Filter((Term(Field(FieldName.USER), Like("alice")),)), frame) == [True]


def test_around_must_be_resolved() -> None:
    with pytest.raises(ValueError, match="resolved"):
        keeps(Filter((Term(Field(FieldName.TIME), Around("x", ANCHOR.now - ANCHOR.now)),)))
