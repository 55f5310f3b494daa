"""What hangs below the query bar while it has the focus: an error, and what could come next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from textual.events import Click
from textual.geometry import NULL_REGION
from textual.message import Message
from textual.screen import Screen

from audit_console.core.query import Completion
from audit_console.core.query.completion import MOST, OPERATORS
from audit_console.errors import QueryError
from audit_console.tui.actions.keys import key_of_hint
from audit_console.tui.painting import Line, Span, span_at
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import number

PROMPT = " / "
SHOWN = 7
"""Completions in sight at a time."""

_KEYS = " Tab completes · ↑ earlier queries · Enter searches · Esc leaves "
READY: Line = tuple(Span(part, "muted") for part in re.split("(·)", _KEYS))

_WORD_BEFORE, _WORD_BEHIND = re.compile(r"\S*\Z"), re.compile(r"\S*")


class Hint(NamedTuple):
    """A line, and the indexes of the completions that its first spans stand for."""

    line: Line
    takes: Sequence[int] = ()


class QueryHints(TextLines):
    """Lies over the panes, as high as what it says."""

    class Pointed(Message):
        """The reader pointed at a completion."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    _lay_over = NULL_REGION
    _hints: Sequence[Hint] = ()

    def on_mount(self) -> None:
        """Look at each layout of the screen."""
        signal = self.screen.screen_layout_refresh_signal
        signal.subscribe(self, self._paint_below, immediate=True)

    def show(self, hints: Sequence[Hint]) -> None:
        """Say something else; nothing is said by no line."""
        self.display = bool(hints)
        self.styles.height = len(hints)
        self._hints = hints
        self.lines = tuple(hint.line for hint in hints)

    def on_click(self, event: Click) -> None:
        """Take the completion under the pointer, or press the key that is named there."""
        line, takes = self._hints[event.y]
        at = span_at(line, event.x)
        if takes:
            self.post_message(self.Pointed(takes[min(at, len(takes) - 1)]))
        elif line is READY and at < len(line) and (key := key_of_hint(line[at].text)) is not None:
            self.app.simulate_key(key)

    def _paint_below(self, screen: Screen[object]) -> None:
        """Have what was below painted again.

        Textual paints where the places of widgets differ from those that it knew. Asked for a
        place between a change and its layout it may know the new ones before, and paint nothing.
        """
        before, self._lay_over = self._lay_over, self.region
        if before != self._lay_over:
            screen.refresh(before)


def preferred(completions: Sequence[Completion]) -> int:
    """Give the index of the completion that is marked first: a value rather than an operator."""
    operators = _count_operators(completions)
    return operators if operators < len(completions) else 0


def is_begun(error: QueryError, text: str, cursor: int) -> bool:
    """Tell whether typing on at the cursor may mend an error: then nothing is wrong yet."""
    at = error.column - 1
    if error.is_open:
        return cursor > at
    start, end = _WORD_BEFORE.search(text, 0, cursor), _WORD_BEHIND.match(text, cursor)
    return start is not None and end is not None and start.start() <= at <= end.end()


def error_hints(error: QueryError, width: int, *, begun: bool) -> list[Hint]:
    """Say what is wrong, or only missing yet, under its column as far as that is in sight."""
    symbol, role = ("…", "muted") if begun else ("✘", "bad")
    said = Span(f" {symbol} {error}", role)
    hint = Span(f" · {error.hint}" if error.hint else "", "muted" if begun else "")
    column = len(PROMPT) + error.column - 1
    if column >= width - 1:
        return [Hint((said, hint))]
    return [Hint((Span(" " * column), Span("▲", role))), Hint((said, hint))]


def completion_hints(completions: Sequence[Completion], marked: int) -> list[Hint]:
    """List the completions around the marked one, and say how many there are beside them.

    Operators, which come first, share a line, so that values are in sight below them.
    """
    names = [_name_of(one, is_marked=index == marked) for index, one in enumerate(completions)]
    operators = _count_operators(completions)
    first = max(operators, min(marked - SHOWN // 2, len(completions) - SHOWN))
    shown = range(first, min(first + SHOWN, len(completions)))
    hints = [Hint(tuple(names[:operators]), range(operators))] if operators else []
    for index in shown:
        counted = completions[index].count
        count = "" if counted is None else f"  {number(counted)}"
        hints.append(Hint((names[index], Span(count, "muted")), (index,)))
    if len(completions) > operators + len(shown):
        beside = len(completions) - operators - len(shown)
        at_least = f"{beside} or more: ↓ goes on, typing narrows"
        more = f"{beside} more, ↓ goes on" if len(completions) < MOST else at_least
        hints.append(Hint((Span(f"   … {more}", "muted"),)))
    return hints


def _count_operators(completions: Sequence[Completion]) -> int:
    return sum(completion.text in OPERATORS for completion in completions)


def _name_of(completion: Completion, *, is_marked: bool) -> Span:
    return Span(f" {'▸' if is_marked else ' '} {completion.text}", "name" if is_marked else "")
