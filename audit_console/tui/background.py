"""Work beside the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import Worker, WorkType


def begin(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    group: str = "default",
    exclusive: bool = False,
) -> Worker[None]:
    """Begin work that ends with the node; `exclusive` takes the place of the last of its group.

    It is given as a function: of a coroutine that is made here and not begun, as the program
    ended first, Python would complain in the terminal that was left.
    """
    # Textual's workers refer to themselves, and stay until garbage is collected. Neither what was
    # asked of a log nor the frames of what was taken back stay with them, or the log would.
    works = [work]

    async def while_there() -> None:
        try:
            await works.pop()()
        except asyncio.CancelledError as cancelled:
            raise cancelled.with_traceback(None) from None
        except NoMatches:
            if not _is_taken_away(node):
                raise
            # Its panes go first, and nobody waits for the answer.

    later: WorkType[None] = while_there
    return node.run_worker(later, group=group, exclusive=exclusive)


def _is_taken_away(node: DOMNode) -> bool:
    """Tell whether a node, or what it is part of, is being closed, and not hidden by its style."""
    return any(
        not each.display and each.styles.display != "none" for each in node.ancestors_with_self
    )


def crash_of(error: BaseException) -> Exception:
    """Give what a screen hears of: a panic of Polars is no `Exception`, and would be lost."""
    if isinstance(error, Exception):
        return error
    crash = RuntimeError(f"{type(error).__name__}: {error}")
    crash.__cause__ = error
    return crash
