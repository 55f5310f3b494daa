"""Base of the full screens: a footer with the keys of what has the focus."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from audit_console.tui.actions import Action, key_label
from audit_console.tui.background import begin
from audit_console.tui.basic_screen import BasicScreen
from audit_console.tui.painting import ROLE_STYLES
from audit_console.tui.panes import keys_in_force
from audit_console.tui.widgets.status_lines import KeyBar
from audit_console.tui.wording import told


class ConsoleScreen(BasicScreen[None]):
    """A screen that has a `KeyBar`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_STYLES

    def on_mount(self) -> None:
        """Keep the footer in step with the focus."""
        self.watch(self, "focused", self.update_keys)

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Begin work that takes the place of the last of its group, whose answer is dropped."""
        begin(self, work, group=group, exclusive=True)

    def drop(self, *groups: str) -> None:
        """Drop the answers of work that is under way."""
        for group in groups:
            self.workers.cancel_group(self, group)

    def works_on(self, group: str) -> bool:
        """Tell whether work of a group is under way."""
        return any(worker.group == group and not worker.is_finished for worker in self.workers)

    def say(self, error: Exception) -> None:
        """Say in one line what went wrong and what to do."""
        self.notify(told(error), severity="error")

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
