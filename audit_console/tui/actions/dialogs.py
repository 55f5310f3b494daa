"""What can be done in lists and dialogs."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane, move, vertical_moves

DIALOG_ACTIONS: tuple[Action, ...] = (
    *vertical_moves(Pane.LIST, "line"),
    Action(Pane.LIST, "choose", ("enter",), "Choose", "open or go to it", in_palette=False),
    Action(
        Pane.CHECK, "check", ("space", "enter"), "On / off", "switch it on or off", in_palette=False
    ),
    Action(Pane.MARK, "save", ("ctrl+s",), "Save", "save star, tags and note", in_palette=False),
    Action(
        Pane.COLUMNS,
        "check",
        ("space",),
        "Show / hide",
        "show or hide this column",
        in_palette=False,
    ),
    move(Pane.COLUMNS, "move_up", "K shift+up", "Move up", "this column one to the left"),
    move(Pane.COLUMNS, "move_down", "J shift+down", "Move down", "this column one to the right"),
    Action(
        Pane.SAVED,
        "forget",
        ("delete", "x"),
        "Forget",
        "take this search off the list",
        in_palette=False,
    ),
    Action(
        Pane.DIALOG,
        "help",
        ("question_mark", "f1"),
        "Help",
        "the keys of what has the focus",
        in_palette=False,
    ),
    Action(
        Pane.DIALOG,
        "close",
        ("escape", "q"),
        "Close",
        "close without doing anything",
        in_palette=False,
    ),
)
