"""A text input that shows pasted control characters as symbols."""

from __future__ import annotations

from textual.widgets import Input

from audit_console.core.safe_text import safe_text


class SafeInput(Input):
    """What is typed or pasted is made safe before it becomes part of the value."""

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the value with safe text."""
        super().replace(safe_text(text), start, end)
