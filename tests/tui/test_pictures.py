"""Pictures of the screens, looked at once and kept: they change only on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.errors import NotAnAuditLog
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source
from audit_console.tui.app import AuditConsoleApp
from tests.support.effort import UNMEASURED
from tests.tui.support import make_app, make_lines, until_all_is_done, until_loaded, until_shown

pytestmark = UNMEASURED  # the screens that other tests measure, to be looked at

Compare = Callable[..., bool]
Drive = Callable[[Pilot[None]], Awaitable[None]]

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


def tampered_log() -> MemorySource:
    lines = make_lines(300)
    lines[12] = lines[12].replace(b'"action 12"', b'"edited \\u001b[31m"')
    del lines[20]
    lines.insert(30, b'{"broken')
    return MemorySource(lines, label="prod-audit")


def app_over(source: Source, tmp_path: Path) -> AuditConsoleApp:
    return make_app(source, tmp_path)


def keys(*names: str, shown: str = "") -> Drive:
    async def drive(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press(*names)
        await until_shown(pilot, shown)
        await until_all_is_done(pilot)  # of what is counted beside the events
        await pilot.pause()

    return drive


@pytest.mark.parametrize("size", SIZES)
def test_investigate(snap_compare: Compare, tmp_path: Path, size: str) -> None:
    drive = keys("down", "down", "l", shown="row 3 of")
    assert snap_compare(
        app_over(tampered_log(), tmp_path), terminal_size=SIZES[size], run_before=drive
    )


@pytest.mark.parametrize("size", SIZES)
def test_detail(snap_compare: Compare, tmp_path: Path, size: str) -> None:
    drive = keys(*["down"] * 12, "f", "enter", "tab", "ctrl+t", shown="edited ␛[31m")
    assert snap_compare(
        app_over(tampered_log(), tmp_path), terminal_size=SIZES[size], run_before=drive
    )


def test_integrity(snap_compare: Compare, tmp_path: Path) -> None:
    drive = keys("i", "down", "down", shown="no event stands here")
    assert snap_compare(
        app_over(tampered_log(), tmp_path), terminal_size=(120, 40), run_before=drive
    )


def test_bad_lines(snap_compare: Compare, tmp_path: Path) -> None:
    drive = keys("b", shown='{"broken')
    assert snap_compare(
        app_over(tampered_log(), tmp_path), terminal_size=(80, 24), run_before=drive
    )


def test_help(snap_compare: Compare, tmp_path: Path) -> None:
    drive = keys("question_mark", shown="open or close the detail")
    assert snap_compare(
        app_over(tampered_log(), tmp_path), terminal_size=(120, 40), run_before=drive
    )


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_sources(snap_compare: Compare, tmp_path: Path, size: str) -> None:
    def refuse(places: Sequence[str]) -> Source:
        raise NotAnAuditLog(f"{places[0]}: no line of it is an event", hint="Open a JSONL file.")

    async def drive(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "Open a JSONL file.")

    app = make_app(refuse, tmp_path, places=["/logs/notes.txt"])
    app._recent.remember(["/logs/audit.jsonl", "/logs/audit.jsonl.1"])
    app._recent.remember(["/logs/*.jsonl.zst"])
    assert snap_compare(app, terminal_size=SIZES[size], run_before=drive)


@pytest.mark.parametrize(
    "names", [("enter", "a"), ("i",), ("4",), ("1",), ("b",), ("question_mark",), ("ctrl+p", *"de")]
)
async def test_no_colour_is_one_of_the_terminals_own(tmp_path: Path, names: Sequence[str]) -> None:
    app = app_over(tampered_log(), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press(*names)
        await until_all_is_done(pilot)
        app.screen.query("*").add_class("-stale")
        await pilot.pause()
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
    colours = [colour for style in styles for colour in (style.color, style.bgcolor) if colour]
    assert colours
    assert all(colour.triplet for colour in colours)
    assert not any(style.dim for style in styles)
