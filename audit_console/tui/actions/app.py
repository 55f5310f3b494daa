"""What can be done everywhere, and on Sources."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane

APP_ACTIONS: tuple[Action, ...] = (
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
        "integrity",
        ("3",),
        "Integrity",
        "screen 3: is the log whole, and who says so",
        in_footer=True,
    ),
    Action(
        Pane.APP,
        "retention",
        ("4",),
        "Retention",
        "screen 4: what may be deleted, and what stops it",
        in_footer=True,
    ),
    Action(
        Pane.APP,
        "verify",
        ("v",),
        "Verify",
        "read the log again and check it, or a range of time",
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
        "suspend",
        ("ctrl+z",),
        "Suspend",
        "back to the shell, until it says fg",
        in_palette=False,
    ),
    Action(
        Pane.APP,
        "quit",
        ("ctrl+q",),
        "Quit",
        "leave the program at once, even while loading",
        priority=True,
    ),
    Action(Pane.SOURCES, "leave", ("q",), "Quit", "leave the program", in_footer=True),
    Action(
        Pane.SOURCES,
        "step_back",
        ("escape",),
        "List",
        "give up what is being opened; from the input to the list",
    ),
    Action(
        Pane.SOURCES,
        "type_place",
        ("o", "slash"),
        "Open",
        "type a file, folder, glob or database",
        in_footer=True,
    ),
    Action(
        Pane.SOURCES,
        "forget",
        ("delete", "x"),
        "Forget",
        "take the source off this list; the log is not touched",
    ),
)
