"""What the query bar completes with: values of any field, paths of details, the reader's tags."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from textual.pilot import Pilot

from audit_console.core.event import AuditEvent
from audit_console.sources.memory import MemorySource
from audit_console.tui import asking
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryInput
from tests.support.chains import linked, v1_lines
from tests.support.effort import UNMEASURED
from tests.tui.hostile import HOSTILE, assert_safe
from tests.tui.queries import ask, type_text
from tests.tui.support import (
    GatedSource,
    HeldTallies,
    is_at_work,
    make_app,
    make_event,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines

SIZE = (120, 40)


def source_of(events: Sequence[AuditEvent]) -> MemorySource:
    return MemorySource.of_events(linked(events))


def log_with_details(count: int = 90) -> list[AuditEvent]:
    """Events of which one in three has a model, and the last one another path."""
    events = [
        make_event(
            seq,
            details=json.dumps({"model": f"gpt-{seq % 6}", "geo": [{"city": "Ulm"}]})
            if seq % 3 == 1
            else None,
        )
        for seq in range(count - 1)
    ]
    return [*events, make_event(count - 1, details='{"odd key":{"seldom":true}}')]


def query_of(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(QueryInput).value


async def test_a_path_and_its_values_complete(tmp_path: Path) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"details.")
        await until_shown(pilot, 'details."odd key".seldom:')
        assert "details.geo.city:" in screen_text(app)
        await type_text(pilot, "mo")
        await pilot.press("tab")
        assert query_of(pilot) == "details.model:"
        await until_shown(pilot, "gpt-4  15")
        await type_text(pilot, "t-4")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "15 of 90 matched")


async def test_a_path_in_an_array_and_one_that_is_quoted_complete(tmp_path: Path) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"details.ci")
        await until_shown(pilot, "▸ details.geo.city:")
        await pilot.press("tab", *"u")
        await until_shown(pilot, "▸ Ulm  30")
        await pilot.press("ctrl+u", *"details.odd")
        await until_shown(pilot, '▸ details."odd key".seldom:')
        await pilot.press("tab", *"t")
        await until_shown(pilot, "▸ true  1")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "1 of 90 matched")


async def test_paths_are_those_of_the_result(tmp_path: Path) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "details.model:gpt-1")
        await until_shown(pilot, "15 of 90 matched")
        await pilot.press("slash", *" details.")
        await until_shown(pilot, "details.geo.city:")
        await pilot.pause(0.3)
        assert "seldom" not in screen_text(app)


async def test_paths_complete_in_a_stage(tmp_path: Path) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        await type_text(pilot, "|top details.c")
        await until_shown(pilot, "▸ details.geo.city")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "Ulm ")


async def test_paths_of_the_selected_event_wait_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS_OF_REST", 0)
    lines = v1_lines(linked(log_with_details()))
    source = HeldTallies(lines)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("G")
        await until(pilot, lambda: table_of(app).selected is not None)
        try:
            source.hold.clear()
            await pilot.press("slash", *"details.")
            await until_shown(pilot, 'details."odd key".seldom:')
            assert "details.model" not in screen_text(app)
        finally:
            source.hold.set()
        await until_shown(pilot, "details.model:")


async def test_a_seldom_value_of_many_completes_by_its_part(tmp_path: Path) -> None:
    users = [f"user-{seq % 60}" for seq in range(120)]
    events = [make_event(seq, user_id=user) for seq, user in enumerate([*users, "zoe"])]
    app = make_app(source_of(events), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"user:")
        await until_shown(pilot, "… 39 or more: ↓ goes on, typing narrows")
        await pilot.press("z")
        await until_shown(pilot, "▸ zoe  1")
        await pilot.press("ctrl+u", *"ti")
        await until_shown(pilot, "▸ time:")
        assert "or more" not in screen_text(app)


@pytest.mark.parametrize(
    ("typed", "shown"), [("rtype:w", "workflow  90"), ("rid:wf-4", "wf-4  18")]
)
async def test_fields_without_a_facet_at_first_complete(
    tmp_path: Path, typed: str, shown: str
) -> None:
    app = make_app(source_of([make_event(seq) for seq in range(90)]), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *typed)
        await until_shown(pilot, f"▸ {shown}")


async def test_the_tags_of_the_reader_complete(tmp_path: Path) -> None:
    app = make_app(source_of([make_event(seq) for seq in range(9)]), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("M")
        await until_shown(pilot, "mark this event")
        await type_text(pilot, "breach")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "✎")
        await pilot.press("slash", *"tag:br")
        await until_shown(pilot, "▸ breach")


@pytest.mark.parametrize("attack", HOSTILE)
async def test_a_hostile_key_is_shown_as_symbols_and_can_be_asked_for(
    tmp_path: Path, attack: str
) -> None:
    text = HOSTILE[attack]
    details: dict[str, Any] = {f"a{text[:20]}": {"b": text[:900]}}
    events = [make_event(seq, details=json.dumps(details)) for seq in range(3)]
    app = make_app(source_of(events), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"details.a")
        await until_shown(pilot, "▸ details.")
        assert_safe(app)
        await pilot.press("tab")
        assert_safe(app)
        await until_shown(pilot, "  3")
        assert_safe(app)


async def test_what_is_typed_while_the_log_is_read_completes_when_it_was(tmp_path: Path) -> None:
    lines = v1_lines(linked(log_with_details()))
    source = GatedSource(lines, batch_lines=90)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", *"details.odd")
        await pilot.pause(0.3)
        source.gate.release(9)
        await until_shown(pilot, '▸ details."odd key".seldom:')


async def test_the_paths_of_other_events_are_offered_as_facets(tmp_path: Path) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("a")
        await until(pilot, lambda: not is_at_work(app, "values"), "the paths are known")
        await pilot.press("a", *"odd")
        await until_shown(pilot, 'details."odd key".seldom')
        await pilot.press("tab", "enter")
        await until_shown(pilot, '▾ details."odd key".seldom')
        facets = app.screen.query_one(FacetsPane)
        assert facets.has_focus
        await until_shown(pilot, "true ")


async def test_no_key_waits_for_the_threads_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(source_of(log_with_details()), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"user:")
        await until_shown(pilot, "▸ user-0")
        asked_in: set[threading.Thread] = set()
        collect = pl.LazyFrame._collect_eager

        def noted(query: pl.LazyFrame, *args: Any, **options: Any) -> pl.DataFrame:
            asked_in.add(threading.current_thread())
            return collect(query, *args, **options)

        monkeypatch.setattr(pl.LazyFrame, "_collect_eager", noted)
        await type_text(pilot, "user-1")
        await until_shown(pilot, "▸ user-1")
        await until(pilot, lambda: bool(asked_in))  # the count of what is typed
        assert threading.main_thread() not in asked_in
