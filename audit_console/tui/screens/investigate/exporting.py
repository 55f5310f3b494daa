"""What is shown, or evidence of it, as a file."""

from __future__ import annotations

import asyncio
from functools import partial

from audit_console.search.whole_files import write_file
from audit_console.tui.belongings import Belongings
from audit_console.tui.dialogs.export import (
    EVENT_FORMS,
    TABLE_FORMS,
    Export,
    ExportDialog,
    stem_of,
)
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import Session
from audit_console.tui.widgets.status_lines import Completeness


class Exporting:
    """Writes the events of a look, or what its stages made of them."""

    def __init__(self, screen: LookingScreen, kept: Belongings) -> None:
        self._screen = screen
        self._investigation = screen.investigation
        self._kept = kept

    def ask(self) -> None:
        """Ask for a file to write what is shown to."""
        session = self._investigation.session
        if session is None:
            return
        if self._investigation.is_partial:
            self._screen.notify("not all was read: the file will hold a part", severity="warning")
        stem = stem_of(session.source.label)
        forms = TABLE_FORMS if self._investigation.look.stages else EVENT_FORMS
        what = self._counted_events(session)
        dialog = ExportDialog(stem, session.places, forms, self._write, what)
        self._screen.app.push_screen(dialog, self._pack)

    def _pack(self, export: Export | None) -> None:
        """Pack the events, of a log all of which was verified."""
        from audit_console.tui.dialogs.pack import PackDialog, case_of

        session = self._investigation.session
        if export is None:
            return
        if session is None or session.loading:
            self._screen.notify("no package yet: the log is still being verified")
        elif session.verification is None or self._investigation.is_partial:
            self._screen.notify("no package: not all of the log was verified", severity="error")
        else:
            question, text = self._investigation.question, self._investigation.look.text
            make_case = partial(case_of, session, question, text, self._kept)
            dialog = PackDialog(export.path, make_case, force=export.force)
            self._screen.app.push_screen(dialog)

    async def _write(self, export: Export) -> str:
        """Write what is shown to a file, and say what that is."""
        from audit_console.search.exporting import print_export

        question, stages = self._investigation.question, self._investigation.look.stages
        what = self._what_is_written(export.form)
        chunks = print_export(question, stages, export.form)
        await asyncio.to_thread(write_file, export.path, chunks, force=export.force)
        return f"written: {export.path}{what}"

    def _counted_events(self, session: Session) -> str:
        """Say how many events are shown; nothing while they are counted."""
        table = self._screen.table
        if not table.counted:
            return ""
        return f"{table.row_count:,} of {session.status.events:,} events read"

    def _what_is_written(self, form: str) -> str:
        """Say of which events a file tells, whether of them or of what was made of them."""
        from audit_console.search.exporting import OF_MARKS
        from audit_console.search.found import soundness

        session = self._investigation.session
        if session is None or not self._screen.table.counted:
            return ""
        events = self._counted_events(session)
        if form.startswith(OF_MARKS):
            events = f"what is noted on {events}"
        elif self._investigation.look.stages:
            events = f"made of {events}"
        verified = None if session.partial else session.verification
        verdict = "not verified" if verified is None else verified.verdict
        lacking = self._screen.query_one(Completeness).lacking
        without = [f"includes {count:,} without {field}" for field, count in lacking if count]
        parts = ("", events, *without, *soundness(session.status, verdict))
        return " · ".join(parts)
