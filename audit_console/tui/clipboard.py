"""Copying: the log's own text goes to the clipboard, encoded so that no terminal obeys it."""

from __future__ import annotations

from typing import Any

from textual.app import App

from audit_console.core.wording import count


def copy(app: App[Any], text: str, what: str) -> None:
    """Copy text and say so; nothing is not copied. It travels in base64 in the escape sequence."""
    if not text:
        app.notify(f"there is no {what} here to copy", timeout=2)
        return
    app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    app.notify(f"{what} copied, {count(len(text), 'character')}", timeout=2)
