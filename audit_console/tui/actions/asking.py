"""What can be done where events are asked for: query, terms, facets, timeline."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane, move, value_actions, vertical_moves

ASKING_ACTIONS: tuple[Action, ...] = (
    Action(Pane.QUERY, "submit", ("enter",), "Search", "ask for events", in_palette=False),
    Action(
        Pane.QUERY, "complete", ("tab",), "Complete", "take the marked completion", in_palette=False
    ),
    Action(
        Pane.QUERY,
        "previous",
        ("up",),
        "Earlier",
        "an earlier query; the completion above",
        in_palette=False,
    ),
    Action(
        Pane.QUERY,
        "next",
        ("down",),
        "Later",
        "a later query; the completion below",
        in_palette=False,
    ),
    Action(
        Pane.QUERY,
        "leave_query",
        ("escape",),
        "Leave",
        "leave the query as it was",
        in_palette=False,
    ),
    move(Pane.CHIPS, "cursor_left", "left h", "Left", "the term before"),
    move(Pane.CHIPS, "cursor_right", "right l", "Right", "the next term"),
    Action(
        Pane.CHIPS,
        "switch_term",
        ("space",),
        "On / off",
        "switch this term off, or on again",
        in_footer=True,
    ),
    Action(Pane.CHIPS, "remove", ("delete", "x"), "Remove", "take this term away", in_footer=True),
    Action(Pane.CHIPS, "edit", ("enter",), "Edit", "edit the query", in_footer=True),
    *value_actions(Pane.FACETS, "this value"),
    Action(Pane.FACETS, "hide", ("q",), "Hide", "the facets away, and back to the events"),
    Action(Pane.FACETS, "toggle_facet", ("enter", "space"), "Open", "open or close this facet"),
    Action(Pane.FACETS, "close_facet", ("left", "h"), "Close", "close this facet"),
    Action(Pane.FACETS, "open_facet", ("right", "l"), "Open", "open this facet"),
    Action(
        Pane.FACETS,
        "turn",
        ("r",),
        "Rare / common",
        "rare values first, or common ones first",
        in_footer=True,
    ),
    Action(
        Pane.FACETS,
        "search_within",
        ("s",),
        "Search",
        "find values by a part of them",
        in_footer=True,
    ),
    Action(
        Pane.FACETS,
        "add_facet",
        ("a", "plus"),
        "Add facet",
        "a facet of any field, or of a path of details",
        in_footer=True,
    ),
    Action(Pane.FACETS, "remove_facet", ("delete",), "Remove facet", "take an added facet away"),
    Action(Pane.FACETS, "copy_value", ("y",), "Copy value", "copy this value"),
    *vertical_moves(Pane.FACETS, "line"),
    move(Pane.TIMELINE, "earlier", "left h", "Earlier", "one bar earlier"),
    move(Pane.TIMELINE, "later", "right l", "Later", "one bar later"),
    move(Pane.TIMELINE, "first", "g home", "First", "first bar"),
    move(Pane.TIMELINE, "last", "G end", "Last", "last bar"),
    Action(
        Pane.TIMELINE,
        "brush_earlier",
        ("shift+left", "H"),
        "Brush left",
        "widen the brush to the left",
    ),
    Action(
        Pane.TIMELINE,
        "brush_later",
        ("shift+right", "L"),
        "Brush right",
        "widen the brush to the right",
    ),
    Action(
        Pane.TIMELINE,
        "brush",
        ("space",),
        "Brush",
        "begin or end a brush at this bar",
        in_footer=True,
    ),
    Action(
        Pane.TIMELINE,
        "zoom_in",
        ("enter", "z"),
        "Zoom in",
        "keep the time of brush or bar",
        in_footer=True,
    ),
    Action(
        Pane.TIMELINE,
        "next_burst",
        ("n",),
        "Next burst",
        "the next bar that stands out",
        in_footer=True,
    ),
    Action(
        Pane.TIMELINE, "previous_burst", ("N",), "Burst before", "the bar before that stands out"
    ),
    Action(
        Pane.TIMELINE, "drop_brush", ("escape",), "No brush", "drop the brush, or back to the table"
    ),
)
