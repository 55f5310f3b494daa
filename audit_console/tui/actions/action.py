"""One thing that can be done, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pane(StrEnum):
    """Where an action holds; the value is its heading in the help."""

    APP = "Everywhere"
    SOURCES = "Sources"
    INVESTIGATE = "Investigate"
    QUERY = "Query"
    CHIPS = "Filter terms"
    FACETS = "Facets"
    TIMELINE = "Timeline"
    TABLE = "Event table"
    RESULT = "Result table"
    DETAIL = "Detail"
    LIST = "List"
    CHECK = "Check mark"
    MARK = "Marks"
    COLUMNS = "Columns"
    SAVED = "Saved searches"
    INTEGRITY = "Integrity"
    MAP = "Map of the chains"
    RETENTION = "Retention"
    DAYS = "Days that are kept"
    DIALOG = "Dialog"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    Attributes:
        pane: where it holds.
        name: the method without its prefix `action_`.
        keys: Textual's names of the keys, the first one shown.
        title: one or two words for footer and palette.
        explanation: one line for the help.
        in_footer: whether the footer offers it.
        in_palette: whether the command palette offers it.
        priority: whether it holds before the focused widget sees the key.
        of_event: whether it is about the selected event; over counts there is none.
    """

    pane: Pane
    name: str
    keys: tuple[str, ...]
    title: str
    explanation: str
    in_footer: bool = False
    in_palette: bool = True
    priority: bool = False
    of_event: bool = False

    @property
    def id(self) -> str:
        """Names the action among all of them."""
        return f"{self.pane.name.lower()}.{self.name}"


def move(pane: Pane, name: str, keys: str, title: str, explanation: str) -> Action:
    """Make an action that moves a cursor; `keys` are separated by spaces."""
    return Action(pane, name, tuple(keys.split()), title, explanation, in_palette=False)


def vertical_moves(pane: Pane, thing: str) -> tuple[Action, ...]:
    """Make the actions that move a cursor over things below one another."""
    return (
        move(pane, "cursor_up", "up k", "Up", f"one {thing} up"),
        move(pane, "cursor_down", "down j", "Down", f"one {thing} down"),
        move(pane, "page_up", "pageup ctrl+b", "Page up", "one page up"),
        move(pane, "page_down", "pagedown ctrl+f", "Page down", "one page down"),
        move(pane, "first", "g home", "First", f"first {thing}"),
        move(pane, "last", "G end", "Last", f"last {thing}"),
    )


def value_actions(pane: Pane, value: str) -> tuple[Action, ...]:
    """Make the actions that filter by a value."""
    return (
        Action(pane, "include", ("f",), "Include", f"keep events with {value}", in_footer=True),
        Action(pane, "exclude", ("e",), "Exclude", f"drop events with {value}", in_footer=True),
        Action(pane, "only", ("o",), "Only", f"only {value}, no other term"),
        Action(pane, "require", ("F",), "Has field", "keep events that have this field"),
        Action(pane, "lack", ("E",), "Lacks field", "keep events that lack this field"),
    )
