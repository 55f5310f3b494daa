"""A screen that is painted no more often than it changes. Base of screens and dialogs.

Over a slow line, and at 200 by 60 cells on any, a whole frame is what takes long.
"""

from __future__ import annotations

from textual.reactive import Reactive
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget


class CalmScreen(Screen[ScreenResultType]):
    """Leaves out two whole frames of Textual that show nothing new."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Panes that look another way with the focus are painted for it, and not all of them."""

    def _compositor_refresh(self) -> None:
        """Be painted once below a dialog: it would be at each idle moment from then on."""
        super()._compositor_refresh()
        if not self.is_active:
            self._repaint_required = False
