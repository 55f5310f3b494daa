"""Paragraphs of log text, broken over lines as wide as the pane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from textual.events import Resize

from audit_console.core.safe_text import DEFAULT_LIMIT, safe_text
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.line_list import LineList


class Paragraph(NamedTuple):
    """Text in one style; more than `limit` characters are cut and their number named.

    Prose is broken at spaces, other text wherever a line ends. Lines behind the first begin
    `indent` cells further in, where there is room for that.
    """

    text: str
    role: str = ""
    limit: int = DEFAULT_LIMIT
    is_prose: bool = False
    indent: int = 0


Said = Paragraph | Line
"""What is broken over lines, or cut where a line ends."""


class TextPane(LineList):
    """Shows paragraphs, wrapped anew when the width changes, and lines, which are cut."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._parts: Sequence[Said] = ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Text is read: there is nothing to choose in it."""
        return action != "choose" and super().check_action(action, parameters)

    def show(self, parts: Sequence[Said]) -> None:
        """Show other paragraphs and lines from their start."""
        self._parts = parts
        self._wrap()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._wrap()
        super().on_resize(event)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width - 2
        if width > 0:
            self.set_lines(laid_out(self._parts, width), cursor=0)


def laid_out(parts: Iterable[Said], width: int) -> list[Line]:
    """Break paragraphs over lines of at most `width` cells; lines stay as they are."""
    lines: list[Line] = []
    for part in parts:
        lines += wrapped(part, width) if isinstance(part, Paragraph) else [part]
    return lines


def wrapped(paragraph: Paragraph, width: int) -> list[Line]:
    """Break a paragraph over lines of at most `width` cells."""
    text = safe_text(paragraph.text, limit=paragraph.limit)
    indent = paragraph.indent if width > 3 * paragraph.indent else 0
    head, rest = text[:indent], text[indent:]
    room = max(2, width - indent)
    parts = _words(rest, room) if paragraph.is_prose else chop_cells(rest, room)
    margins = [f" {head}", *[" " * (indent + 1)] * len(parts)]
    broken = zip(margins, parts or [""], strict=False)
    return [(Span(f"{margin}{part}", paragraph.role),) for margin, part in broken]


def _words(text: str, width: int) -> list[str]:
    """Break text at spaces; a word that is longer than a line is chopped."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines += chop_cells(word, max(2, width))
    return lines if lines[0] else lines[1:]
