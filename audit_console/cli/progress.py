"""One line on the terminal that says how far something is."""

from __future__ import annotations

import sys

_CLEAR = "\r\x1b[K"


class ProgressLine:
    """A line that is rewritten in place, and nothing where no terminal is."""

    def __init__(self) -> None:
        self._shown = ""
        self._enabled = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace what the line says."""
        if self._enabled and text != self._shown:
            self._shown = text
            _write(f"{_CLEAR}{text}")

    def remove(self) -> None:
        """Leave the terminal as it was."""
        if self._shown:
            self._shown = ""
            _write(_CLEAR)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
