"""The keys in force: those of the action table, and what the user's keymap file makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.dom import DOMNode

from audit_console.tui.actions import ACTIONS, Action, Pane, key_label


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which keys do what.

    Attributes:
        changed: Textual's names of the keys of the actions that the user changed, by id.
    """

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, action: Action) -> tuple[str, ...]:
        """Give the keys of an action, the one that is shown first."""
        return self.changed.get(action.id, action.keys)

    def label(self, action: Action) -> str:
        """Name the key that is shown for an action."""
        return key_label(self.keys(action)[0])

    def label_of(self, pane: Pane, name: str) -> str:
        """Name the key that is shown for the action of this name in a pane."""
        return next(
            self.label(action) for action in ACTIONS if (action.pane, action.name) == (pane, name)
        )

    def as_bindings(self) -> dict[str, str]:
        """Give what is changed as Textual takes it."""
        return {name: ",".join(keys) for name, keys in self.changed.items()}


UNCHANGED = Keymap()


def keymap_of(node: DOMNode) -> Keymap:
    """Give the keys in force where a node is."""
    keymap: Keymap = getattr(node.app, "keymap", UNCHANGED)
    return keymap
