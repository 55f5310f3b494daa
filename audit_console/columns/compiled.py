"""What `native/module.c` does in one pass, where it is at hand.

It is not where there was no compiler when this was installed, or the processor has no
instructions for SHA-256. All that it does is done by columns then, more slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

FoundTexts: TypeAlias = tuple[bytes, bytes, bytes, int]
"""A column of texts as Arrow lays it out: the texts on end, where each begins (int32, one more
than there are texts), which are there (a bit each), and how many are not."""

FoundRun: TypeAlias = tuple[str, int, str, bytes, bytes, bytes, bytes, tuple[FoundTexts, ...]]
"""Chain, first seq and first link; then for each event its hash (32 bytes), `recorded_at` and
`timestamp` (int64, microseconds since 1970), and where its line begins (uint32); and its texts,
if they were asked for."""

sound_run: Callable[[bytes, bool], FoundRun | None] | None
"""Reads whole lines that are one sound run, with their texts or without; None for other text."""

parents: Callable[[bytes], bytes] | None
"""Hashes Merkle nodes, 32 bytes each, two and two; an odd one at the end is left out."""

try:
    from audit_console.columns import _native
except ImportError:
    sound_run = parents = None
else:
    sound_run, parents = _native.sound_run, _native.parents
