"""Work beside the screen."""

from __future__ import annotations

import gc
import warnings

from textual.app import App

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
