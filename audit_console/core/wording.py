"""How a number of things is worded, on screens, in reports and in errors alike."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote


def count(value: int, thing: str) -> str:
    """Print a count of things: `1 file`, `3,000 files`."""
    return f"{value:,} {thing}" if value == 1 else f"{value:,} {thing}s"


def seqs(first: int, last: int) -> str:
    """Name events by their places in a chain, both included: `seq 7`, `seq 0 to 4,087`."""
    return f"seq {first:,}" if first == last else f"seq {first:,} to {last:,}"


def all_stay(events: int) -> str:
    """Say that no event goes: `all 3,000 events stay`."""
    return "the only event stays" if events == 1 else f"all {count(events, 'event')} stay"


def chain_options(names: Sequence[str]) -> str:
    """Say how the chains of a log are named on the command line; of many, the first."""
    return "; ".join(f"--chain {quote(name)}" for name in names[:5])
