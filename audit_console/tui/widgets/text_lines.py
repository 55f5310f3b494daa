"""A few lines of text that take no focus."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip

from audit_console.tui.painting import Line, LinePainter


class TextLines(LinePainter):
    """Shows lines; what does not fit is cut."""

    lines: reactive[tuple[Line, ...]] = reactive(())

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        line = self.lines[y] if y < len(self.lines) else ()
        return self.paint(line, self.size.width)
