"""Retention: a preview of what would be deleted, and the deletion itself."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from audit_console.core.wording import count
from audit_console.search.whole_files import write_file
from audit_console.tui.actions import Action, Pane, bindings
from audit_console.tui.basic_screen import HEIGHTS_OF_PARTS, WIDTHS
from audit_console.tui.dialogs.export import PREVIEW_FORMS, Export, ExportDialog, stem_of
from audit_console.tui.screens.retention.previewing import PreviewingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.wording import told

if TYPE_CHECKING:  # Polars comes with them
    from audit_console.retention.preview import Preview
    from audit_console.tui.dialogs.apply_prune import Deletion

NOT_COUNTED = "what goes by these days is not counted yet"


class RetentionScreen(PreviewingScreen):
    """A preview of a prune for so many days, and the prune itself where it is allowed."""

    PANE = Pane.RETENTION
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.RETENTION)
    CSS_PATH: ClassVar[str] = "screen.tcss"
    VERTICAL_BREAKPOINTS = HEIGHTS_OF_PARTS
    HORIZONTAL_BREAKPOINTS = WIDTHS

    class LeaveAsked(Message):
        """The reader wants back to the events."""

    class Applied(Message):
        """Events were deleted, so the log is to be verified again."""

    # --- the prune ---------------------------------------------------------------

    def action_apply(self) -> None:
        """Ask for the name of the log, and delete what goes."""
        from audit_console.tui.dialogs.apply_prune import ApplyDialog

        refusal = self._refusal()
        if refusal is not None or self._preview is None or self._preview.plan is None:
            self.notify(refusal or "nothing goes", severity="warning")
            return
        places, mark = (self._session.places, self._session.mark) if self._session else ((), ())
        self.app.push_screen(ApplyDialog(self._preview.plan, places, mark), self._apply)

    def _refusal(self) -> str | None:
        """Say why nothing can be deleted here."""
        session, made = self._session, self._preview
        if self._deleting:
            return "a prune is under way"
        if session is None or not session.answers or self._problem is not None:
            return self._standing()
        if made is None or not self._is_current:
            return NOT_COUNTED
        return self._refusal_of(made, session)

    def _refusal_of(self, made: Preview, session: Session) -> str | None:
        if made.plan is None:
            return "by these days there is nothing to delete"
        if not made.counted:
            return NOT_COUNTED
        if made.faults is None:
            return "what goes is not verified yet"
        if made.faults:
            return "what goes does not verify: it is evidence, and stays"
        if self._rules.open_pruner is None or "-" in session.places:
            return "this log is only previewed here"
        return None

    def _apply(self, deletion: Deletion | None) -> None:
        if deletion is not None:
            events = count(deletion.plan.events, "event")
            self._say_step(f"… deleting {events}: what goes is verified first")
            self.in_background(partial(self._delete, deletion), "delete")

    async def _delete(self, deletion: Deletion) -> None:
        session = self._session
        if session is None:
            return
        try:
            await asyncio.to_thread(self._prune, session, deletion)
        except CANNOT_BE_LOOKED_AT as error:
            self._deleting = ""
            self._ask()
            self.notify(told(error), severity="error", timeout=20)
            return
        self._deleting = ""
        self._deleted = f" · ✔ {count(deletion.plan.events, 'event')} deleted"
        self.post_message(self.Applied())

    def _prune(self, session: Session, deletion: Deletion) -> None:
        """Delete on this thread, and say each step on the screen, if there still is one."""
        from audit_console.writer.pruning.request import PruneRequest

        rules = self._rules
        if rules.open_pruner is None:
            return
        plan, reason, copies = deletion
        pruner = rules.open_pruner(session.places, plan.chain)
        request = PruneRequest(actor=rules.actor, reason=reason, keeper=copies)
        steps = pruner.steps(plan, rules.policy, request, rules.clock())
        for step in steps:
            self.call_later(self._say_next_step, f"… {step}")

    def _say_next_step(self, text: str) -> None:
        if self._deleting and self.query("#headline"):
            self._say_step(text)

    def _say_step(self, text: str) -> None:
        self._deleting = text
        self._say(text, "warn")

    # --- what is previewed -------------------------------------------------------

    def action_days(self) -> None:
        """Ask how many days are kept."""
        from audit_console.tui.dialogs.retention_choices import DaysDialog

        self.app.push_screen(DaysDialog(self.query_one(DaysSlider).allowed), self._keep_days)

    def action_since(self) -> None:
        """Ask from which date on everything is kept."""
        from audit_console.tui.dialogs.retention_choices import SinceDialog

        self.app.push_screen(SinceDialog(self._rules.clock()), self._keep_since)

    def action_chain(self) -> None:
        """Ask for another chain of the log."""
        from audit_console.tui.dialogs.retention_choices import ChainDialog

        if len(self._chains) > 1:
            self.app.push_screen(ChainDialog(self._chains, self._chain), self._take_chain)
        else:
            self.notify("this log has no other chain")

    def offers(self, action: Action) -> bool:
        """Offer another chain where there is one."""
        return action.name != "chain" or len(self._chains) > 1

    # --- moving and leaving ------------------------------------------------------

    def action_step_back(self) -> None:
        """Go back to the days."""
        self.query_one(DaysSlider).focus()

    def action_leave(self) -> None:
        """Go back to the events."""
        self.post_message(self.LeaveAsked())

    # --- files -------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file to write the preview or its plan to."""
        session = self._session
        if session is None or self._preview is None:
            self.notify(self._standing())
            return
        if not self._preview.counted or not self._is_current:
            self.notify(NOT_COUNTED)
            return
        stem = stem_of(session.source.label) + "-retention"
        forms = PREVIEW_FORMS if self._preview.plan else PREVIEW_FORMS[:-1]
        write = partial(_write_preview, self._preview)
        self.app.push_screen(ExportDialog(stem, session.places, forms, write))


async def _write_preview(made: Preview, export: Export) -> str:
    """Write a preview to a file, and say so."""
    from audit_console.reports.retention import RENDERERS

    text = RENDERERS[export.form](made)
    await asyncio.to_thread(write_file, export.path, [text.encode()], force=export.force)
    return f"written: {export.path}"
