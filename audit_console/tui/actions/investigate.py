"""What can be done anywhere on Investigate."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane

INVESTIGATE_ACTIONS: tuple[Action, ...] = (
    Action(
        Pane.INVESTIGATE,
        "next_event",
        ("right_square_bracket",),
        "Next event",
        "select the event below, wherever the focus is",
    ),
    Action(
        Pane.INVESTIGATE,
        "previous_event",
        ("left_square_bracket",),
        "Previous event",
        "select the event above, wherever the focus is",
    ),
    Action(
        Pane.INVESTIGATE,
        "jump",
        ("colon",),
        "Jump",
        "go to a time, a row number or an event id",
        in_footer=True,
        of_event=True,
    ),
    Action(
        Pane.INVESTIGATE,
        "findings",
        ("i",),
        "Findings",
        "what the check found, on Integrity",
        in_footer=True,
    ),
    Action(
        Pane.INVESTIGATE,
        "take_in",
        ("full_stop",),
        "Take in new",
        "read what was written since, or ask again",
    ),
    Action(
        Pane.INVESTIGATE,
        "bad_lines",
        ("b",),
        "Bad lines",
        "lines that could not be read, with their bytes",
        in_footer=True,
    ),
    Action(Pane.INVESTIGATE, "copy_row", ("R",), "Copy row", "copy the row, tabs between fields"),
    Action(
        Pane.INVESTIGATE,
        "copy_query",
        ("ctrl+y",),
        "Copy query",
        "copy the query, its times absolute",
    ),
    Action(Pane.INVESTIGATE, "copy_raw", ("Y",), "Copy line", "copy the line as stored in the log"),
    Action(Pane.INVESTIGATE, "query", ("slash",), "Query", "ask for events", in_footer=True),
    Action(
        Pane.INVESTIGATE,
        "surrounding",
        ("s",),
        "Around",
        "the events around this one, with or without the filter",
        in_footer=True,
        of_event=True,
    ),
    Action(Pane.INVESTIGATE, "timeline", ("t",), "Timeline", "go to the timeline, or back"),
    Action(
        Pane.INVESTIGATE,
        "facets",
        ("a",),
        "Facets",
        "show the facets and go to them",
        in_footer=True,
    ),
    Action(Pane.INVESTIGATE, "terms", ("c",), "Terms", "go to the terms of the filter"),
    Action(Pane.INVESTIGATE, "zoom_in", ("z",), "Zoom in", "half the time, around this event"),
    Action(Pane.INVESTIGATE, "zoom_out", ("Z",), "Zoom out", "twice the time"),
    Action(
        Pane.INVESTIGATE,
        "history",
        ("H",),
        "History",
        "every step of this investigation; Enter returns to it",
    ),
    Action(Pane.INVESTIGATE, "mark", ("M",), "Note", "star, tags and note of this event"),
    Action(
        Pane.INVESTIGATE,
        "export",
        ("x",),
        "Export",
        "write what is shown, or evidence of it, to a file",
        in_footer=True,
    ),
    Action(
        Pane.INVESTIGATE, "reviews", ("V",), "Reviews", "the standing reviews, as queries to edit"
    ),
    Action(
        Pane.INVESTIGATE,
        "save_search",
        ("ctrl+s",),
        "Save search",
        "keep this query with its time and columns",
    ),
    Action(
        Pane.INVESTIGATE, "saved_searches", ("S",), "Saved searches", "the searches that were kept"
    ),
    Action(
        Pane.INVESTIGATE, "columns", ("C",), "Columns", "which columns to show, and their order"
    ),
    Action(Pane.INVESTIGATE, "zone", ("u",), "Zone", "show times in UTC or in another zone"),
    Action(Pane.INVESTIGATE, "star", ("m",), "Star", "star this event, or take its star away"),
    Action(
        Pane.INVESTIGATE,
        "next_mark",
        ("n",),
        "Next mark",
        "the next event that is marked or broken",
    ),
    Action(
        Pane.INVESTIGATE,
        "previous_mark",
        ("N",),
        "Mark before",
        "the event before that is marked or broken",
    ),
    Action(
        Pane.INVESTIGATE,
        "card",
        ("p",),
        "Card",
        "what the log says of this value: when, what, from where",
    ),
    Action(
        Pane.INVESTIGATE,
        "request",
        ("Q",),
        "Request",
        "all events of this request, in order, with durations",
    ),
    Action(
        Pane.INVESTIGATE,
        "clear_filter",
        ("delete",),
        "Clear",
        "all events again; a step back undoes it",
    ),
    Action(
        Pane.INVESTIGATE,
        "try_offer",
        ("exclamation_mark",),
        "Try",
        "the query that is offered when nothing was found",
    ),
    Action(
        Pane.INVESTIGATE,
        "step_back",
        ("escape",),
        "Back / stop",
        "take a query back, stop the load, or close the detail",
    ),
    Action(Pane.INVESTIGATE, "leave", ("q",), "Back", "a step back: detail, last step, sources"),
)
