"""The last question before anything is deleted: the name of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.config import user_path
from audit_console.core.retention import PrunePlan
from audit_console.core.wording import count, seqs
from audit_console.errors import PruneRefused
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.path_suggester import PathSuggester
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import told

if TYPE_CHECKING:  # its packing comes with it
    from audit_console.retention.copies import Copies

_USUAL_REASON = "retention policy"


class Deletion(NamedTuple):
    """What to delete, why, and where a copy of it is kept first, if anywhere."""

    plan: PrunePlan
    reason: str
    copies: Copies | None


class ApplyDialog(Dialog[Deletion]):
    """Answers what to delete once the name of its chain was typed."""

    CSS_PATH: ClassVar[str] = "apply_prune.tcss"

    def __init__(self, plan: PrunePlan, places: Sequence[str], mark: Line) -> None:
        """Make the dialog.

        Args:
            plan: what goes.
            places: of the log, among whose files no copy is kept.
            mark: of the environment of the log.
        """
        super().__init__()
        self._plan = plan
        self._places = places
        self._mark = mark

    def compose(self) -> ComposeResult:
        """Make text, inputs and answer line."""
        box = Vertical(
            TextLines(id="plan"),
            TextLines(id="name-label", classes="label"),
            SafeInput(placeholder="the name of the log", id="name"),
            TextLines(id="reason-label", classes="label"),
            SafeInput(_USUAL_REASON, placeholder="a reason", id="reason"),
            TextLines(id="copy-label", classes="label"),
            SafeInput(placeholder="no copy", suggester=PathSuggester(), id="copy"),
            AnswerLine(),
            classes="dialog",
        )
        box.border_title = "delete for good"
        box.border_subtitle = "Enter deletes · Tab goes on · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Say what goes, and what is asked for."""
        plan = self._plan
        go, them = ("goes", "it") if plan.events == 1 else ("go", "them")
        self._text("plan").lines = (
            (Span(" the log", "muted"), *self._mark, Span(f" {plan.chain}", "name")),
            (
                Span(f" {count(plan.events, 'event')} {go} for good: ", "bad"),
                Span(seqs(plan.pruned_from, plan.pruned_to - 1)),
            ),
            (Span(f" plan {plan.sha256}", "muted"),),
        )
        self._label("name", f"type that name to delete {them}")
        self._label("reason", "why: the chain tells it for ever")
        self._label("copy", f"folder that gets a packed copy of {them} first")
        self._input("name").focus()

    def _text(self, name: str) -> TextLines:
        return self.query_one(f"#{name}", TextLines)

    def _input(self, name: str) -> SafeInput:
        return self.query_one(f"#{name}", SafeInput)

    def _label(self, name: str, text: str) -> None:
        self._text(f"{name}-label").lines = ((Span(f" {text}", "muted"),),)

    @on(SafeInput.Submitted)
    def _on_submitted(self) -> None:
        if self._input("name").value.strip() != self._plan.chain:
            self._say("that is not its name; nothing was deleted", "bad")
            self._input("name").focus()
        elif not self._input("reason").value.strip():
            self._say("say why: the chain tells it for ever", "bad")
            self._input("reason").focus()
        else:
            begin(self, self._answer)

    async def _answer(self) -> None:
        """Answer, unless no copy can stand where it is asked for: a folder may be far away."""
        try:
            copies = await asyncio.to_thread(_copies, self._input("copy").value, self._places)
        except PruneRefused as error:
            self._say(told(error), "bad")
            self._input("copy").focus()
            return
        self.dismiss(Deletion(self._plan, self._input("reason").value.strip(), copies))


def _copies(folder: str, places: Sequence[str]) -> Copies | None:
    from audit_console.retention.copies import copies_in

    return copies_in(user_path(folder.strip()), places) if folder.strip() else None
