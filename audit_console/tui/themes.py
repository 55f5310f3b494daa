"""Two calm themes of one make: colour carries state, everything else is grey."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="audit-dark",
    dark=True,
    background="#15181c",
    surface="#1a1e23",
    panel="#242a31",
    foreground="#d4d8dd",
    primary="#7fa6c9",
    secondary="#93a4b5",
    accent="#b7a3d0",
    success="#8cbf93",
    warning="#d8b26a",
    error="#e57f78",
    variables={
        "muted": "#87919c",
        "rule": "#39414a",
        "row-cursor": "#262e38",
        "chip": "#2c3b4c",
        "cell-cursor": "#3d5773",
        "cell-cursor-text": "#f3f6f9",
    },
)

LIGHT = Theme(
    name="audit-light",
    dark=False,
    background="#fbfaf7",
    surface="#f4f2ed",
    panel="#e9e6df",
    foreground="#23282e",
    primary="#2d628f",
    secondary="#56687a",
    accent="#6d4f94",
    success="#2b7336",
    warning="#85590a",
    error="#b3291f",
    variables={
        "muted": "#68707a",
        "rule": "#cdc8bd",
        "row-cursor": "#e6ebf0",
        "chip": "#d3e0ea",
        "cell-cursor": "#2d628f",
        "cell-cursor-text": "#ffffff",
    },
)
