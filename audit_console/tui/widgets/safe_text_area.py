"""Text over several lines that shows pasted control characters as symbols."""

from __future__ import annotations

from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from audit_console.core.safe_text import safe_whole


class SafeTextArea(TextArea):
    """What is shown, typed or pasted is made safe, line by line, before it is drawn."""

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(safe_lines(text), id=id, highlight_cursor_line=False, compact=True)

    def edit(self, edit: Edit) -> EditResult:
        """Change a part of the text."""
        edit.text = safe_lines(edit.text)
        return super().edit(edit)


def safe_lines(text: str) -> str:
    """Make text safe to show whose line ends stay."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(map(safe_whole, lines))
