"""What can be done on Retention and on its slider of days."""

from __future__ import annotations

from audit_console.tui.actions.action import Action, Pane, move

RETENTION_ACTIONS: tuple[Action, ...] = (
    move(Pane.DAYS, "fewer", "left h", "Fewer", "keep one day less"),
    move(Pane.DAYS, "more", "right l", "More", "keep one day more"),
    move(Pane.DAYS, "many_fewer", "pagedown H shift+left", "Fewer", "keep ten days less"),
    move(Pane.DAYS, "many_more", "pageup L shift+right", "More", "keep ten days more"),
    move(Pane.DAYS, "fewest", "home g", "Fewest", "as few days as may be"),
    move(Pane.DAYS, "most", "end G", "Most", "so many days that nothing goes"),
    Action(
        Pane.DAYS,
        "policy",
        ("p",),
        "Policy",
        "the days that the configuration says",
        in_footer=True,
    ),
    Action(Pane.RETENTION, "days", ("d",), "Days", "type how many days are kept", in_footer=True),
    Action(
        Pane.RETENTION,
        "since",
        ("b",),
        "Date",
        "keep what was recorded from a date on",
        in_footer=True,
    ),
    Action(
        Pane.RETENTION,
        "chain",
        ("c",),
        "Chain",
        "preview another chain of this log",
        in_footer=True,
    ),
    Action(
        Pane.RETENTION,
        "apply",
        ("a",),
        "Apply",
        "delete what goes; the name of the log is asked for first",
        in_footer=True,
    ),
    Action(
        Pane.RETENTION,
        "export",
        ("x",),
        "Export",
        "write this preview or its plan to a file",
        in_footer=True,
    ),
    Action(Pane.RETENTION, "step_back", ("escape",), "Back", "back to the days"),
    Action(Pane.RETENTION, "leave", ("q",), "Back", "back to the events"),
)
