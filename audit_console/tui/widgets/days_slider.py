"""A slider of days: the further to the right, the more is kept."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.core.wording import count
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, LinePainter, Span

STRIDE = 10
LABEL_WIDTH = 22
"""Cells before the bar, for the number of days."""


class DaysSlider(LinePainter, can_focus=True):
    """Shows how many days are kept, between the fewest allowed and so many that nothing goes."""

    PANE = Pane.DAYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.DAYS)

    days: reactive[int] = reactive(0)

    class Changed(Message):
        """The reader wants another number of days."""

        def __init__(self, days: int) -> None:
            super().__init__()
            self.days = days

    def __init__(self, policy_days: int, fewest: int) -> None:
        """Begin with the days of the policy.

        Args:
            policy_days: what the configuration says.
            fewest: the floor.
        """
        super().__init__()
        self._policy_days = policy_days
        self._fewest = fewest
        self._most = max(policy_days, fewest)
        self._dragged = False
        self.set_reactive(DaysSlider.days, policy_days)

    def reach(self, most: int) -> None:
        """Let the slider go up to so many days."""
        self._most = max(most, self._policy_days, self._fewest)
        self.refresh()

    @property
    def allowed(self) -> range:
        """The numbers of days that it goes through."""
        return range(self._fewest, self._most + 1)

    def validate_days(self, days: int) -> int:
        """Keep within what is allowed."""
        return max(self._fewest, min(days, self._most))

    def watch_days(self, days: int) -> None:
        """Tell of another number."""
        self.post_message(self.Changed(days))

    def watch_has_focus(self, focused: bool) -> None:
        """Show or hide that keys move it."""
        super().watch_has_focus(focused)
        self.refresh()

    # --- drawing -----------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        del y
        return self.paint(self._line(), self.size.width)

    def _line(self) -> Line:
        left = self._place(self.days)
        right = max(0, self._cells - left - 1)
        role = "key" if self.has_focus else "name"
        label = f" keep {count(self.days, 'day')}"
        return (
            Span(f"{label:<{LABEL_WIDTH}}", role),
            Span("━" * left, "name"),
            Span("●", role),
            Span("─" * right, "rule"),
            Span(self._range),
        )

    @property
    def _cells(self) -> int:
        return max(2, self.size.width - LABEL_WIDTH - len(self._range))

    @property
    def _range(self) -> str:
        return f" {self._fewest:,} to {self._most:,} "

    def _place(self, days: int) -> int:
        reach = max(1, self._most - self._fewest)
        return round((days - self._fewest) / reach * (self._cells - 1))

    # --- the keyboard ------------------------------------------------------------

    def action_fewer(self) -> None:
        """Keep one day less."""
        self.days -= 1

    def action_more(self) -> None:
        """Keep one day more."""
        self.days += 1

    def action_many_fewer(self) -> None:
        """Keep ten days less."""
        self.days -= STRIDE

    def action_many_more(self) -> None:
        """Keep ten days more."""
        self.days += STRIDE

    def action_fewest(self) -> None:
        """Keep as few days as may be."""
        self.days = self._fewest

    def action_most(self) -> None:
        """Keep so many days that nothing goes."""
        self.days = self._most

    def action_policy(self) -> None:
        """Keep the days that the configuration says."""
        if self.days == self.validate_days(self._policy_days):
            self.notify(f"these are the days that the configuration says: {self.days}")
        self.days = self._policy_days

    # --- the mouse ---------------------------------------------------------------

    def _place_at(self, event: MouseEvent) -> int:
        return event.get_content_offset_capture(self).x - LABEL_WIDTH

    def _days_at(self, event: MouseEvent) -> int:
        reach = self._most - self._fewest
        return self._fewest + round(self._place_at(event) / max(1, self._cells - 1) * reach)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take hold of the slider where the pointer is; the words beside it are no part of it."""
        if event.button == 1 and 0 <= self._place_at(event) < self._cells:
            self._dragged = True
            self.days = self._days_at(event)
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Follow the pointer."""
        if self._dragged:
            self.days = self._days_at(event)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go."""
        del event
        if self._dragged:
            self._dragged = False
            self.release_mouse()
