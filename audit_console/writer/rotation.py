"""When an archive begins a new file, and what the closed ones are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from audit_console.errors import UsageError
from audit_console.writer.arguments import require_kind


@dataclass(frozen=True, slots=True)
class Rotation:
    """When the active file is closed. Made by `never`, `size` and `daily`."""

    max_bytes: int | None = None
    by_day: bool = False

    @classmethod
    def never(cls) -> Self:
        """Keep everything in one file."""
        return cls()

    @classmethod
    def size(cls, max_bytes: int) -> Self:
        """Close a file before it grows over so many bytes; one group may be larger alone.

        Raises:
            UsageError: the number is not positive.
        """
        require_kind("max_bytes", max_bytes, int)
        if max_bytes <= 0:
            raise UsageError(
                f"a file of at most {max_bytes} bytes holds no event",
                hint="100_000_000 for files of 100 MB",
            )
        return cls(max_bytes=max_bytes)

    @classmethod
    def daily(cls) -> Self:
        """Begin a file with the first event that is recorded on another day, in UTC."""
        return cls(by_day=True)

    def is_due(self, *, size: int, more: int, last: str, next_: str) -> bool:
        """Tell whether a file is closed before events are added to it.

        Args:
            size: its bytes.
            more: bytes that would be added.
            last: when its last event was recorded, as printed in it.
            next_: when the first of the new events was.
        """
        if self.max_bytes is not None and size + more > self.max_bytes:
            return True
        return self.by_day and last[:10] != next_[:10]


def rotated_path(active: Path, first_seq: int) -> Path:
    """Name a closed file after its first event."""
    return active.with_name(f"{active.stem}.{first_seq:012d}.jsonl")


def newest_rotated(active: Path) -> Path | None:
    """Find the closed file with the newest events, packed or not."""
    return next(reversed(closed_files(active)), None)


def closed_files(active: Path) -> list[Path]:
    """Find the closed files of a log, packed or not, by the numbers in their names."""
    pattern = re.compile(re.escape(active.stem) + r"\.([0-9]{12,})\.jsonl(?:\.gz|\.zst)?")
    named = ((path, pattern.fullmatch(path.name)) for path in active.parent.iterdir())
    return [path for _, path in sorted((int(match[1]), path) for path, match in named if match)]
