"""Paragraphs of log text, broken over lines as wide as the pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import chop_cells
from textual.events import Resize

from audit_console.core.safe_text import DEFAULT_LIMIT, safe_text
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.line_list import LineList


class Paragraph(NamedTuple):
    """Text in one style; more than `limit` characters are cut and their number named."""

    text: str
    role: str = ""
    limit: int = DEFAULT_LIMIT


class TextPane(LineList):
    """Shows paragraphs, wrapped anew when the width changes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._paragraphs: Sequence[Paragraph] = ()

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show other paragraphs from their start."""
        self._paragraphs = paragraphs
        self._wrap()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._wrap()
        super().on_resize(event)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width - 2
        if width > 0:
            lines = [line for part in self._paragraphs for line in wrapped(part, width)]
            self.set_lines(lines, cursor=0)


def wrapped(paragraph: Paragraph, width: int) -> list[Line]:
    """Break a paragraph over lines of at most `width` cells."""
    parts = chop_cells(safe_text(paragraph.text, limit=paragraph.limit), max(2, width)) or [""]
    return [(Span(f" {part}", paragraph.role),) for part in parts]
