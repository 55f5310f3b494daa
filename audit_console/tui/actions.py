"""The action table: every key, footer entry, palette command and line of help comes from here.

An action named `jump` of a pane is the method `action_jump` of the widget or
screen that stands for the pane.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


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
    """

    pane: Pane
    name: str
    keys: tuple[str, ...]
    title: str
    explanation: str
    in_footer: bool = False
    in_palette: bool = True
    priority: bool = False


def _move(pane: Pane, name: str, keys: str, title: str, explanation: str) -> Action:
    return Action(pane, name, tuple(keys.split()), title, explanation, in_palette=False)


def _vertical_moves(pane: Pane, thing: str) -> tuple[Action, ...]:
    return (
        _move(pane, "cursor_up", "up k", "Up", f"one {thing} up"),
        _move(pane, "cursor_down", "down j", "Down", f"one {thing} down"),
        _move(pane, "page_up", "pageup ctrl+b", "Page up", "one page up"),
        _move(pane, "page_down", "pagedown ctrl+f", "Page down", "one page down"),
        _move(pane, "first", "g home", "First", f"first {thing}"),
        _move(pane, "last", "G end", "Last", f"last {thing}"),
    )


def _value_actions(pane: Pane, value: str) -> tuple[Action, ...]:
    return (
        Action(pane, "include", ("f",), "Include", f"keep events with {value}", in_footer=True),
        Action(pane, "exclude", ("e",), "Exclude", f"drop events with {value}", in_footer=True),
        Action(pane, "only", ("o",), "Only", f"only {value}, no other term"),
        Action(pane, "require", ("F",), "Has field", "keep events that have this field"),
        Action(pane, "lack", ("E",), "Lacks field", "keep events that lack this field"),
    )


