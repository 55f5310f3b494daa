"""An investigation: a log, the looks that were taken at it, and the reader's marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock

from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.narrowing import window_of
from audit_console.core.query import Query, parse
from audit_console.core.timespan import TICK, Anchor
from audit_console.search.question import Question, resolved
from audit_console.tui.session import Session
from audit_console.tui.steps import Look, Steps
from audit_console.tui.wording import moment


class Investigation:
    """What is asked of which log now, and was before.

    Attributes:
        session: the open log.
        steps: the looks that were taken at it.
        marks: what the reader marked.
        turn: in which is asked what typing leads to: of a slow log the answers wait for one
            another, and nobody for them.
    """

    def __init__(self) -> None:
        self.session: Session | None = None
        self.steps = Steps()
        self.marks: Mapping[MarkKey, Marks] = NO_MARKS
        self.turn = Lock()

    @property
    def look(self) -> Look:
        """What is shown of the log."""
        return self.steps.current.look

    @property
    def question(self) -> Question:
        """The events of the look.

        Raises:
            LookupError: no log is open.
        """
        if self.session is None:
            raise LookupError("no log is open")
        return Question(self.session.source, self.look.where, self.marks)

    @property
    def is_partial(self) -> bool:
        """Whether every number is a part, because not all was read."""
        return self.session is not None and self.session.status.partial

    @property
    def last(self) -> datetime | None:
        """The time of the last event of the log, as far as it is known."""
        return None if self.session is None else self.session.status.last

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The time that is shown: what bounds the filter, or else the log; None without events."""
        bound = window_of(self.look.where)
        status = None if self.session is None else self.session.status
        if status is None or status.first is None or status.last is None:
            return None
        start, end = bound.start or status.first, bound.end or status.last + TICK
        return (start, end) if start < end else (start, start + TICK)

    @property
    def range_text(self) -> str | None:
        """The time that the filter names, in words; None where it names none."""
        bound, window = window_of(self.look.where), self.window
        if window is None or (bound.start is None and bound.end is None):
            return None
        return f"{moment(window[0], width=19)} to {moment(window[1], width=19)} UTC"

    def count(self, query: Query) -> int:
        """Count the events that a query finds. Blocks; for a thread."""
        question = self.question
        return replace(question, where=resolved(query.where, question.source)).count()

    def read_query(self, text: str) -> Query:
        """Read a query, relative times counted from now.

        Raises:
            QueryError: it cannot be read.
        """
        return parse(text, Anchor(datetime.now(UTC), end=self.last))
