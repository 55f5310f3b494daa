"""What can be done with events: table, result and detail."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane, move, value_actions, vertical_moves

EVENT_ACTIONS: tuple[Action, ...] = (
    Action(
        Pane.TABLE, "open_detail", ("enter",), "Detail", "open or close the detail", in_footer=True
    ),
    *value_actions(Pane.TABLE, "the value under the cursor"),
    Action(
        Pane.TABLE,
        "reverse",
        ("r",),
        "Reverse",
        "sort by time the other way; the selection stays",
        in_footer=True,
    ),
    Action(Pane.TABLE, "copy_value", ("y",), "Copy value", "copy the value under the cursor"),
    Action(Pane.TABLE, "widen", ("w",), "Wide columns", "show long values in full width, or fit"),
    *vertical_moves(Pane.TABLE, "row"),
    move(Pane.TABLE, "cursor_left", "left h", "Left", "one column left"),
    move(Pane.TABLE, "cursor_right", "right l", "Right", "one column right"),
    move(Pane.TABLE, "first_column", "0", "First column", "first column"),
    move(Pane.TABLE, "last_column", "dollar_sign", "Last column", "last column"),
    move(Pane.RESULT, "cursor_left", "left h", "Left", "one column left"),
    move(Pane.RESULT, "cursor_right", "right l", "Right", "one column right"),
    *vertical_moves(Pane.RESULT, "row"),
    Action(
        Pane.RESULT, "choose", ("enter",), "Events", "the events behind this row", in_footer=True
    ),
    Action(Pane.RESULT, "copy_value", ("y",), "Copy value", "copy the value under the cursor"),
    *value_actions(Pane.RESULT, "the value under the cursor"),
    Action(
        Pane.DETAIL,
        "toggle_fold",
        ("enter", "space"),
        "Fold",
        "fold, unfold, go to the event named; or close",
    ),
    Action(Pane.DETAIL, "fold", ("left", "h"), "Fold", "fold this part of the tree"),
    Action(Pane.DETAIL, "unfold", ("right", "l"), "Unfold", "unfold this part of the tree"),
    Action(
        Pane.DETAIL,
        "copy_value",
        ("y",),
        "Copy value",
        "copy the value on this line",
        in_footer=True,
    ),
    Action(
        Pane.DETAIL, "copy_path", ("P",), "Copy path", "copy the field or path, as a query names it"
    ),
    *value_actions(Pane.DETAIL, "the value on this line"),
)