ACTIONS: tuple[Action, ...] = (
    Action(
        Pane.TABLE, "open_detail", ("enter",), "Detail", "open or close the detail", in_footer=True
    ),
    *_value_actions(Pane.TABLE, "the value under the cursor"),
    Action(
        Pane.TABLE,
        "reverse",
        ("r",),
        "Reverse",
        "sort by time the other way; the selection stays",
        in_footer=True,
    ),
    Action(
        Pane.DETAIL, "toggle_fold", ("enter", "space"), "Fold", "fold, unfold; or close the detail"
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
    ),
    Action(
        Pane.INVESTIGATE,
        "findings",
        ("i",),
        "Findings",
        "what the check found; Enter goes to the event",
        in_footer=True,
    ),
    Action(
        Pane.INVESTIGATE,
        "bad_lines",
        ("b",),
        "Bad lines",
        "lines that could not be read, with their bytes",
        in_footer=True,
    ),
    Action(Pane.TABLE, "copy_value", ("y",), "Copy value", "copy the value under the cursor"),
    Action(Pane.INVESTIGATE, "copy_row", ("R",), "Copy row", "copy the row, tabs between fields"),
    Action(
        Pane.INVESTIGATE,
        "copy_query",
        ("ctrl+y",),
        "Copy query",
        "copy the query, its times absolute",
    ),
    Action(Pane.INVESTIGATE, "copy_raw", ("Y",), "Copy line", "copy the line as stored in the log"),
    Action(Pane.TABLE, "widen", ("w",), "Wide columns", "show long values in full width, or fit"),
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
    _move(Pane.CHIPS, "cursor_left", "left h", "Left", "the term before"),
    _move(Pane.CHIPS, "cursor_right", "right l", "Right", "the next term"),
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
    _move(Pane.RESULT, "cursor_left", "left h", "Left", "one column left"),
    _move(Pane.RESULT, "cursor_right", "right l", "Right", "one column right"),
    *_vertical_moves(Pane.RESULT, "row"),
    Action(
        Pane.RESULT, "choose", ("enter",), "Events", "the events behind this row", in_footer=True
    ),
    Action(Pane.RESULT, "copy_value", ("y",), "Copy value", "copy the value under the cursor"),
    Action(Pane.INVESTIGATE, "query", ("slash",), "Query", "ask for events", in_footer=True),
    Action(
        Pane.INVESTIGATE,
        "surrounding",
        ("s",),
        "Around",
        "the events around this one, with or without the filter",
        in_footer=True,
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
        "write what is shown to a file",
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
    *_value_actions(Pane.DETAIL, "the value on this line"),
    *_value_actions(Pane.FACETS, "this value"),
    Action(Pane.FACETS, "hide", ("q",), "Hide", "the facets away, and back to the events"),
    *_value_actions(Pane.RESULT, "the value under the cursor"),
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
    *_vertical_moves(Pane.FACETS, "line"),
    _move(Pane.TIMELINE, "earlier", "left h", "Earlier", "one bar earlier"),
    _move(Pane.TIMELINE, "later", "right l", "Later", "one bar later"),
    _move(Pane.TIMELINE, "first", "g home", "First", "first bar"),
    _move(Pane.TIMELINE, "last", "G end", "Last", "last bar"),
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
    *_vertical_moves(Pane.TABLE, "row"),
    _move(Pane.TABLE, "cursor_left", "left h", "Left", "one column left"),
    _move(Pane.TABLE, "cursor_right", "right l", "Right", "one column right"),
    _move(Pane.TABLE, "first_column", "0", "First column", "first column"),
    _move(Pane.TABLE, "last_column", "dollar_sign", "Last column", "last column"),
    *_vertical_moves(Pane.LIST, "line"),
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
    _move(Pane.COLUMNS, "move_up", "K shift+up", "Move up", "this column one to the left"),
    _move(Pane.COLUMNS, "move_down", "J shift+down", "Move down", "this column one to the right"),
    Action(
        Pane.SAVED,
        "forget",
        ("delete", "x"),
        "Forget",
        "take this search off the list",
        in_palette=False,
    ),
    Action(
        Pane.INVESTIGATE,
        "step_back",
        ("escape",),
        "Back / stop",
        "stop the load and keep what is there; close the detail",
    ),
    Action(Pane.INVESTIGATE, "leave", ("q",), "Back", "a step back: detail, last step, sources"),
    Action(Pane.SOURCES, "leave", ("q",), "Quit", "leave the program", in_footer=True),
    Action(Pane.SOURCES, "step_back", ("escape",), "List", "from the input to the list"),
    Action(
        Pane.SOURCES,
        "type_place",
        ("o", "slash"),
        "Open",
        "type a file, folder or glob",
        in_footer=True,
    ),
    Action(
        Pane.SOURCES,
        "forget",
        ("delete", "x"),
        "Forget",
        "take the source off this list; the log is not touched",
    ),
    Action(
        Pane.DIALOG,
        "close",
        ("escape", "q"),
        "Close",
        "close without doing anything",
        in_palette=False,
    ),
    Action(Pane.APP, "sources", ("1",), "Sources", "screen 1: choose a log", in_footer=True),
    Action(
        Pane.APP,
        "investigate",
        ("2",),
        "Investigate",
        "screen 2: look at the open log",
        in_footer=True,
    ),
    Action(
        Pane.APP,
        "help",
        ("question_mark", "f1"),
        "Help",
        "the keys of what has the focus",
        in_footer=True,
    ),
    Action(
        Pane.APP,
        "command_palette",
        ("ctrl+p",),
        "Palette",
        "all actions by name",
        in_palette=False,
        priority=True,
    ),
    Action(Pane.APP, "toggle_theme", ("ctrl+t",), "Light / dark", "the other theme"),
    Action(
        Pane.APP,
        "quit",
        ("ctrl+q",),
        "Quit",
        "leave the program at once, even while loading",
        priority=True,
    ),
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
        )
        for action in ACTIONS
        if action.pane is pane
    ]


def key_label(key: str) -> str:
    """Name a key as it is printed on a keyboard."""
    return _KEY_LABELS.get(key) or (key.replace("ctrl+", "^") if "+" in key else key)


_KEY_LABELS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "exclamation_mark": "!",
    "tab": "Tab",
    "plus": "+",
    "shift+left": "⇧←",
    "shift+right": "⇧→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "dollar_sign": "$",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "enter": "Enter",
    "escape": "Esc",
    "backspace": "Bksp",
    "delete": "Del",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "f1": "F1",
    "ctrl+q": "^Q",
    "ctrl+p": "^P",
    "ctrl+t": "^T",
    "ctrl+y": "^Y",
    "ctrl+b": "^B",
    "ctrl+f": "^F",
}
