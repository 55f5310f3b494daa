"""Copying: safe text, for what is pasted into a terminal or a spreadsheet is obeyed there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from textual.app import App

from audit_console.core.safe_text import FORMULA, safe_whole
from audit_console.core.wording import count


def copy(app: App[Any], text: str, what: str) -> None:
    """Copy text, with a symbol for each character that is not safe, and say so."""
    safe = safe_whole(text)
    _copy(app, safe, what, "" if safe == text else ", unsafe ones as symbols")


def copy_row(app: App[Any], cells: Iterable[str]) -> None:
    """Copy cells with tabs between them, of which none is a formula to a spreadsheet."""
    safe = (safe_whole(cell) for cell in cells)
    _copy(app, "\t".join(f"'{cell}" if re.search(FORMULA, cell) else cell for cell in safe), "row")


def copy_stored(app: App[Any], line: str) -> None:
    """Copy a line as it is stored, and say so where a terminal would obey it."""
    told = "" if safe_whole(line) == line else ", unsafe ones too: mind where it is pasted"
    _copy(app, line.encode("utf-8", "replace").decode("utf-8"), "line", told)


def _copy(app: App[Any], text: str, what: str, told: str = "") -> None:
    """Copy text and say so; nothing is not copied. It travels in base64 in the escape sequence."""
    if not text:
        app.notify(f"there is no {what} here to copy", timeout=2)
        return
    app.copy_to_clipboard(text)
    app.notify(f"{what} copied, {count(len(text), 'character')}{told}", timeout=2)
