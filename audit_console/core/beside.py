"""The small files beside a log: how they are called, by its name and an ending, and their lines."""

from __future__ import annotations

import json

CHECKPOINTS, PRUNES, HOLDS = ".checkpoints.jsonl", ".prunes.jsonl", ".holds.jsonl"
BESIDE_A_LOG = (CHECKPOINTS, PRUNES, HOLDS)


def lines_in(data: bytes) -> list[str]:
    """Give the lines of such a file; bytes that are no text stay visible.

    What stands without its line end and is no whole line is being written, or is what a crash
    left: it is not there yet.
    """
    *lines, last = data.decode(errors="backslashreplace").split("\n")
    if is_whole(last):
        lines.append(last)
    return [line for line in lines if line.strip()]


def is_whole(line: str) -> bool:
    """Whether a line lacks nothing but its end: no part of an object is an object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
