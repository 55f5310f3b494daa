"""The small files beside a log: how they are called, by its name and an ending, and their lines."""

from __future__ import annotations

import json

from audit_console.core.places import is_log_name

CHECKPOINTS, PRUNES, HOLDS = ".checkpoints.jsonl", ".prunes.jsonl", ".holds.jsonl"
BESIDE_A_LOG = (CHECKPOINTS, PRUNES, HOLDS)


def is_log_in_folder(name: str) -> bool:
    """Tell by its name whether a file is read as a part of the log where its folder is opened."""
    return is_log_name(name) and not any(suffix in name for suffix in BESIDE_A_LOG)


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
