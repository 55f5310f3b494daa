"""Nothing that an attacker writes into a log steers the terminal, hides, or becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_console.core.filters import FieldName, Filter, equals
from audit_console.errors import SourceUnreadable
from audit_console.sources.memory import MemorySource
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.steps import Look
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.rule_line import chips_of
from tests.support.chains import linked, v1_lines
from tests.support.effort import UNMEASURED
from tests.tui.hostile import HOSTILE, assert_safe
from tests.tui.support import (
    make_app,
    make_event,
    screen_lines,
    table_of,
    until,
    until_loaded,
    until_shown,
)

pytestmark = UNMEASURED  # the screens that other tests measure, with other text

ROW = re.compile(r"[✔✘·] 2026-11-01 00:00:[0-9]{2}\.[0-9]{6} ")

TEXT_FIELDS = (
    "event_type",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "result_error",
    "ip_address",
    "user_agent",
    "request_id",
    "id",
)


def log_with(value: str, field: str) -> MemorySource:
    """A log whose second event holds the value."""
    events = [make_event(0), make_event(1, **{field: value}), make_event(2)]
    return MemorySource.of_events(linked(events))


def hostile_lines(value: str) -> Iterator[bytes]:
    """One line per field that holds the value, without hashes, so that lines may be long."""
    for number, field in enumerate([*TEXT_FIELDS, "details"]):
        line: dict[str, Any] = {
            "id": f"id-{number}",
            "timestamp": f"2026-11-01T00:00:{number:02d}Z",
            "event_type": "Authentication",
            "user_id": "alice",
            "action": "act",
            "resource_type": "User",
            "resource_id": "r",
            "result": "Success",
            "details": None,
        }
        if field == "details":
            line["details"] = {value: {value: [value]}, "text": value}
        elif field == "result_error":
            line["result"] = {"Failure": value}
        else:
            line[field] = value
        yield json.dumps(line).encode()


@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_values_of_every_field_are_shown_as_symbols(
    tmp_path: Path, attack: str
) -> None:
    source = MemorySource(list(hostile_lines(HOSTILE[attack])))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        assert table_of(app).row_count == len(TEXT_FIELDS) + 1
        assert_safe(app)
        rows = [line for line in screen_lines(app) if ROW.search(line)]
        assert len(rows) == table_of(app).row_count
        await pilot.press("enter")
        for row in range(table_of(app).row_count):
            await until_shown(pilot, f"row {row + 1} of")
            await pilot.press("tab", "g")
            await until_shown(pilot, f"2026-11-01T00:00:{row:02d}Z")
            assert_safe(app)
            await pilot.press("G")
            assert_safe(app)
            await pilot.press("escape", "down")


@pytest.mark.parametrize("attack", HOSTILE)
async def test_hostile_values_in_chips_dialogs_and_toasts(tmp_path: Path, attack: str) -> None:
    app = make_app(log_with(HOSTILE[attack], "action"), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("down")
        table_of(app).cursor_column = 4
        await pilot.press("f")
        assert_safe(app)
        await pilot.press("y")
        await until_shown(pilot, "action copied")
        assert_safe(app)
        app.notify(HOSTILE[attack], title=HOSTILE[attack][:200])
        await pilot.pause()
        assert_safe(app)
        await pilot.press("i")
        await pilot.pause()
        assert_safe(app)


@pytest.mark.parametrize("attack", HOSTILE)
async def test_lines_that_cannot_be_read_are_shown_as_symbols(tmp_path: Path, attack: str) -> None:
    bad = b'{"id":"\xff\x1b[31m' + HOSTILE[attack].encode() + b'", broken'
    source = MemorySource([*v1_lines(linked([make_event(0)])), bad])
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("b")
        await until_shown(pilot, "1 line could not be read")
        await until_shown(pilot, "\\xff␛[31m")
        assert_safe(app)


@pytest.mark.parametrize("attack", HOSTILE)
async def test_labels_and_errors_are_shown_as_symbols(tmp_path: Path, attack: str) -> None:
    value = HOSTILE[attack]

    def refuse(places: object) -> MemorySource:
        raise SourceUnreadable(f"{places}: {value}", hint=value)

    app = make_app(refuse, tmp_path, places=[value])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✘")
        assert_safe(app)

    labelled = make_app(MemorySource([b"{}"], label=value), tmp_path)
    async with labelled.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: labelled.verification is not None)
        await pilot.pause()
        assert_safe(labelled)
        await pilot.press("i")
        await pilot.pause()
        assert_safe(labelled)


async def test_recent_sources_and_pasted_text_are_shown_as_symbols(tmp_path: Path) -> None:
    app = make_app(log_with("x", "action"), tmp_path, places=["\x1b[31m/tmp/[bold]x\u202e"])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("1")
        await until_shown(pilot, "␛[31m/tmp/[bold]x")
        assert_safe(app)


def test_a_chip_is_short() -> None:
    (chip,) = chips_of(Look(Filter((equals(FieldName.ACTION, "A" * 100_000),))))

    assert len(chip.text) < 100


async def test_copied_text_carries_no_escape_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: AuditConsoleApp = make_app(log_with("\x1b[31mred\x07", "action"), tmp_path)
    written: list[str] = []
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        await pilot.press("down")
        table_of(app).cursor_column = 4
        await pilot.press("y")
        assert app.clipboard == "␛[31mred␇"
        await until_shown(pilot, "action copied, 9 characters, unsafe ones as symbols")
        copied = [text for text in written if text.startswith("\x1b]52;c;")]
        assert len(copied) == 1
        assert "\x1b" not in copied[0][1:]
        await pilot.press("Y")
        assert json.loads(app.clipboard)["seq"] == 1
        await pilot.press("R")
        assert app.clipboard.startswith("verified\t2026-11-01T00:01:00.000000Z\t")
        assert "\t␛[31mred␇\t" in app.clipboard


async def test_a_copied_row_holds_no_formula(tmp_path: Path) -> None:
    app = make_app(log_with("=1+1\tA", "action"), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("down", "R")
        assert "\t'=1+1␉A\t" in app.clipboard


async def test_a_line_is_copied_as_stored_and_what_a_terminal_obeys_in_it_is_told(
    tmp_path: Path,
) -> None:
    app = make_app(log_with("\x9b2J", "action"), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("down", "Y")
        assert "\x9b2J" in app.clipboard
        await until_shown(pilot, "unsafe ones too")


async def test_the_detail_shows_the_length_of_a_long_value(tmp_path: Path) -> None:
    app = make_app(log_with("A" * 50_000, "user_agent"), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("down", "enter")
        await until_shown(pilot, "timestamp")
        detail = app.screen.query_one(DetailPane)
        text = "\n".join(span.text for line in detail.lines for span in line)
        assert "…«50,000characters»" in text.replace("\n", "").replace(" ", "")
