"""What holds locks or threads makes itself anew in a forked child, which has neither."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something that a fork would leave with locks that nobody gives back."""

    def renew(self) -> None:
        """Begin anew; called in the child, where no other thread runs."""
        ...


_RENEWABLE: WeakSet[Renewable] = WeakSet()


def renew_in_child(thing: Renewable) -> None:
    """Have `thing.renew()` called in every child that is forked while it lives."""
    _RENEWABLE.add(thing)


def _renew_all() -> None:
    for thing in tuple(_RENEWABLE):
        thing.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows knows no fork
    os.register_at_fork(after_in_child=_renew_all)
