"""Star, tags and note of an event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import TextArea

from audit_console.core.matching import Marks
from audit_console.errors import UsageError
from audit_console.search.marks import LONGEST_NOTE, read_tags, require_marks
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Span
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.safe_text_area import SafeTextArea, safe_lines
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.widgets.toggle import Toggle
from audit_console.tui.wording import number, told

_LAST_WORD = re.compile(r"[^\s,]*$")


class MarkBox(Vertical):
    """What is noted; its key saves from wherever the cursor is."""

    PANE = Pane.MARK
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.MARK)

    def action_save(self) -> None:
        """Save what is noted."""
        dialog = self.screen
        if isinstance(dialog, MarkDialog):
            dialog.save()


class MarkDialog(Dialog[Marks]):
    """Answers what is then noted; closed, nothing changes."""

    CSS_PATH: ClassVar[str] = "mark.tcss"

    def __init__(self, current: Marks, known: Sequence[str] = ()) -> None:
        """Make the dialog.

        Args:
            current: what is noted now.
            known: tags in use, to be completed.
        """
        super().__init__()
        self._current = current
        self._known = tuple(known)

    def compose(self) -> ComposeResult:
        """Make star, tags, note and answer line."""
        tags = SafeInput(
            "".join(f"{tag} " for tag in sorted(self._current.tags)),
            placeholder="tags, with spaces between them",
            suggester=TagSuggester(self._known),
            select_on_focus=False,  # a key pressed adds to the tags
        )
        star = Toggle(
            "star", value=self._current.star, on=Span("★", "warn"), off=Span("☆", "muted")
        )
        note = SafeTextArea(self._current.note or "", id="note")
        box = MarkBox(star, tags, TextLines(id="known"), note, AnswerLine())
        box.add_class("dialog")
        note.border_title = "note"
        box.border_title = "mark this event"
        box.border_subtitle = "^S saves · Tab goes on · ⇧Tab to the star · Esc leaves it"
        yield box

    def on_mount(self) -> None:
        """Start on the tags, because a star has a key of its own."""
        known = " ".join(self._known) or "none yet"
        self.query_one("#known", TextLines).lines = ((Span(f" in use: {known}", "muted"),),)
        self.query_one(SafeInput).focus()
        self._count()

    @on(TextArea.Changed)
    def _count(self) -> None:
        length = len(self.query_one(SafeTextArea).text)
        role = "bad" if length > LONGEST_NOTE else "muted"
        self._say(f"{number(length)} of {number(LONGEST_NOTE)} characters", role)

    @on(SafeInput.Submitted)
    def save(self) -> None:
        """Answer what is noted, or say why it cannot be kept."""
        try:
            tags = read_tags(self.query_one(SafeInput).value)
            marks = Marks(self.query_one(Toggle).value, tags, self._note())
            require_marks(marks)
        except UsageError as error:
            self._say(told(error), "bad")
            return
        self.dismiss(marks)

    def _note(self) -> str | None:
        """Give the note; what was not changed stays as it is stored, symbols or not."""
        text = self.query_one(SafeTextArea).text
        if text == safe_lines(self._current.note or ""):
            return self._current.note
        return text.strip() or None


class TagSuggester(Suggester):
    """Completes the last of the tags being typed."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        """Continue the last tag by the first in use, by name, that is not there yet."""
        word = _LAST_WORD.search(value)
        start = "" if word is None else word[0]
        there = value.lower().replace(",", " ").split()
        for tag in self._known:
            if start and tag.startswith(start.lower()) and tag not in there:
                return value + tag[len(start) :]
        return None
