"""What the Retention screen may do, as the program that shows it allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from audit_console.core.retention import Limits, RetentionPolicy
from audit_console.sources.protocol import Source
from audit_console.tui.session import Session

if TYPE_CHECKING:  # the first frame waits for none of them
    from audit_console.integrity.trust import Trust
    from audit_console.retention.preview import Preview
    from audit_console.retention.previewing import Previews
    from audit_console.retention.pruner import Pruner


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pruning:
    """The policy of the configuration, and whether anything may be deleted.

    Attributes:
        policy: how long events are kept unless the reader says otherwise.
        actor: who deletes, as the chain tells it.
        open_pruner: finds what prunes the log at some places, called on a thread; None where
            nothing may be deleted.
        trust: says whose checkpoints count, called on a thread; None for nobody's.
        clock: tells the time.
    """

    policy: RetentionPolicy = RetentionPolicy()  # noqa: RUF009 - a frozen value
    actor: str = "console"
    open_pruner: Callable[[Sequence[str], str | None], Pruner] | None = None
    trust: Callable[[], Trust] | None = None
    clock: Callable[[], datetime] = _now


PREVIEWS_ALONE = Pruning()
"""Nothing is deleted, and everything is kept 90 days."""


class Kept(NamedTuple):
    """What stays: so many days, and what was recorded from a moment on if one is named."""

    days: int
    since: datetime | None = None


def chains_to_choose_from(source: Source) -> tuple[str, ...]:
    """Name the chains of a log, on a thread; none where there is no choice.

    Raises:
        SourceError: the log cannot be looked at.
    """
    chains = source.chains()
    return tuple(filter(None, chains)) if len(chains) > 1 else ()


def outline(previews: Previews, session: Session, rules: Pruning, kept: Kept) -> Preview:
    """Say, on a thread, where a prune would end.

    Raises:
        AuditConsoleError: nothing can go, for the reason told, or the log cannot be looked at.
    """
    from audit_console.integrity.trust import NO_TRUST
    from audit_console.retention.previewing import holds_of
    from audit_console.retention.soundness import judged

    policy = replace(rules.policy, days=kept.days)
    cutoff = policy.cutoff(rules.clock().astimezone(UTC), kept.since)
    limits = Limits(cutoff, policy, holds_of(session.source))
    made = previews.outline(limits, NO_TRUST if rules.trust is None else rules.trust())
    return judged(made, None if session.partial else session.verification)
