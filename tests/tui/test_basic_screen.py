"""What screens and dialogs have in common."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual._context import visible_screen_stack
from textual.command import CommandList

from audit_console.sources.memory import MemorySource
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.dialogs.jump import JumpDialog
from audit_console.tui.painting import Span
from audit_console.tui.palette import Palette
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.widgets.status_lines import SourceHeader
from tests.support.effort import UNMEASURED
from tests.tui.support import make_app, make_lines, screen_text, until, until_loaded


def seen(app: AuditConsoleApp) -> str:
    """What is on the screen, with what shines through from below."""
    visible_screen_stack.set(app.screen_stack[:-1])
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@UNMEASURED
async def test_what_changes_below_two_dialogs_shines_through_both(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        header = app.screen.query_one(SourceHeader)
        await pilot.press("colon", "f1")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        assert "30 events" in seen(app)
        assert header.session is not None
        header.session = replace(header.session, mark=(Span("changed"),))
        await until(pilot, lambda: "changed" in seen(app))


async def test_an_answer_closes_its_dialog_and_the_help_above_it(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("colon")
        dialog = app.screen
        assert isinstance(dialog, JumpDialog)
        await pilot.press("f1")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        dialog.dismiss(4)
        dialog.dismiss(4)
        await until(pilot, lambda: isinstance(app.screen, InvestigateScreen))
        await until(pilot, lambda: "row 5 of 30" in screen_text(app))


@UNMEASURED
async def test_two_clicks_beside_the_palette_close_it_alone(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.click(offset=(1, 38), times=2)
        await pilot.pause()
        assert isinstance(app.screen, InvestigateScreen)


@UNMEASURED
async def test_keys_typed_ahead_of_the_list_of_commands_do_nothing(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        palette = Palette(providers=[])
        await app.push_screen(palette)
        palette.query_one(CommandList).add_option("found, and not yet shown")
        await pilot.press("pagedown", "pageup")
        assert app.screen is palette
