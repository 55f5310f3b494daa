"""Which panes of the action table hold where the focus is."""

from __future__ import annotations

from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen

from audit_console.tui.actions import Pane


def pane_of(node: DOMNode) -> Pane | None:
    """Give the pane that a widget, screen or app stands for."""
    return getattr(node, "PANE", None)


def panes_in_focus(screen: Screen[Any]) -> list[Pane]:
    """Give the panes whose keys hold now, the innermost first."""
    start: DOMNode = screen.focused or screen
    panes = [pane_of(node) for node in start.ancestors_with_self]
    return [pane for pane in panes if pane is not None]


def node_of(pane: Pane, screen: Screen[Any]) -> DOMNode | None:
    """Find the node that does the actions of a pane: from the focus up, else anywhere in sight."""
    start: DOMNode = screen.focused or screen
    for node in (*start.ancestors_with_self, *screen.walk_children()):
        if pane_of(node) is pane and getattr(node, "display", True):
            return node
    return None
