"""Who asks for a prune, why, and what is kept of it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audit_console.core.entry import encode_content
from audit_console.core.holds import ADDED_ACTION, Hold, HoldBook, HoldChange, missing_holds
from audit_console.core.json_object import storable
from audit_console.core.prunes import (
    PRUNE_ACTION,
    PRUNE_EVENT_TYPE,
    PRUNE_RESOURCE_TYPE,
    PruneHistory,
)
from audit_console.core.retention import PrunePlan
from audit_console.core.safe_text import safe_text
from audit_console.core.sealing import Unsealed
from audit_console.errors import PruneRefused, UsageError
from audit_console.writer.intake import new_id


class Keeper(Protocol):
    """Keeps a copy of what goes, and beside it what lets the copy be verified alone."""

    def keep(self, plan: PrunePlan, lines: Iterable[bytes]) -> Mapping[str, str | int]:
        """Write the lines of what goes to a file, and read them back.

        Returns:
            what the prune record says of the file: `name`, `sha256` and `events`.

        Raises:
            PruneRefused: that cannot be done.
        """
        ...

    def keep_records(self, chain: str, records: Sequence[str]) -> None:
        """Write the prune records of a chain beside the copies, in the place of those there.

        Args:
            chain: its name.
            records: all of them, oldest first; the last is that of the newest copy.

        Raises:
            PruneRefused: that cannot be done.
        """
        ...


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Who deletes and why; `keeper` makes a copy first."""

    actor: str
    reason: str
    keeper: Keeper | None = None


def unsaid(step: str) -> None:
    """Tell nobody of a step."""


def prune_event(record: str, actor: str, chain: str) -> Unsealed:
    """Make the event that tells of a prune; its details are the record."""
    return _event(PRUNE_ACTION, actor, chain, record)


def hold_event(change: HoldChange, chain: str) -> Unsealed:
    """Make the event that tells of a hold or of its end; its details are the change."""
    return _event(change.action, change.hold.owner, chain, change.text)


def _event(action: str, actor: str, chain: str, details: str) -> Unsealed:
    content = encode_content(
        event_type=PRUNE_EVENT_TYPE,
        action=action,
        resource_type=PRUNE_RESOURCE_TYPE,
        resource_id=chain,
        result="success",
        user_id=storable(actor),
        details=details,
    )
    return Unsealed(new_id(), None, content)


def require_fitting(change: HoldChange, holds: Iterable[Hold]) -> None:
    """Refuse to add a hold twice, or to end one that is not in force.

    Raises:
        UsageError: that is asked for.
    """
    is_held = change.hold.id in {hold.id for hold in holds}
    if is_held == (change.change == "add"):
        standing = "in force already" if is_held else "not in force"
        raise UsageError(
            f"hold {safe_text(change.hold.id)} is {standing}",
            hint="see which are: audit-console retention hold list SOURCE",
        )


def require_same_chain(plan: PrunePlan, chain: str) -> None:
    """Refuse a plan for another log.

    Raises:
        PruneRefused: it is one.
    """
    if plan.chain != chain:
        raise PruneRefused(
            f"the plan is for {safe_text(plan.chain)}, and this log is {safe_text(chain)}",
            hint="name the log of the plan",
        )


def require_valid_holds(book: HoldBook, place: Path | str) -> Sequence[Hold]:
    """Give the holds in force.

    Raises:
        PruneRefused: a line of the book cannot be read, so a hold may be unknown.
    """
    for number, reason in book.invalid:
        raise PruneRefused(
            f"{place}, line {number}: {reason}",
            hint="repair it: nothing is deleted while a hold may be unknown",
        )
    return book.holds


def require_told_holds(told: Sequence[HoldChange], holds: Sequence[Hold]) -> None:
    """Refuse a book of holds that lacks one of which the log tells, and not of its end.

    Raises:
        PruneRefused: it does: somebody took a line away, changed one, or ended a hold by hand.
    """
    for hold in missing_holds(told, holds):
        raise PruneRefused(
            f"the log tells of {safe_text(str(hold))}, which is not in force; nothing is deleted",
            hint="open the log anew; if it is still so, put the line back into the book of holds: "
            f"it is the details of the event {ADDED_ACTION}",
        )


def require_valid_prunes(history: PruneHistory, place: Path | str) -> PruneHistory:
    """Give the records.

    Raises:
        PruneRefused: a record does not hold.
    """
    for number, reason in history.invalid:
        raise PruneRefused(
            f"{place}, line {number}: {reason}",
            hint="verify the log: nothing is deleted on top of a bad record",
        )
    return history
