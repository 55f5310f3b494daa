"""Writes an evidence package, and says what was written."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.wording import count
from audit_console.search.question import Question
from audit_console.search.whole_files import whole_file
from audit_console.sources.cancelling import Cancellation
from audit_console.tui.background import begin
from audit_console.tui.belongings import Belongings
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session, report_of
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import advice, number

if TYPE_CHECKING:  # Polars comes with it, and the first frame waits for none of it
    from audit_console.evidence.case import Case
    from audit_console.evidence.package import Packed


_REPORT_IT = "audit-console evidence says where it is. Please report it."


class Written(NamedTuple):
    """What was packed, and the SHA-256 of the file, in hex."""

    packed: Packed
    sha256: str


class PackDialog(Dialog[None]):
    """Writes a package while it is open, and stays to say what was written.

    Closing it stops the writing first: whether there is a package is known before it goes.
    """

    CSS_PATH: ClassVar[str] = "pack.tcss"

    def __init__(self, path: Path, make_case: Callable[[], Case], *, force: bool) -> None:
        """Make the dialog.

        Args:
            path: the file.
            make_case: says what to pack; called on a thread.
            force: replace a file that is there by then.
        """
        super().__init__()
        self._path = path
        self._make_case = make_case
        self._force = force
        self._cancellation = Cancellation()
        self._writing = True

    def compose(self) -> ComposeResult:
        """Make the text."""
        box = Vertical(TextPane(), classes="dialog")
        box.border_title = "evidence package"
        yield box

    def on_mount(self) -> None:
        """Begin to write."""
        self._show("Esc stops", [Paragraph(f"writing {self._path} …")])
        begin(self, self._write)

    def on_unmount(self) -> None:
        """Write no more when the program ends."""
        self._stop()

    def action_close(self) -> None:
        """Close; what is being written is stopped first."""
        if self._writing:
            self._show("", [Paragraph("stopping …")])
            self._stop()
        else:
            self.dismiss(None)

    def _stop(self) -> None:
        Thread(target=self._cancellation.cancel, name="cancel", daemon=True).start()

    def _show(self, keys: str, parts: list[Paragraph | Line]) -> None:
        self.query_one(".dialog").border_subtitle = keys
        self.query_one(TextPane).show(parts)

    async def _write(self) -> None:
        try:
            with self._cancellation.covers():
                written = await asyncio.to_thread(
                    _write, self._path, self._make_case, force=self._force
                )
            parts = _written_parts(self._path, written)
        except CANNOT_BE_LOOKED_AT as error:
            parts = _unwritten_parts(str(error), advice(error))
        except Exception as error:  # noqa: BLE001 - a package that fails ends no investigation
            parts = _unwritten_parts(f"a fault of the program, {type(error).__name__}", _REPORT_IT)
        self._writing = False
        self._show("Esc closes", parts)


def case_of(session: Session, question: Question, query: str, kept: Belongings) -> Case:
    """Say what to pack of a log that was verified to its end.

    Args:
        session: the log.
        question: which events of it.
        query: the question as text.
        kept: policy and key.

    Raises:
        UsageError: the key cannot be used.
    """
    from audit_console.evidence.case import Case

    return Case(
        question=question,
        query=query,
        report=report_of(session),
        policy=kept.policy,
        key=kept.read_key() if kept.read_key else None,
    )


def _write(path: Path, make_case: Callable[[], Case], *, force: bool) -> Written:
    from audit_console.evidence.package import write_package

    with whole_file(path, force=force) as file:
        packed = write_package(file, make_case())
    with path.open("rb") as package:
        return Written(packed, hashlib.file_digest(package, "sha256").hexdigest())


def _unwritten_parts(reason: str, hint: str) -> list[Paragraph | Line]:
    said = f"no package was written: {reason}"
    return [Paragraph(said, "bad", is_prose=True), Paragraph(hint, is_prose=True)]


def _written_parts(path: Path, written: Written) -> list[Paragraph | Line]:
    packed = written.packed
    return [
        Paragraph(f"written: {path}", "ok"),
        Paragraph(
            f"{count(packed.selected, 'event')} packed: {number(packed.proven)} with a proof, "
            f"{number(packed.vouched)} of them vouched for from outside the log",
            is_prose=True,
        ),
        (),
        (Span(" SHA-256 of the file", "muted"),),
        (Span(f" {written.sha256}"),),
        (),
        Paragraph("check.py in it checks all of it with Python alone", "muted"),
    ]
