"""A text input that shows control characters as symbols."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Input

from audit_console.core.safe_text import safe_text


class SafeInput(Input):
    """What is typed or pasted is made safe before it becomes part of the value.

    A value that the program sets, such as a query on text of a log, is kept as it is and
    drawn with one symbol for each character that is not safe.
    """

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the value with safe text."""
        super().replace(safe_text(text), start, end)

    @property
    def _value(self) -> Text:
        """The value as it is drawn, one character for each of its own."""
        shown = "".join(map(_one_character, self.value))
        return Text(shown, no_wrap=True, overflow="ignore", end="")


def _one_character(character: str) -> str:
    symbol = safe_text(character)
    return symbol if len(symbol) == 1 else "\N{REPLACEMENT CHARACTER}"
