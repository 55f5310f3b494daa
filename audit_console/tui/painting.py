"""Lines of text as widgets draw them: spans with a role, made safe here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from audit_console.core.safe_text import safe_text

ELLIPSIS = "…"


class Span(NamedTuple):
    """Text in one style. `role` is one of `ROLES` or empty; `text` may be hostile."""

    text: str
    role: str = ""


Line = tuple[Span, ...]

ROLES = (
    "muted",
    "ok",
    "bad",
    "warn",
    "name",
    "key",
    "rule",
    "chip",
    "chip-off",
    "chip-cursor",
    "heading",
    "in-red",
    "in-yellow",
    "in-green",
    "in-blue",
    "in-purple",
)
ROLE_STYLES = {f"role--{role}" for role in ROLES}
"""Component classes of every screen: kept by each widget, they would be most of its styles."""


def width_of(line: Iterable[Span]) -> int:
    """Count the cells that a line takes once it is made safe."""
    return sum(cell_len(safe_text(span.text)) for span in line)


def span_at(line: Sequence[Span], cell: int) -> int:
    """Give the index of the span that stands on a cell; behind the line, how many there are."""
    ends = accumulate(width_of((span,)) for span in line)
    return next((index for index, end in enumerate(ends) if cell < end), len(line))


def fit(text: str, width: int, *, keep_end: bool = False) -> str:
    """Pad or cut safe text to exactly `width` cells.

    Args:
        text: safe text.
        width: cells to fill.
        keep_end: cut in the middle, for names that differ at their end.
    """
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    if width < 1:
        return ""
    if not keep_end or width < 8:
        return set_cell_size(text, width - 1) + ELLIPSIS
    tail_width = (width - 1) // 2
    tail = text[-tail_width:]
    while cell_len(tail) > tail_width:
        tail = tail[1:]
    return set_cell_size(text, width - 1 - cell_len(tail)) + ELLIPSIS + tail


class LinePainter(Widget):
    """Base of widgets that draw lines of spans. Nothing in them is markup."""

    ALLOW_SELECT = False

    _base_style: Style | None = None
    _role_styles: dict[str, Style] | None = None

    @property
    def base_style(self) -> Style:
        """The style of plain cells; asking Textual for it costs more than drawing a line."""
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    def notify_style_update(self) -> None:
        """Forget the styles, they may have changed."""
        super().notify_style_update()
        self._base_style = self._role_styles = None

    def role_style(self, role: str) -> Style:
        """Give the style of a role, without a background."""
        if self._role_styles is None:
            style = self.screen.get_component_rich_style
            self._role_styles = {"": Style()} | {
                role: style(f"role--{role}", partial=True) for role in ROLES
            }
        return self._role_styles[role]

    def paint(self, line: Iterable[Span], width: int, *, over: Style | None = None) -> Strip:
        """Draw a line on exactly `width` cells, `over` laid on top of every style."""
        base = self.base_style
        segments = [
            Segment(safe_text(span.text), base + self.role_style(span.role) + (over or Style()))
            for span in line
        ]
        blank = base + over if over else base
        strip = Strip(segments)
        if strip.cell_length > width:
            mark = Strip([Segment(ELLIPSIS, blank)], 1)
            return Strip.join([strip.crop(0, width - 1), mark]).adjust_cell_length(width, blank)
        return strip.adjust_cell_length(width, blank)
