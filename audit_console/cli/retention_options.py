"""What retention goes by on a command line and in the screen: how long, why, and who asks."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.retention import RetentionPolicy
    from audit_console.tui.pruning import Pruning


def retention_policy(keep: str | None = None) -> RetentionPolicy:
    """Give the policy of the configuration, with other days where they are asked for.

    Raises:
        UsageError: they are no number of days, or under the floor.
    """
    from audit_console.retention.settings import policy_of

    policy = policy_of(trusting.config().retention)
    return policy if keep is None else replace(policy, days=_days(keep))


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise UsageError(f"--keep {text}: not a number of days", hint="such as 90d")
    return int(number)


def require_reason(text: str) -> str:
    """Give the reason that the chain will tell for ever.

    Raises:
        UsageError: it says nothing.
    """
    if not text.strip():
        raise UsageError("--reason is empty", hint="say why: the chain tells it for ever")
    return text


def this_user() -> str:
    """Name who runs the program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "unknown"


def pruning(policy: str | None = None, checkpoints: Sequence[str] = ()) -> Pruning:
    """Let the screen prune, by the policy of the configuration.

    Args:
        policy: file of the trust policy.
        checkpoints: files with checkpoints that were kept elsewhere than beside the log.

    Raises:
        UsageError: the policy cannot be read.
    """
    from audit_console.retention.opening import pruner_of
    from audit_console.tui.pruning import Pruning

    return Pruning(
        policy=retention_policy(),
        actor=this_user(),
        open_pruner=pruner_of,
        trust=lambda: trusting.load_trust(policy, checkpoints),
    )
