"""What a user keeps beside the logs, in which files, and by what packages are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.core.policy import Policy
from audit_console.search.marks import FILE_NAME
from audit_console.tui.environments import Environment
from audit_console.tui.keymap import UNCHANGED, Keymap
from audit_console.tui.recent import RecentSources
from audit_console.tui.saved import QueryHistory, SavedSearches

if TYPE_CHECKING:  # the first frame waits for no cryptography
    from audit_console.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Belongings:
    """The folders of a user, and the policy and key that go into evidence packages.

    Attributes:
        state: what the console remembers by itself: recent sources, queries asked.
        data: what the user made: marks, saved searches.
        policy: by which logs are verified; None where nobody's checkpoints count.
        read_key: reads the console's key, called on a thread; None where it has none.
        keymap: which keys do what.
        environments: which logs are marked, and how.
    """

    state: Path
    data: Path
    policy: Policy | None = None
    read_key: Callable[[], SigningKey | None] | None = None
    keymap: Keymap = UNCHANGED
    environments: tuple[Environment, ...] = ()

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
        return self.data / FILE_NAME
