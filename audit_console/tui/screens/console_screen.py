"""Base of the full screens: a footer with the keys of what has the focus."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from textual.events import Click
from textual.screen import Screen

from audit_console.tui.actions import Action, key_label
from audit_console.tui.background import begin
from audit_console.tui.painting import ROLE_STYLES
from audit_console.tui.panes import keys_in_force
from audit_console.tui.pointing import press_hint
from audit_console.tui.screens.calm import CalmScreen
from audit_console.tui.widgets.status_lines import KeyBar

HEIGHTS = [(0, "-low"), (30, "-high"), (50, "-tall")]
"""Classes that styles give a screen or a dialog by the lines of the terminal."""

WIDTHS = [(0, "-stacked"), (120, "-beside")]
"""Classes by its columns, of screens whose last pane stands beside the others if there is room."""


def take_size(screen: Screen[Any]) -> None:
    """Give a screen the classes of its size before its panes are made.

    Textual does so behind the first layout: all panes would jump, and a click meet another one.
    """
    size = screen.app.size
    for cells, breakpoints in (
        (size.width, screen.HORIZONTAL_BREAKPOINTS),
        (size.height, screen.VERTICAL_BREAKPOINTS),
    ):
        reached = [name for least, name in breakpoints or () if cells >= least]
        screen.add_class(*reached[-1:])


class ConsoleScreen(CalmScreen[None]):
    """A screen that has a `KeyBar`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_STYLES

    def on_compose(self) -> None:
        """Be laid out for this terminal from the start."""
        take_size(self)

    def on_mount(self) -> None:
        """Keep the footer in step with the focus."""
        self.watch(self, "focused", self.update_keys)

    def on_click(self, event: Click) -> None:
        """Press the key that is named where it was clicked."""
        press_hint(self, event)

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Begin work that takes the place of the last of its group, whose answer is dropped."""
        begin(self, work, group=group, exclusive=True)

    def works_on(self, group: str) -> bool:
        """Tell whether work of a group is under way."""
        return any(worker.group == group and not worker.is_finished for worker in self.workers)

    def offers(self, action: Action) -> bool:
        """Tell whether an action of the footer can be done with what is on the screen."""
        del action
        return True

    def update_keys(self) -> None:
        """List the keys of what has the focus."""
        if not self.app.screen_stack:  # the program ends, and the focus goes with the panes
            return
        entries = [
            (keys[0], key_label(keys[0]), action.title)
            for action, keys in keys_in_force(self)
            if action.in_footer and self.offers(action)
        ]
        for bar in self.query(KeyBar):
            bar.entries = tuple(entries)
