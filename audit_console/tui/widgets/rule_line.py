"""The rule under the query: a chip for each term, where the cursor is, progress while loading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.core.query import Stage, chips
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.keymap import keymap_of
from audit_console.tui.painting import Line, Span, fit, width_of
from audit_console.tui.session import Session
from audit_console.tui.steps import Look
from audit_console.tui.widgets.status_lines import SessionLine
from audit_console.tui.wording import number, size

BAR_WIDTH = 24
CHIP_LIMIT = 80
LEAST_OF_CHIP = 12
"""Cells of a chip that are worth more than what stands beside it."""
NO_TERM = "there is no term: all events are shown"
NOWHERE = (0, 0, True)
"""The position while the rows on the screen are not those asked for."""


class Chip(NamedTuple):
    """A term of the filter as it is shown; `term` is its index, None for the stages."""

    text: str
    is_on: bool
    term: int | None


class RuleLine(SessionLine, can_focus=True):
    """Always one line high, so that nothing moves when a load ends.

    With the focus on it the terms are switched, edited and removed.
    """

    PANE = Pane.CHIPS
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.CHIPS)

    look: reactive[Look] = reactive(Look())
    position: reactive[tuple[int, int, bool]] = reactive(NOWHERE)
    """Row of the cursor, from 0, count of rows, and whether these are all."""
    cursor: reactive[int] = reactive(0)

    class TermToggled(Message):
        """The reader switches a term off, or on again."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class TermRemoved(TermToggled):
        """The reader takes a term away."""

    class StagesRemoved(Message):
        """The reader wants the events, without the stages."""

    class StopAsked(Message):
        """The reader wants the load to end with what is there."""

    class EditAsked(Message):
        """The reader wants to edit the query."""

    def watch_look(self) -> None:
        """Take the focus only where there is a term."""
        self.can_focus = bool(self.chips)

    # --- drawing -----------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw chips, rule and progress; what does not fit gives way to the chip in focus."""
        del y
        width = self.size.width
        right = self._right()
        left = self._left(width - width_of(right) - 2)
        fill = max(0, width - width_of(left) - width_of(right) - 1)
        return self.paint((*left, Span("─" * fill, "rule"), *right, Span("─", "rule")), width)

    def _right(self) -> Line:
        if self.session is not None and self.session.loading:
            stop_key = keymap_of(self).label_of(Pane.INVESTIGATE, "step_back")
            choices = progress_lines(self.session, stop_key)
            room = self.size.width
            if self.chips:
                room -= _chips_width([self.chips[self._at]])
            return next((line for line in choices if width_of(line) <= room), choices[-1])
        if self.look.stages:  # the position is that of an event, and there are counts
            return ()
        row, rows, are_all = self.position
        of = number(rows) if are_all else "…"
        return (Span(f" row {number(row + 1)} of {of} ", "muted"),) if rows else ()

    def _left(self, room: int) -> Line:
        shown = self._in_sight(room)
        spans = [Span("─", "rule")]
        hidden = len(self.chips) - len(shown)
        for chip in shown:
            spans += [self._chip_span(chip), Span("─", "rule")]
        return (*spans, _hidden_span(hidden)) if hidden else tuple(spans)

    def _chip_span(self, chip: Chip) -> Span:
        if self.has_focus and self._place_of(chip) == self._at:
            return Span(chip.text, "chip-cursor")
        return Span(chip.text, "chip" if chip.is_on else "chip-off")

    def _in_sight(self, room: int) -> list[Chip]:
        """Give the chips that fit, the one under the cursor among them; it is cut if it must be."""
        shown = self._around_cursor(room)
        return [_cut(shown[0], room)] if len(shown) == 1 else shown

    def _around_cursor(self, room: int) -> list[Chip]:
        shown: list[Chip] = []
        for index, chip in enumerate(self.chips):
            shown.append(chip)
            while _chips_width(shown) > room and len(shown) > 1:
                if index > self._at:
                    return shown[:-1]
                shown = shown[1:]
        return shown

    def _place_of(self, chip: Chip) -> int:
        return len(self.chips) - 1 if chip.term is None else chip.term

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The terms, and the stages as one chip."""
        return tuple(chips_of(self.look))

    @property
    def _at(self) -> int:
        return max(0, min(self.cursor, len(self.chips) - 1))

    def watch_has_focus(self, focused: bool) -> None:
        """Show or hide the cursor."""
        super().watch_has_focus(focused)
        self.refresh()

    # --- actions -----------------------------------------------------------------

    def on_click(self, event: Click) -> None:
        """Switch the term under the pointer; bring hidden ones into sight; stop the load."""
        loading = self.session is not None and self.session.loading
        if loading and event.x >= self.size.width - 1 - width_of(self._right()):
            self.post_message(self.StopAsked())
            return
        position = 1
        shown = self._in_sight(self.size.width - width_of(self._right()) - 2)
        for chip in shown:
            end = position + width_of((Span(chip.text),))
            if position <= event.x < end:
                self.cursor = self._place_of(chip)
                self.action_switch_term()
                return
            position = end + 1
        hidden = len(self.chips) - len(shown)
        if hidden and position <= event.x < position + width_of((_hidden_span(hidden),)):
            self.cursor = (self._place_of(shown[-1]) + 1) % len(self.chips)

    def action_cursor_left(self) -> None:
        """Go to the term before."""
        self.cursor = max(0, self._at - 1)

    def action_cursor_right(self) -> None:
        """Go to the next term."""
        self.cursor = min(self._at + 1, max(0, len(self.chips) - 1))

    def action_switch_term(self) -> None:
        """Switch a term off, or on again."""
        if not self.chips:
            self.notify(NO_TERM)
        elif (index := self.chips[self._at].term) is None:
            self.notify("what is made of the events cannot be switched off, but taken away")
        else:
            self.post_message(self.TermToggled(index))

    def action_remove(self) -> None:
        """Take a term away."""
        if not self.chips:
            self.notify(NO_TERM)
            return
        index = self.chips[self._at].term
        self.post_message(self.StagesRemoved() if index is None else self.TermRemoved(index))

    def action_edit(self) -> None:
        """Edit the query."""
        self.post_message(self.EditAsked())


def chips_of(look: Look) -> Iterator[Chip]:
    """Give the terms of a look, and its stages as one chip."""
    for index, (text, is_on) in enumerate(chips(look.where)):
        mark = "" if is_on else "off "
        yield Chip(f" {mark}{safe_text(text, limit=CHIP_LIMIT)} ", is_on, index)
    if look.stages:
        yield Chip(f" {stages_text(look.stages)} ", is_on=True, term=None)


def stages_text(stages: tuple[Stage, ...]) -> str:
    """Word stages on a chip."""
    return safe_text(" ".join(f"| {stage}" for stage in stages), limit=CHIP_LIMIT)


def _hidden_span(hidden: int) -> Span:
    return Span(f" +{hidden} ", "muted")


def _cut(chip: Chip, room: int) -> Chip:
    """Cut a chip so that it stands alone in so many cells."""
    longest = max(LEAST_OF_CHIP, room - _chips_width([]) - 1)
    if width_of((Span(chip.text),)) <= longest:
        return chip
    return chip._replace(text=fit(chip.text, longest, keep_end=True))


def _chips_width(shown: list[Chip]) -> int:
    return 6 + sum(width_of((Span(chip.text),)) + 1 for chip in shown)


def progress_lines(session: Session, stop_key: str) -> tuple[Line, Line, Line]:
    """Say how far the load is and by which key it stops, in less and less room."""
    status = session.status
    amounts = f" {count(status.events, 'event')} · {size(status.bytes_read)}"
    if status.bytes_total:
        amounts += f" of {size(status.bytes_total)}"
    filled = round((session.fraction or 0) * BAR_WIDTH)
    bar = (Span(" " + "━" * filled, "ok"), Span("─" * (BAR_WIDTH - filled), "rule"))
    told = (Span(f"{amounts} ·", "muted"), Span(f" {stop_key} stops ", "key"))
    return (*bar, *told), told, told[1:]
