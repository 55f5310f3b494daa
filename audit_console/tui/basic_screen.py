"""What screens and dialogs have in common: how they are laid out, painted and clicked."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.events import Click
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget

from audit_console.tui.pointing import press_hint

HEIGHTS = [(0, "-short"), (20, "-low"), (30, "-high"), (50, "-tall")]
"""Classes that styles give a screen or a dialog by the lines of the terminal."""

HEIGHTS_OF_PARTS = [(0, "-tiny"), (15, "-short"), *HEIGHTS[1:]]
"""Classes of screens that give each of their parts a line, and below the second leave some out."""

WIDTHS = [(0, "-stacked"), (120, "-beside")]
"""Classes by its columns, of screens whose last pane stands beside the others if there is room."""


class BasicScreen(Screen[ScreenResultType]):
    """A screen that has its size at once, and is painted no more often than it changes.

    Over a slow line, and at 200 by 60 cells on any, a whole frame is what takes long. Two of
    Textual's that show nothing new are left out.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Panes that look another way with the focus are painted for it, and not all of them."""

    def on_compose(self) -> None:
        """Take the classes of this terminal's size before there are panes.

        Textual does so behind the first layout: all panes would jump, and a click meet another one.
        """
        size = self.app.size
        for cells, breakpoints in (
            (size.width, self.HORIZONTAL_BREAKPOINTS),
            (size.height, self.VERTICAL_BREAKPOINTS),
        ):
            reached = [name for least, name in breakpoints or () if cells >= least]
            self.add_class(*reached[-1:])

    def on_click(self, event: Click) -> None:
        """Press the key that is named where it was clicked."""
        press_hint(self, event)

    def _compositor_refresh(self) -> None:
        """Be painted once below a dialog: it would be at each idle moment from then on.

        Textual tells the dialog on top alone; one in between keeps what it drew of this screen.
        """
        changed = tuple(self._compositor._dirty_regions)  # noqa: SLF001 - there is no other way
        super()._compositor_refresh()
        if not self.is_active:
            self._repaint_required = False
            self._tell_dialogs_between(changed)

    def _tell_dialogs_between(self, changed: tuple[Region, ...]) -> None:
        stack = self.app.screen_stack
        if changed and self in stack:
            for dialog in stack[stack.index(self) + 1 : -1]:
                dialog.refresh(*changed)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close this and what lies above it; once, though a second click may be on its way."""
        stack = self.app.screen_stack
        if self not in stack:
            return AwaitComplete()
        for above in reversed(stack[stack.index(self) + 1 :]):
            above.dismiss(None)
        return super().dismiss(result)
