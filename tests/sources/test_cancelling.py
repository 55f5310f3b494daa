"""Questions that are taken back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from audit_console.errors import SourceUnreadable
from audit_console.sources.cancelling import Cancellation, stoppable
from audit_console.tui.asking import asked


async def test_who_waits_no_longer_stops_the_work() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work() -> None:
        with stoppable(stopped.set):
            begun.set()
            stopped.wait(60)

    waiting = asyncio.create_task(asked(work))
    assert await asyncio.to_thread(begun.wait, 60)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(stopped.wait, 60)


async def test_an_answer_comes_back() -> None:
    assert await asked(sum, [1, 2]) == 3


def test_what_nobody_can_take_back_runs() -> None:
    with stoppable(pytest.fail):
        pass


def test_nothing_begins_or_ends_well_once_it_is_taken_back() -> None:
    cancellation = Cancellation()
    with (
        pytest.raises(SourceUnreadable, match="taken back"),
        cancellation.covers(),
        stoppable(lambda: None),
    ):
        cancellation.cancel()
    with pytest.raises(SourceUnreadable), cancellation.covers(), stoppable(lambda: None):
        pytest.fail("this must not run")
