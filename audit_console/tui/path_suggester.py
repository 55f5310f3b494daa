"""Completes the path that is being typed."""

from __future__ import annotations

import os
from itertools import islice

from textual.suggester import Suggester

from audit_console.config import user_path
from audit_console.core.safe_text import safe_text
from audit_console.tui.asking import asked

ENTRIES_LOOKED_AT = 5_000


class PathSuggester(Suggester):
    """Suggests the first file or folder, by name, that continues the text."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Continue a path; None when nothing does."""
        return await asked(complete_path, value)


def complete_path(value: str) -> str | None:
    """Continue a path. Names that are not safe to show are not offered."""
    if not value or value.endswith("/.."):
        return None
    folder, start = os.path.split(value)
    try:
        with os.scandir(user_path(folder or ".")) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in islice(entries, ENTRIES_LOOKED_AT)
                if entry.name.startswith(start)
                and (start or not entry.name.startswith("."))
                and safe_text(entry.name) == entry.name
            )
    except (OSError, ValueError):
        return None
    return os.path.join(folder, names[0]) if names else None  # noqa: PTH118 - keeps `~` as typed
