"""Which panes of the action table hold where the focus is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, TextArea

from audit_console.tui.actions import ACTIONS, Action, Pane, character_of
from audit_console.tui.keymap import keymap_of


def pane_of(node: DOMNode) -> Pane | None:
    """Give the pane that a widget, screen or app stands for."""
    return getattr(node, "PANE", None)


def panes_in_focus(screen: Screen[Any]) -> list[Pane]:
    """Give the panes whose keys hold now, the innermost first."""
    start: DOMNode = screen.focused or screen
    panes = [pane_of(node) for node in start.ancestors_with_self]
    return [pane for pane in panes if pane is not None]


def keys_in_force(screen: Screen[Any]) -> Iterator[tuple[Action, tuple[str, ...]]]:
    """Give what can be done where the focus is and the keys that do it, the innermost pane first.

    An outer pane has no key that an inner one takes, and none that types a character there.
    """
    active, keymap = screen.active_bindings, keymap_of(screen)
    types = isinstance(screen.focused, Input | TextArea) or getattr(screen.focused, "types", False)

    def reaches(pane: Pane, key: str) -> bool:
        binding = active.get(key)
        is_typed = types and (character_of(key) or "\0").isprintable()
        return binding is not None and pane_of(binding.node) is pane and not is_typed

    for pane in dict.fromkeys(panes_in_focus(screen)):
        for action in ACTIONS:
            if action.pane is pane:
                keys = tuple(key for key in keymap.keys(action) if reaches(pane, key))
                if keys:
                    yield action, keys


def node_of(pane: Pane, screen: Screen[Any]) -> DOMNode | None:
    """Find the node that does the actions of a pane: from the focus up, else anywhere in sight."""
    start: DOMNode = screen.focused or screen
    for node in (*start.ancestors_with_self, *screen.walk_children()):
        if pane_of(node) is pane and _is_displayed(node):
            return node
    return None


def _is_displayed(node: DOMNode) -> bool:
    return all(getattr(outer, "display", True) for outer in node.ancestors_with_self)
