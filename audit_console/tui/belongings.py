"""What a user keeps beside the logs, and in which files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit_console.tui.recent import RecentSources
from audit_console.tui.saved import QueryHistory, SavedSearches


@dataclass(frozen=True, slots=True)
class Belongings:
    """The folders of a user.

    Attributes:
        state: what the console remembers by itself: recent sources, queries asked.
        data: what the user made: marks, saved searches.
    """

    state: Path
    data: Path

    @property
    def recent(self) -> RecentSources:
        """The recent sources."""
        return RecentSources(self.state / "recent.json")

    @property
    def queries(self) -> QueryHistory:
        """The queries asked before."""
        return QueryHistory(self.state / "queries.json")

    @property
    def searches(self) -> SavedSearches:
        """The saved searches."""
        return SavedSearches(self.data / "searches.json")

    @property
    def marks(self) -> Path:
        """The file of stars, tags and notes."""
        return self.data / "marks.jsonl"
