"""A line that is switched on and off."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive

from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Span
from audit_console.tui.widgets.line_list import LineList

ON = Span("[x]", "key")
OFF = Span("[ ]", "muted")


class Toggle(LineList, inherit_bindings=False):
    """Shows a check mark and a label; the mark tells without colour."""

    PANE = Pane.CHECK
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.CHECK)

    FOCUS_ON_CLICK = False  # so that Enter still does what the dialog is for

    value: reactive[bool] = reactive(False)

    class Changed(Message):
        """It was switched."""

        def __init__(self, toggle: Toggle, value: bool) -> None:
            super().__init__()
            self.toggle = toggle
            self.value = value

        @property
        def control(self) -> Toggle:
            """What sent this."""
            return self.toggle

    def __init__(
        self,
        label: str,
        *,
        value: bool = False,
        on: Span = ON,
        off: Span = OFF,
    ) -> None:
        super().__init__()
        self._label = label
        self._marks = {True: on, False: off}
        self.set_reactive(Toggle.value, value)

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def _draw(self) -> None:
        self.set_lines([(Span(" "), self._marks[self.value], Span(f" {self._label}"))])

    def watch_value(self, value: bool) -> None:
        """Draw it anew and tell of it."""
        self._draw()
        self.post_message(self.Changed(self, value))

    def on_click(self, event: Click) -> None:
        """Switch it."""
        event.stop()
        self.action_check()

    def action_check(self) -> None:
        """Switch it on or off."""
        self.value = not self.value
