"""What to write to a file, and to which."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.config import user_path
from audit_console.search.whole_files import check_target
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Span
from audit_console.tui.path_suggester import PathSuggester
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.toggle import Toggle
from audit_console.tui.wording import told


class Form(NamedTuple):
    """A form that a file can have: its name, its title and how the file is called."""

    name: str
    title: str
    ending: str


PACKAGE = "package"
"""The form that `PackDialog` writes."""

EVENT_FORMS = (
    Form("jsonl", "events as JSON lines, byte for byte as in the log", "-events.jsonl"),
    Form("csv", "CSV, no value of which is a formula to a spreadsheet", ".csv"),
    Form("parquet", "Parquet", ".parquet"),
    Form("marks-jsonl", "stars, tags and notes as JSON lines", ".marks.jsonl"),
    Form("marks-csv", "stars, tags and notes as CSV", ".marks.csv"),
    Form(PACKAGE, "evidence package, which anybody can check again", ".zip"),
)
"""In the names of `search.exporting.print_export`, but for the package."""

TABLE_FORMS = EVENT_FORMS[1:-1]
"""A table that stages made has no original lines, and so no proofs."""

REPORT_FORMS = (
    Form("text", "the report as text", ".txt"),
    Form("html", "HTML in one file, to be printed", ".html"),
    Form("markdown", "Markdown", ".md"),
    Form("json", "JSON, for programs", ".json"),
)
"""In the names of `reports.forms.RENDERERS`."""


PREVIEW_FORMS = (
    Form("text", "the preview as text", ".txt"),
    Form("html", "HTML in one file, to be printed", ".html"),
    Form("json", "JSON, for programs", ".json"),
    Form("plan", "the plan, for audit-console retention apply", ".plan.json"),
)
"""In the names of `reports.retention.RENDERERS`."""


def stem_of(label: str) -> str:
    """Make the beginning of a file's name of what a log is called, without its folder."""
    name = label.partition(" · ")[0].rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.-]+", "-", name).strip("-.").removesuffix(".jsonl") or "log"


class Export(NamedTuple):
    """The name of a form, the file, and whether one that is there by then is replaced."""

    form: str
    path: Path
    force: bool = False


class ExportDialog(Dialog[Export]):
    """Has a file written, which is free or may be replaced, and stays until it is.

    Answers what to write where that is to be a package, which has a dialog of its own.
    """

    CSS_PATH: ClassVar[str] = "export.tcss"

    def __init__(
        self,
        stem: str,
        places: Sequence[str],
        forms: Sequence[Form],
        write: Callable[[Export], Awaitable[str]],
        what: str = "",
    ) -> None:
        """Make the dialog.

        Args:
            stem: name of the file that is offered, without its ending.
            places: of the log, which is never written to.
            forms: that are offered.
            write: writes any but a package, and gives what to say then.
            what: of how many events it will tell, where that is counted.
        """
        super().__init__()
        self._stem = stem
        self._places = places
        self._forms = forms
        self._write = write
        self._what = what
        self._is_writing = False
        self._offered = ""
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Make list, input, check mark and answer line."""
        box = Vertical(
            LineList(id="forms"),
            SafeInput(placeholder="file", suggester=PathSuggester()),
            Toggle("replace a file that exists"),
            AnswerLine(),
            classes="dialog",
        )
        box.border_title = f"export · {self._what}" if self._what else "export"
        box.border_subtitle = "Enter writes · Tab goes on · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Offer the first form."""
        self.query_one("#forms", LineList).focus()
        self._draw(0)
        self._say("a path begins in the folder where the program was started", "muted")

    def _draw(self, chosen: int) -> None:
        """Point at the form, which stays chosen while the focus is elsewhere."""
        self._chosen = chosen
        self.query_one("#forms", LineList).set_lines(
            [
                (Span(" ▸ " if index == chosen else "   ", "key"), Span(form.title))
                for index, form in enumerate(self._forms)
            ],
            cursor=chosen,
        )

    @on(LineList.Moved, "#forms")
    def _on_moved(self) -> None:
        """Offer a name with the ending of the form, unless another was typed."""
        cursor = self.query_one("#forms", LineList).cursor
        if cursor != self._chosen:
            self._draw(cursor)
        name = self.query_one(SafeInput)
        if name.value == self._offered:
            self._offered = name.value = self._stem + self._forms[self._chosen].ending

    @on(SafeInput.Submitted)
    @on(LineList.Chosen, "#forms")
    def _on_submitted(self) -> None:
        text = self.query_one(SafeInput).value.strip()
        if not text:
            self._say("name a file", "bad")
        elif not self._is_writing:
            self._is_writing = True
            self._say("… writing; it goes on when this is closed", "warn")
            # Work of the app: who closes the dialog meanwhile is told all the same what came of it.
            begin(self.app, partial(self._answer, text, force=self.query_one(Toggle).value))

    async def _answer(self, text: str, *, force: bool) -> None:
        form = self._forms[self._chosen].name
        try:
            path = await asyncio.to_thread(_checked, text, self._places, force=force)
            export = Export(form, path, force=force)
            said = None if form == PACKAGE else await self._write(export)
        except CANNOT_BE_LOOKED_AT as error:
            self._say_not_written(told(error))
            return
        finally:
            self._is_writing = False
        if said is not None:
            self.app.notify(said)
        if self.is_current:
            self.dismiss(export if form == PACKAGE else None)

    def _say_not_written(self, why: str) -> None:
        if self in self.app.screen_stack:
            self._say(why, "bad")
        else:
            self.app.notify(why, severity="error")


def _checked(text: str, places: Sequence[str], *, force: bool) -> Path:
    """Give the file that is meant.

    Raises:
        AuditConsoleError: it must not or cannot be written.
    """
    path = user_path(text)
    check_target(path, force=force, places=places, how="switch on to replace it")
    return path
