"""The answer line: what is said of what was typed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.tui.painting import Line, LinePainter
from audit_console.tui.widgets.text_pane import Paragraph, Said, laid_out


class AnswerLine(LinePainter):
    """Shows sentences on as many lines as they take."""

    DEFAULT_CSS = "AnswerLine { height: auto; }"

    said: reactive[Sequence[Said]] = reactive((Paragraph(""),), layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Count the lines."""
        del container, viewport
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Line]:
        return laid_out(self.said, width - 2)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        lines = self._lines(self.size.width)
        return self.paint(lines[y] if y < len(lines) else (), self.size.width)
