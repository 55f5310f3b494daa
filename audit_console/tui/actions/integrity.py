"""What can be done on Integrity and on the map of the chains."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane, move

INTEGRITY_ACTIONS: tuple[Action, ...] = (
    move(Pane.MAP, "cell_left", "left h", "Left", "one cell left"),
    move(Pane.MAP, "cell_right", "right l", "Right", "one cell right"),
    move(Pane.MAP, "cell_up", "up k", "Up", "one row of cells up, or the chain above"),
    move(Pane.MAP, "cell_down", "down j", "Down", "one row of cells down, or the chain below"),
    move(Pane.MAP, "first_cell", "g home", "First", "first cell of this chain"),
    move(Pane.MAP, "last_cell", "G end", "Last", "last cell of this chain"),
    Action(
        Pane.MAP,
        "open_cell",
        ("enter", "o"),
        "Open",
        "the worst event of this cell, on Investigate",
        in_footer=True,
    ),
    Action(
        Pane.MAP,
        "next_worst",
        ("space",),
        "Next fault",
        "the next cell that is broken or cannot be checked",
        in_footer=True,
    ),
    Action(
        Pane.MAP,
        "filter_state",
        ("f",),
        "Filter",
        "the events that stand like this cell, on Investigate",
        in_footer=True,
    ),
    Action(
        Pane.INTEGRITY,
        "next_finding",
        ("n",),
        "Next",
        "the next finding; the map goes along",
        in_footer=True,
    ),
    Action(Pane.INTEGRITY, "previous_finding", ("N",), "Before", "the finding before; the map too"),
    Action(
        Pane.INTEGRITY,
        "open_finding",
        ("o",),
        "Open",
        "the event of this finding, on Investigate",
        in_footer=True,
    ),
    Action(
        Pane.INTEGRITY,
        "broken",
        ("b",),
        "Broken",
        "all broken events, on Investigate",
        in_footer=True,
    ),
    Action(
        Pane.INTEGRITY,
        "grounds",
        ("c",),
        "Grounds",
        "chains, checkpoints, memory, prunes, what stays open",
        in_footer=True,
    ),
    Action(Pane.INTEGRITY, "map", ("m",), "Map", "go to the map of the chains"),
    Action(Pane.INTEGRITY, "findings", ("i",), "Findings", "go to the findings"),
    Action(
        Pane.INTEGRITY,
        "export",
        ("x",),
        "Export",
        "write the report to a file",
        in_footer=True,
    ),
    Action(
        Pane.INTEGRITY,
        "step_back",
        ("escape",),
        "Back / stop",
        "back to the findings; from there, stop the load",
    ),
    Action(Pane.INTEGRITY, "leave", ("q",), "Back", "back to the events"),
)
