"""What an attacker writes into a log, and what must not reach the terminal of it."""

from __future__ import annotations

import unicodedata
from typing import Any

from textual.app import App
from textual.content import Content
from textual.widget import Widget

HOSTILE = {
    "control": "\x1b[2J\x1b[31mred\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\link"
    "\x9b31mcsi\x9d0;osc\x9ca\x7fb\x00c",
    "lines": "one\r\ntwo\x0bthree\u2028four\x85five\tsix",
    "invisible": "user\u202egnp.exe\u2066x\u2069ad\u200bmin\u2060\ufeff\u00adx\U000e0041\ufe0f"
    "z" + "\u0300" * 500,
    "markup": "[bold red]alarm[/bold red][link=https://evil.example]x[/]"
    "[@click=app.quit]press me[/][$error on $error]gone[/]",
    "long": "A" * 100_000,
}
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def assert_safe(app: App[Any]) -> None:
    """Look at every segment on the screen as it goes to the terminal."""
    for strip in app.screen._compositor.render_strips():
        assert strip.cell_length == app.size.width
        for segment in strip:
            assert not segment.control
            assert segment.style is None or segment.style.link is None
            assert segment.style is None or "@click" not in segment.style.meta
            kinds = set(map(unicodedata.category, set(segment.text)))
            assert not kinds & FORBIDDEN, repr(segment.text)
    assert_no_markup_in_titles(app)


def assert_no_markup_in_titles(app: App[Any]) -> None:
    for widget in app.screen.query(Widget):
        assert "\x1b" not in (widget.border_title or "")
        assert isinstance(widget.tooltip, Content | None)
