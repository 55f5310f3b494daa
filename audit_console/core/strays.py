"""Events that fail their own hash and do not stand where they would go on with their chain.

Such an event is not believed about its place. What it links to tells where it stood, or else
the place where it stands: in a file it stays there whatever it says, in a table its seq
moves it. Each fills one place of a gap, so that one edit gives one finding.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field

from audit_console.core.run import Run

STRAYS_KEPT = 10_000
"""Events whose links are kept; of the others only the places count."""


@dataclass(slots=True)
class Strays:
    """The strays of a whole log."""

    _by_link: dict[str, tuple[str, int]] = field(default_factory=dict)
    _placed: list[int] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Tell whether so many links are kept that those of further strays will not be."""
        return len(self._by_link) >= STRAYS_KEPT

    def add(self, run: Run, number: int) -> None:
        """Take in an event, or several on end once it is full.

        Args:
            run: the event, or several.
            number: that of the last one among the unreadable lines of the log.
        """
        if run.first_link is not None and not self.is_full:
            self._by_link[run.first_link] = run.last_hash, number

    def follow(self, event_hash: str, limit: int) -> int:
        """Place up to `limit` strays that stood behind an event; tell how many."""
        count = 0
        while count < limit and event_hash in self._by_link:
            event_hash, number = self._by_link.pop(event_hash)
            insort(self._placed, number)
            count += 1
        return count

    def placed_between(self, first: int, last: int) -> int:
        """Count the placed ones among the unreadable lines behind `first`, up to `last`."""
        return bisect_right(self._placed, last) - bisect_right(self._placed, first)
