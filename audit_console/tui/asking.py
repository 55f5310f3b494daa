"""Asking: the log on a thread, and the reader's pointing at a value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from threading import Lock, Thread
from typing import ParamSpec, TypeVar

from textual.message import Message
from textual.widget import Widget

from audit_console.core.narrowing import How, Value
from audit_console.sources.cancelling import (
    QUESTION_THREAD,
    Cancellation,
    refuse_if_cancelled,
)
from audit_console.tui.background import crash_of

Params = ParamSpec("Params")
Answer = TypeVar("Answer")


async def asked(
    question: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
) -> Answer:
    """Ask on a thread; when the wait is cancelled, so is what the source does for it.

    The thread is one that the program does not wait for at its end: what scans a log in memory
    cannot be stopped, and a reader who quits wants the shell.
    """
    cancellation = Cancellation()
    try:
        with cancellation.covers():
            work = partial(copy_context().run, partial(question, *args, **kwargs))
            return await asyncio.wrap_future(await _begun(work))
    except asyncio.CancelledError:
        _start(Thread(target=cancellation.cancel, name="cancel", daemon=True))
        raise


SECONDS_OF_REST = 0.15
"""How long typing must rest before what it would match, or complete, is counted."""


async def asked_at_rest(turn: Lock, question: Callable[[], Answer]) -> Answer:
    """Ask as `asked` does, when typing rests and what was asked in the same turn is answered."""
    await asyncio.sleep(SECONDS_OF_REST)

    def in_turn() -> Answer:
        with turn:
            refuse_if_cancelled()
            return question()

    return await asked(in_turn)


async def _begun(work: Callable[[], Answer]) -> Future[Answer]:
    answer: Future[Answer] = Future()

    def run() -> None:
        if answer.set_running_or_notify_cancel():
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
                answer.set_exception(crash_of(error))

    await _start(Thread(target=run, name=QUESTION_THREAD, daemon=True))
    return answer


def _start(thread: Thread) -> asyncio.Future[None]:
    """Have a thread started by another one.

    Who starts a thread waits until it runs. Beside threads that keep the interpreter busy, as while
    a log is read, that takes 20 ms and more, in which no key would be taken in.
    """
    return asyncio.get_running_loop().run_in_executor(None, thread.start)


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
