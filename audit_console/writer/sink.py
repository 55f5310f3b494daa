"""Where sealed events go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from audit_console.core.safe_text import safe_text
from audit_console.core.sealing import Head, Sealed, SealedGroup
from audit_console.errors import UsageError
from audit_console.writer.arguments import require_kind

Seal = Callable[[Head | None], SealedGroup]
"""Gives a group of events its places behind a head; None stands for an empty chain.

It is pure but for its clock and may be called again with another head, where a first try
was not stored. The events keep their ids from one call to the next.
"""


_CHAIN = re.compile(r"[a-z0-9._/-]{1,255}")


def require_chain_name(chain: str) -> None:
    """Refuse what is no name of a chain.

    Raises:
        UsageError: it is no text, empty, too long, or holds other characters.
    """
    require_kind("chain", chain, str)
    if not _CHAIN.fullmatch(chain):
        raise UsageError(
            f"{safe_text(chain, limit=80)!r} is no name of a chain",
            hint="use 1 to 255 of a-z 0-9 . _ / - as in audit.example.org/app",
        )


class Sink(Protocol):
    """A store of one chain. Its methods may be called from any thread."""

    @property
    def chain(self) -> str:
        """Name of the chain that is written."""
        ...

    def append(self, seal: Seal, *, durable: bool) -> Sequence[Sealed]:
        """Store a group of events, all of them or none, under the sink's own lock.

        The lock holds for threads and processes alike: it is taken, the head is read,
        `seal` called with it, what it gives is stored, and the lock is given back. So a
        chain cannot fork.

        Args:
            seal: gives the events behind the head.
            durable: whether they must survive a loss of power before this returns, and with
                them all that was appended before.

        Raises:
            EventRefused: `seal` said so, or the store can never take one of the events.
            SinkUnavailable: nothing was stored; a later try may go well.
            ChainBroken: the stored head does not verify; nothing is appended to it.
        """
        ...

    def sync(self) -> None:
        """Make durable whatever was appended without."""
        ...

    def close(self) -> None:
        """Give back files and connections."""
        ...
