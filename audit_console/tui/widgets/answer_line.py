"""The answer line of a dialog: what is said of what was typed."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.tui.painting import Line, LinePainter
from audit_console.tui.widgets.text_pane import Paragraph, wrapped


class AnswerLine(LinePainter):
    """Shows a sentence on as many lines as it takes."""

    DEFAULT_CSS = "AnswerLine { height: auto; }"

    said: reactive[Paragraph] = reactive(Paragraph(""), layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Count the lines."""
        del container, viewport
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Line]:
        return wrapped(self.said, width - 2)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        lines = self._lines(self.size.width)
        return self.paint(lines[y] if y < len(lines) else (), self.size.width)
