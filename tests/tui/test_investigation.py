"""An investigation of the demo with keys alone: from the alarm to the secret that was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit_console.sources.archive import open_archive
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.result_table import ResultTable
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask, look_of, type_text
from tests.tui.support import make_app, screen_text, table_of, until, until_loaded, until_shown

pytestmark = UNMEASURED  # the screens that other tests measure, in one story


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_from_the_alarm_to_the_evidence(  # noqa: PLR0915 - one story, step by step
    tmp_path: Path, demo_log: Path, size: tuple[int, int]
) -> None:
    places = [str(demo_log)]
    app = make_app(lambda places: open_archive(places, keep=True), tmp_path, places=places)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "a bar")

        # Orient: one burst stands out. Zoom into it.
        await pilot.press("t", "n")
        await until_shown(pilot, "burst")
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app).row_count < 2000, "the time of the burst")

        # Narrow: who failed, and from where?
        await ask(pilot, " result:failure | count by user,ip | sort count desc")
        await until(pilot, lambda: app.screen.query_one(ResultTable).row is not None)
        top = app.screen.query_one(ResultTable).row
        assert top is not None
        assert (top["user"], top["ip"]) == ("marek.novak", "203.0.113.66")
        await pilot.press("enter")
        await until(pilot, lambda: table_of(app).row_count == top["count"], "the failures")

        # Follow the address: what came of it?
        await pilot.press("slash", "ctrl+u")
        await type_text(pilot, "ip:203.0.113.66 result:success")
        await until_shown(pilot, "would match")
        await pilot.press("enter")
        await until(pilot, lambda: look_of(pilot).text == "ip:203.0.113.66 result:success")
        await pilot.press("a")
        await until(pilot, lambda: app.screen.query_one(FacetsPane).has_focus)
        await until_shown(pilot, "svc-backup")
        await pilot.press("escape")
        await ask(pilot, " type:secret_access")
        await until(pilot, lambda: table_of(app).row_count == 1, "one event")
        await pilot.press("g")
        await until(pilot, lambda: table_of(app).selected is not None)
        read = table_of(app).selected
        assert read is not None
        assert read["resource_id"] == "prod/payments-db"

        # Look around it, without the filter, and come back.
        matched = table_of(app).row_count
        await pilot.press("s", "enter")
        await until(pilot, lambda: "◆" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: table_of(app).row_count == matched)

        # Mark and note it.
        await pilot.press("m")
        await until(pilot, lambda: "★" in screen_text(app))
        await pilot.press("M")
        await until_shown(pilot, "mark this event")
        await type_text(pilot, "breach")
        await pilot.press("tab")
        await type_text(pilot, "read with a stolen password")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "mark this event" not in screen_text(app))
        await ask(pilot, " tag:breach")
        await until_shown(pilot, "1 of 44,667")

        # Take the evidence away: the original line, and the mark.
        await pilot.press("x")
        await until_shown(pilot, "export · 1 of 44,667 events read")
        await pilot.press("tab", "ctrl+u")
        await type_text(pilot, str(tmp_path / "evidence.jsonl"))
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1, "the file is written")
        await pilot.press("x")
        await pilot.press(*["down"] * 3, "tab", "ctrl+u")
        await type_text(pilot, str(tmp_path / "marks.out"))
        await pilot.press("enter")
        await until(pilot, (tmp_path / "marks.out").exists)

    evidence = (tmp_path / "evidence.jsonl").read_bytes()
    assert _holds(demo_log, evidence)
    assert json.loads(evidence)["event_hash"] == read["event_hash"]
    marks = json.loads((tmp_path / "marks.out").read_text())
    assert marks["id"] == read["id"]
    assert marks["tags"] == ["breach"]
    assert marks["note"] == "read with a stolen password"


def _holds(log: Path, line: bytes) -> bool:
    return line in log.read_bytes()
