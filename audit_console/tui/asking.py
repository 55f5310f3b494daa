"""Asking: the log on a thread, and the reader's pointing at a value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import ParamSpec, TypeVar

from textual.message import Message
from textual.widget import Widget

from audit_console.core.narrowing import How, Value
from audit_console.sources.cancelling import Cancellation

Params = ParamSpec("Params")
Answer = TypeVar("Answer")


async def asked(
    question: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
) -> Answer:
    """Ask on a thread; when the wait is cancelled, so is what the source does for it."""
    return await asked_on(None, partial(question, *args, **kwargs))


async def asked_on(executor: Executor | None, question: Callable[[], Answer]) -> Answer:
    """Ask as `asked` does, on a thread of this executor; None is the one for all questions."""
    cancellation = Cancellation()
    try:
        with cancellation.covers():
            work = partial(copy_context().run, question)
            return await asyncio.get_running_loop().run_in_executor(executor, work)
    except asyncio.CancelledError:
        Thread(target=cancellation.cancel, name="cancel", daemon=True).start()
        raise


class FilterAsked(Message):
    """The reader pointed at a value; without values there is none under the cursor."""

    def __init__(self, how: How, values: Sequence[Value]) -> None:
        super().__init__()
        self.how = how
        self.values = tuple(values)


class ValueActions(Widget):
    """Base of widgets in which values are pointed at."""

    def values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor; of a cell over two fields, both."""
        raise NotImplementedError

    def _ask(self, how: How) -> None:
        self.post_message(FilterAsked(how, self.values_pointed_at()))

    def action_include(self) -> None:
        """Ask to keep events with this value."""
        self._ask(How.INCLUDE)

    def action_exclude(self) -> None:
        """Ask to drop events with this value."""
        self._ask(How.EXCLUDE)

    def action_only(self) -> None:
        """Ask to keep only events with this value."""
        self._ask(How.ONLY)

    def action_require(self) -> None:
        """Ask to keep events that have this field."""
        self._ask(How.REQUIRE)

    def action_lack(self) -> None:
        """Ask to keep events that lack this field."""
        self._ask(How.LACK)
