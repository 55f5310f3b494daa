"""The action table: every key, footer entry, palette command and line of help comes from here.

An action named `jump` of a pane is the method `action_jump` of the widget or
screen that stands for the pane.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from audit_console.tui.actions.action import Action, Pane
from audit_console.tui.actions.app import APP_ACTIONS
from audit_console.tui.actions.asking import ASKING_ACTIONS
from audit_console.tui.actions.dialogs import DIALOG_ACTIONS
from audit_console.tui.actions.events import EVENT_ACTIONS
from audit_console.tui.actions.integrity import INTEGRITY_ACTIONS
from audit_console.tui.actions.investigate import INVESTIGATE_ACTIONS
from audit_console.tui.actions.keys import character_of, key_label
from audit_console.tui.actions.retention import RETENTION_ACTIONS

__all__ = ["ACTIONS", "Action", "Pane", "bindings", "character_of", "key_label"]

ACTIONS: tuple[Action, ...] = (
    *EVENT_ACTIONS,
    *ASKING_ACTIONS,
    *INVESTIGATE_ACTIONS,
    *INTEGRITY_ACTIONS,
    *RETENTION_ACTIONS,
    *DIALOG_ACTIONS,
    *APP_ACTIONS,
)
"""Within a pane in the order of help and footer."""


def bindings(pane: Pane) -> list[BindingType]:
    """Give the key bindings of a pane."""
    return [
        Binding(
            ",".join(action.keys),
            action.name,
            action.title,
            show=action.in_footer,
            priority=action.priority,
            id=action.id,
        )
        for action in ACTIONS
        if action.pane is pane
    ]
