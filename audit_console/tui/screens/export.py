"""What to write to a file, and to which."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.config import user_path
from audit_console.errors import AuditConsoleError
from audit_console.search.output import check_target
from audit_console.tui.background import begin
from audit_console.tui.painting import Span
from audit_console.tui.path_suggester import PathSuggester
from audit_console.tui.screens.dialog import Dialog
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
    """The name of a form, the file, and whether it may take the place of one there."""

    form: str
    path: Path
    overwrite: bool


class ExportDialog(Dialog[Export]):
    """Answers what to write; the file is free, or may be replaced."""

    CSS_PATH: ClassVar[str] = "export.tcss"

    def __init__(self, stem: str, places: Sequence[str], forms: Sequence[Form]) -> None:
        """Make the dialog.

        Args:
            stem: name of the file that is offered, without its ending.
            places: of the log, which is never written to.
            forms: that are offered.
        """
        super().__init__()
        self._stem = stem
        self._places = places
        self._forms = forms
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
        box.border_title = "export"
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
        begin(self, self._answer, exclusive=True)

    async def _answer(self) -> None:
        text = self.query_one(SafeInput).value.strip()
        overwrite = self.query_one(Toggle).value
        if not text:
            self._say("name a file", "bad")
            return
        try:
            path = await asyncio.to_thread(_checked, text, self._places, overwrite=overwrite)
        except AuditConsoleError as error:
            self._say(told(error), "bad")
            return
        self.dismiss(Export(self._forms[self._chosen].name, path, overwrite))


def _checked(text: str, places: Sequence[str], *, overwrite: bool) -> Path:
    """Give the file that is meant.

    Raises:
        AuditConsoleError: it must not or cannot be written.
    """
    path = user_path(text)
    check_target(path, force=overwrite, places=places, how="switch on to replace it")
    return path
