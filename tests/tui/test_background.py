"""Work beside the screen."""

from __future__ import annotations

import asyncio
import gc
import warnings

import pytest
from polars.exceptions import PanicException
from textual.app import App

from audit_console.tui.asking import asked
from audit_console.tui.background import begin


async def test_work_that_the_end_of_the_program_forestalls_is_not_complained_of() -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    app = App[None]()
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        async with app.run_test():
            begin(app, work).cancel()
        gc.collect()
    assert not begun
    assert not complaints


async def test_a_question_on_which_the_engine_panics_is_not_waited_for_for_ever() -> None:
    def panic() -> None:
        raise PanicException("a fault of the engine")

    with pytest.raises(RuntimeError, match="PanicException: a fault of the engine"):
        async with asyncio.timeout(30):
            await asked(panic)
