"""What the tasks of the benchmarks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Timed(NamedTuple):
    """What a work measured itself: seconds, and how many events it handled."""

    seconds: float
    amount: int


Work = Callable[[], int | Timed]

KEEPS_ALL = "request:req-*"
"""A filter that every event of the logs measured passes."""
