"""The facets: values of fields with their exact counts, pointed at to filter by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.events import Click, Key, Paste, Resize
from textual.message import Message

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.narrowing import How, Value
from audit_console.core.query import event_field
from audit_console.search.facet_fields import DEFAULT_FIELDS, OPEN_FIELDS
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import FilterAsked, ValueActions, asked
from audit_console.tui.background import begin
from audit_console.tui.clipboard import copy
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.facet_lines import (
    FIRST_VALUES,
    MORE_VALUES,
    FacetLine,
    Kind,
    Shown,
    facet_lines,
    in_force,
)
from audit_console.tui.widgets.line_list import LineList

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from audit_console.search.facets import Facet, Picked

_LONGEST_PART = 200
_EDITING_KEYS = frozenset({"left", "right", "home", "end", "delete", "space"})


class FacetsPane(LineList, ValueActions):
    """Shows facets one below the other. It is given their numbers, and says what to ask for."""

    PANE = Pane.FACETS
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.FACETS)

    class HideAsked(Message):
        """The reader wants the room for the events."""

    class TypingChanged(Message):
        """What is typed became text, or keys again."""

    class FieldAsked(Message):
        """The reader wants a facet of another field."""

    def __init__(self, fields: Sequence[str] = DEFAULT_FIELDS) -> None:
        super().__init__()
        self._shown = {field: Shown(field, open=field in OPEN_FIELDS) for field in fields}
        self._where = EVERYTHING
        self._blocks: dict[str, list[FacetLine]] = {}
        self._facet_lines: list[FacetLine] = []

    # --- what it shows -----------------------------------------------------------

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to count values of, in their order."""
        return tuple(self._shown)

    def is_open(self, field: str) -> bool:
        """Tell whether the values of a field are shown."""
        return field in self._shown and self._shown[field].open

    @property
    def where(self) -> Filter:
        """The filter in force; values that it names are marked."""
        return self._where

    @where.setter
    def where(self, where: Filter) -> None:
        self._where = where
        self._update_all()

    def show(self, facet: Facet) -> None:
        """Show the numbers of a field; of one that is no longer wanted, do nothing."""
        if facet.field in self._shown:
            self._change(facet.field, facet=facet, picked=None, waiting=False, failure="")

    def show_failed(self, field: str, reason: str) -> None:
        """Say why there are no numbers of a field."""
        if field in self._shown:
            self._change(field, facet=None, picked=None, waiting=False, failure=reason)

    def dim(self) -> None:
        """Mark all numbers as those of an earlier question, until they are replaced."""
        for field, shown in self._shown.items():
            self._shown[field] = replace(shown, waiting=True)
        self._update_all()

    def clear(self) -> None:
        """Show no numbers. Which facets are open stays."""
        for field, shown in self._shown.items():
            self._shown[field] = Shown(field, open=shown.open, rare=shown.rare)
        self._update_all()

    def add_field(self, field: str) -> None:
        """Add a facet at the end, open and with the cursor on it; its numbers are awaited."""
        if field not in self._shown:
            self._shown[field] = Shown(field, waiting=True)
        self._change(field, open=True)
        self._go_to(field)
        self._reveal(field)

    def _change(self, field: str, **changes: Any) -> None:
        """Show a facet in another way; what is picked depends on all but its looks."""
        before = self._shown[field]
        shown = replace(before, **changes)
        if _choice(shown) != _choice(before):
            shown = replace(shown, picked=None)
        self._shown[field] = shown
        if shown.typing != before.typing:
            self.post_message(self.TypingChanged())
        if shown.open and shown.facet is not None and shown.picked is None:
            self._pick(shown, shown.facet, before.picked)
        self._update(field)

    def _pick(self, shown: Shown, facet: Facet, before: Picked | None) -> None:
        """Find the values to show; the ones before stay until they are found."""
        self._shown[shown.field] = replace(shown, picked=before, picking=True)
        pick = partial(self._pick_in_thread, shown, facet)
        begin(self, pick, group=f"pick {shown.field}", exclusive=True)

    async def _pick_in_thread(self, shown: Shown, facet: Facet) -> None:
        also = in_force(self._where, event_field(shown.field))
        try:
            picked = await asked(
                facet.pick, shown.limit, rare=shown.rare, within=shown.within, also=also
            )
        except CANNOT_BE_LOOKED_AT as error:
            self.show_failed(shown.field, str(error))
            return
        now = self._shown.get(shown.field)
        if now is not None and _choice(now) == _choice(shown):
            self._shown[shown.field] = replace(now, picked=picked, picking=False)
            self._show_picked(shown.field)

    def _show_picked(self, field: str) -> None:
        """Show the values; from the line that asks for more, the cursor is on the first of them."""
        current, line = self._current, self.cursor
        self._update(field)
        if current is not None and current.kind is Kind.MORE and current.field == field:
            self.cursor = self._in_range(line)

    def _update_all(self) -> None:
        self._blocks = {field: self._lines_of(field) for field in self._shown}
        self._lay_out()

    def _update(self, field: str) -> None:
        self._blocks[field] = self._lines_of(field)
        self._lay_out()
        self._reveal(field)

    def _reveal(self, field: str) -> None:
        """Bring the values of the facet with the cursor on its heading into sight below it."""
        current = self._current
        if current is None or (current.field, current.kind) != (field, Kind.HEADING):
            return
        end = self.cursor + len(self._blocks[field])
        top = min(self.cursor, end - self.scrollable_content_region.height)
        if top > self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)

    def _lines_of(self, field: str) -> list[FacetLine]:
        width = self.scrollable_content_region.width
        return facet_lines(self._shown[field], self._where, width) if width > 0 else []

    def _lay_out(self) -> None:
        """Put the facets below each other; the cursor stays on its value, or on its facet."""
        current = self._current
        blocks = (self._blocks.get(field, []) for field in self._shown)
        self._facet_lines = [line for block in blocks for line in block]
        cursor = None if current is None else self._place_of(current)
        self.set_lines([line.line for line in self._facet_lines], cursor=cursor)

    def _place_of(self, wanted: FacetLine) -> int | None:
        heading = None
        for index, line in enumerate(self._facet_lines):
            if line[1:] == wanted[1:]:
                return index
            if line.field == wanted.field and line.kind is Kind.HEADING:
                heading = index
        return heading

    @property
    def _current(self) -> FacetLine | None:
        lines = self._facet_lines
        return lines[self.cursor] if self.cursor < len(lines) else None

    def _go_to(self, field: str) -> None:
        """Put the cursor on the heading of a facet."""
        for index, line in enumerate(self._facet_lines):
            if line.field == field and line.kind is Kind.HEADING:
                self.cursor = index

    def on_resize(self, event: Resize) -> None:
        """Lay the lines out anew."""
        self._update_all()
        super().on_resize(event)

    # --- pointing at values --------------------------------------------------------

    def values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor, if it stands on one."""
        current = self._current
        if current is None or current.kind not in (Kind.VALUE, Kind.MISSING):
            return ()
        return (Value(event_field(current.field), current.text),)

    def _ask(self, how: How) -> None:
        """Ask about the value, or about having the field, which needs none."""
        current, values = self._current, self.values_pointed_at()
        if current is not None and how in (How.REQUIRE, How.LACK):
            values = (Value(event_field(current.field), None),)
        if values:
            self.post_message(FilterAsked(how, values))
        else:
            self.notify("there is no value on this line")

    def action_copy_value(self) -> None:
        """Copy the value under the cursor."""
        values = self.values_pointed_at()
        for value in values:
            copy(self.app, value.text or "", "value")
        if not values:
            self.notify("there is no value on this line")

    # --- facets --------------------------------------------------------------------

    def action_toggle_facet(self) -> None:
        """Open or close the facet; on the line that says so, show more of its values."""
        current = self._current
        if current is None:
            return
        if current.kind is Kind.MORE:
            shown = self._shown[current.field]
            self._change(shown.field, limit=shown.limit + MORE_VALUES)
        elif self._shown[current.field].open:
            self.action_close_facet()
        else:
            self.action_open_facet()

    def action_open_facet(self) -> None:
        """Open the facet."""
        if self._current is not None:
            self._change(self._current.field, open=True)

    def action_close_facet(self) -> None:
        """Close the facet; the cursor goes to its heading."""
        if self._current is not None:
            field = self._current.field
            self._change(field, open=False, limit=FIRST_VALUES)
            self._go_to(field)

    def action_turn(self) -> None:
        """Put rare values first, or common ones again."""
        if self._current is not None:
            shown = self._shown[self._current.field]
            self._change(shown.field, open=True, rare=not shown.rare, limit=FIRST_VALUES)

    def action_hide(self) -> None:
        """Ask to be hidden."""
        self.post_message(self.HideAsked())

    def action_add_facet(self) -> None:
        """Ask for another field."""
        self.post_message(self.FieldAsked())

    def action_remove_facet(self) -> None:
        """Take an added facet away."""
        if self._current is None:
            return
        field = self._current.field
        if field in DEFAULT_FIELDS:
            self.notify("only facets that were added can be taken away")
            return
        neighbour = self.fields[self.fields.index(field) - 1]
        del self._shown[field]
        self._go_to(neighbour)
        self._update_all()

    def action_choose(self) -> None:
        """A double click on a value includes it."""
        self.action_include()

    def on_click(self, event: Click) -> None:
        """A click on a heading opens or closes the facet, one on the last line shows more."""
        index = self.scroll_offset.y + event.y
        if index >= len(self._facet_lines):
            return
        if self._facet_lines[index].kind in (Kind.HEADING, Kind.MORE):
            event.prevent_default()
            self.cursor = index
            self.action_toggle_facet()

    # --- searching within a facet ----------------------------------------------------

    @property
    def types(self) -> bool:
        """Whether what is typed is text: a part of the values of a facet."""
        return self._typing is not None

    @property
    def _typing(self) -> Shown | None:
        return next((shown for shown in self._shown.values() if shown.typing), None)

    def action_search_within(self) -> None:
        """Type a part of the values to show."""
        if self._current is not None:
            field = self._current.field
            self._change(field, open=True, typing=True)
            self._go_to(field)

    def on_key(self, event: Key) -> None:
        """Take what is typed into the part that is searched for."""
        shown = self._typing
        if shown is None:
            return
        if event.key == "enter":
            self._change(shown.field, typing=False)
        elif event.key == "escape":
            self._change(shown.field, typing=False, within="")
        elif event.key == "backspace":
            self._search(shown, shown.within[:-1])
        elif event.is_printable and event.character:
            self._search(shown, shown.within + event.character)
        elif event.key not in _EDITING_KEYS:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """Take a pasted line into the part that is searched for."""
        shown = self._typing
        if shown is not None:
            event.stop()
            self._search(shown, shown.within + "".join(event.text.splitlines()[:1]))

    def on_blur(self) -> None:
        """End the typing; what was found stays."""
        shown = self._typing
        if shown is not None:
            self._change(shown.field, typing=False)

    def _search(self, shown: Shown, within: str) -> None:
        self._change(shown.field, within=within[:_LONGEST_PART], limit=FIRST_VALUES)


def _choice(shown: Shown) -> tuple[object, ...]:
    """Name what the picked values depend on."""
    return shown.facet, shown.rare, shown.within, shown.limit
