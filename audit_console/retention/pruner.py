"""What deletes from a log, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Protocol

from audit_console.core.holds import HoldChange
from audit_console.core.prunes import PruneRecord
from audit_console.core.retention import PrunePlan, RetentionPolicy
from audit_console.writer.pruning.request import PruneRequest, unsaid


class Pruner(Protocol):
    """Deletes from one chain, and changes its holds; one at a time."""

    def steps(
        self, plan: PrunePlan, policy: RetentionPolicy, request: PruneRequest, now: datetime
    ) -> Generator[str, None, PruneRecord]:
        """Delete what a plan says, and say each step when it is done.

        Raises:
            PruneRefused: for the reason told; nothing is changed.
            WriterError: the log cannot be written.
        """
        ...

    def finish(self, on_step: Callable[[str], None] = unsaid) -> None:
        """Carry out a prune that was cut short, if there is one; `on_step` is told each step.

        Raises:
            PruneRefused: another prune runs, or the user may not.
            WriterError: the log cannot be written.
        """
        ...

    def change_holds(self, change: HoldChange, now: datetime) -> None:
        """Add a hold or end one, and have the chain tell of it.

        Raises:
            UsageError: the hold is in force already, or is not.
            PruneRefused: a prune runs, or the holds cannot be read.
            WriterError: the log cannot be written.
        """
        ...
