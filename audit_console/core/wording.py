"""How a number of things is worded, on screens, in reports and in errors alike."""

from __future__ import annotations


def count(value: int, thing: str) -> str:
    """Print a count of things: `1 file`, `3,000 files`."""
    return f"{value:,} {thing}" if value == 1 else f"{value:,} {thing}s"
