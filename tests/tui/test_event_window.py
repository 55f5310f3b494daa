from __future__ import annotations

from typing import Any

from audit_console.core.filters import EVERYTHING
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtEvent, Order, Page
from audit_console.tui.widgets.event_window import RowsView, Want, fetch
from tests.tui.support import make_lines


class GrowingSource(MemorySource):
    """Reads more behind each question for the place of an event, as long as there is more."""

    def __init__(self) -> None:
        super().__init__(make_lines(60), batch_lines=10)
        self._batches = self.batches()
        self.read_more()

    def read_more(self) -> None:
        next(self._batches, None)

    def page(self, *args: Any, **options: Any) -> Page:
        page = super().page(*args, **options)
        if isinstance(options["at"], AtEvent):
            self.read_more()
        return page


def test_the_view_is_held_by_its_event_while_more_is_read() -> None:
    source = GrowingSource()
    view = RowsView(source, EVERYTHING, Order.NEWEST_FIRST)
    held = fetch(Want(view, 0, 20)).window.anchor(2)
    source.read_more()
    answer = fetch(Want(view, 0, 20, held))

    assert held is not None
    assert answer.read == answer.matched == 60
    assert answer.shift == 50
    assert answer.window.anchor(held.row + answer.shift) == held._replace(row=held.row + 50)
