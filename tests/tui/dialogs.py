"""A dialog alone, over nothing, and sources that are slow or fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import polars as pl
from textual.app import App
from textual.pilot import Pilot

from audit_console import tui
from audit_console.core.filters import Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.errors import SourceChanged
from audit_console.search.question import Question
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.themes import DARK
from tests.tui.support import until

Answer = TypeVar("Answer")


class DialogApp(App[None], Generic[Answer]):
    """Shows a dialog and keeps its answer."""

    CSS_PATH: ClassVar[str] = str(Path(tui.__file__).parent / "app.tcss")

    def __init__(self, dialog: Dialog[Answer]) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.dialog = dialog
        self.answers: list[Answer | None] = []

    async def on_mount(self) -> None:
        """Show it."""
        await self.push_screen(self.dialog, self.answers.append)


async def until_answered(pilot: Pilot[None], app: DialogApp[Any]) -> None:
    """Let the app run until the dialog has answered."""
    await until(pilot, lambda: app.answers, "the dialog answers")


def held(question: Question) -> tuple[Question, threading.Event]:
    """Let a log be counted only when the test says so."""
    source = question.source
    assert isinstance(source, MemorySource)
    waiting = _HeldSource(source)
    return Question(waiting, question.where), waiting.hold


def failing(question: Question, after: int = 0) -> Question:
    """Let a log fail when it was asked `after` times."""
    source = question.source
    assert isinstance(source, MemorySource)
    return Question(_FailingSource(source, after), question.where)


class _OtherSource(MemorySource):
    def __init__(self, source: Source) -> None:
        assert isinstance(source, MemorySource)
        self.__dict__ |= source.__dict__

    def before(self) -> None:
        """Do what the test wants before every count."""

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count."""
        self.before()
        return super().tally(where, by=by, marks=marks)


class _HeldSource(_OtherSource):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.hold = threading.Event()

    def before(self) -> None:
        """Wait."""
        self.hold.wait()


class _FailingSource(_OtherSource):
    def __init__(self, source: Source, after: int) -> None:
        super().__init__(source)
        self.left = after

    def before(self) -> None:
        """Fail."""
        self.left -= 1
        if self.left < 0:
            raise SourceChanged("the log changed", hint="open it again")
