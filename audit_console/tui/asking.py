"""Pointing at a value: the actions that panes with values have in common."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message
from textual.widget import Widget

from audit_console.core.narrowing import How, Value


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
