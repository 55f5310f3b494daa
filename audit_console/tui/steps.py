"""The history of an investigation: a tree of what was looked at, every branch kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.query import Stage, chips, query_text
from audit_console.sources.protocol import Order
from audit_console.tui.widgets.event_window import Sight


class Typed(NamedTuple):
    """A query as it was typed, and what it was read as."""

    text: str
    where: Filter
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What the screen shows of a log.

    Attributes:
        where: the filter; relative times and `around:` are absolute in it.
        stages: what is made of the events; without any they are shown as they are.
        order: of the events.
        origin: id of the event that is looked around.
        offer: a query to try instead when this one finds nothing, because the log ended
            before the times it asks for.
        review: name of the standing review that this began as.
        typed: the query that this look was asked by.
    """

    where: Filter = EVERYTHING
    stages: tuple[Stage, ...] = ()
    order: Order = Order.OLDEST_FIRST
    origin: str | None = None
    offer: str | None = None
    review: str | None = None
    typed: Typed | None = None

    @property
    def text(self) -> str:
        """The query as it is typed; what is switched off is not in it."""
        return query_text(self.where, self.stages)

    @property
    def as_typed(self) -> str:
        """The query as it was typed, relative times as such, unless it was changed since."""
        typed = self.typed
        if typed is not None and (typed.where, typed.stages) == (self.where, self.stages):
            return typed.text
        return self.text

    @property
    def title(self) -> str:
        """One line that tells this look from others; what is switched off is in parentheses."""
        terms = [text if is_on else f"({text} off)" for text, is_on in chips(self.where)]
        words = [*terms, *(f"| {stage}" for stage in self.stages)]
        return " ".join(words) or "all events"


class ReaderPlace(NamedTuple):
    """Where the reader was in a look: event and column of the table, row and column of a result."""

    event: Sight | None = None
    column: str = ""
    cell: tuple[int, int] = (0, 0)


@dataclass(slots=True, eq=False)
class Step:
    """A look that was taken, how it was come to, and how many events it showed.

    `matched` is None while it is not counted over all of the log; `place` is the one where
    the look was left.
    """

    look: Look
    before: Step | None = None
    after: list[Step] = field(default_factory=list)
    matched: int | None = None
    place: ReaderPlace = field(default_factory=ReaderPlace)


class Steps:
    """The tree of steps of one log, and the one that is on the screen."""

    def __init__(self) -> None:
        self.first = Step(Look())
        self.current = self.first

    def take(self, look: Look) -> Step:
        """Go on to another look; the same look again is no step, one taken before is gone to."""
        if look == self.current.look:
            return self.current
        known = next((step for step in self.current.after if step.look == look), None)
        if known is None:
            known = Step(look, before=self.current)
            self.current.after.append(known)
        self.current = known
        return known

    def back(self) -> Step | None:
        """Go one step back; None at the first."""
        if self.current.before is None:
            return None
        self.current = self.current.before
        return self.current

    def go(self, step: Step) -> Step:
        """Return to any step."""
        self.current = step
        return step

    def forget_counts(self) -> None:
        """Say of no step how many events it showed: the log has others now."""
        for _, step in self.walk():
            step.matched = None

    def walk(self) -> Iterator[tuple[int, Step]]:
        """Give all steps with their depth; a step that goes on in one way stays at its depth."""
        waiting = [(0, self.first)]
        while waiting:
            depth, step = waiting.pop()
            yield depth, step
            inner = depth + (len(step.after) > 1)
            waiting += [(inner, after) for after in reversed(step.after)]
