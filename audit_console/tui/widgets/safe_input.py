"""A text input that shows control characters as symbols."""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.text import Text
from textual.events import Paste
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from audit_console.core.safe_text import safe_text
from audit_console.tui.painting import ELLIPSIS

LONGEST_INSERT = 50_000
"""Characters taken at once: more than a query may have, so that one that is cut is refused."""

_LINE_ENDS = re.compile(r"[\r\n]+")


class SafeInput(Input):
    """What is typed or pasted is made safe before it becomes part of the value.

    A value that the program sets, such as a query on text of a log, is kept as it is and
    drawn with one symbol for each character that is not safe.
    """

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the value with safe text."""
        super().replace(safe_text(text, limit=LONGEST_INSERT), start, end)
        self._show_cursor()

    def on_resize(self) -> None:
        """Keep the cursor in sight where something else takes room of the line."""
        self._show_cursor()

    def _show_cursor(self) -> None:
        """Scroll to the cursor: Textual does so when it moves, but for the first value."""
        if self.has_focus:
            x = self.cursor_screen_offset.x - self.content_region.x + self.scroll_offset.x
            self.scroll_to_region(Region(x, 0, 1, 1), force=True, animate=False)

    def _on_paste(self, event: Paste) -> None:
        """Take all lines, with blanks between them: Textual takes the first and drops the rest."""
        event.prevent_default()
        event.stop()
        self.replace(" ".join(filter(None, _LINE_ENDS.split(event.text))), *self.selection)

    def render_line(self, y: int) -> Strip:
        """Mark where the value is cut, unless it is being typed: the cursor may stand there."""
        strip = super().render_line(y)
        if self.has_focus or not self.value:
            return strip
        width, first = self.scrollable_content_region.width, self.scroll_offset.x
        mark = Strip([Segment(ELLIPSIS, self.rich_style)], 1)
        if first > 0:
            strip = Strip.join([mark, strip.crop(1)])
        if self.virtual_size.width - 1 > first + width:  # the last cell is the cursor's
            strip = Strip.join([strip.crop(0, width - 1), mark])
        return strip

    @property
    def _value(self) -> Text:
        """The value as it is drawn, one character for each of its own."""
        shown = "".join(map(_one_character, self.value))
        return Text(shown, no_wrap=True, overflow="ignore", end="")


def _one_character(character: str) -> str:
    symbol = safe_text(character)
    return symbol if len(symbol) == 1 else "\N{REPLACEMENT CHARACTER}"
