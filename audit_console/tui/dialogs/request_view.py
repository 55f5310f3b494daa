"""The events of a request one after the other; Enter goes to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, overload

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize

from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.search.question import Question
from audit_console.search.request import RequestExtent, RequestStep, events_of, extent, steps
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.durations import duration
from audit_console.tui.painting import Line, Span, fit
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import CHECKS, MISSING, RESULTS, moment, number, told

_TIME_CELLS = 10
_CELL_LIMIT = 200
_WAITING = Span(" …", "muted")
_ORIGIN = Span("◆ ", "key")
"""The event that the reader comes from, as in the event table."""

Cells = tuple[int, int, int, int]
"""Widths of type, user, action and resource; none of those that are left out."""


class RequestDialog(Dialog[str]):
    """Answers the id of the event to go to.

    It is there at once, the cursor on the event that the reader comes from. Steps are fetched
    by the page when the cursor reaches the last.
    """

    CSS_PATH: ClassVar[str] = "request_view.tcss"

    def __init__(self, question: Question, request_id: str, event_id: str) -> None:
        super().__init__()
        self._request_id = request_id
        self._event_id = event_id
        self._asked = events_of(question, request_id)
        self._extent: RequestExtent | None = None
        self._steps: list[RequestStep] = []
        self._is_fetching = False
        self._error = ""

    def compose(self) -> ComposeResult:
        """Make the request, its extent, and the list of its steps."""
        box = Vertical(
            TextLines(id="request"), TextLines(id="titles"), LineList(), classes="dialog"
        )
        box.border_title = "request · in the whole log, without the filter"
        box.border_subtitle = "Enter goes to the event · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Begin to fetch."""
        self.query_one(LineList).focus()
        self._say_extent()
        self._fetch()

    # --- fetching ----------------------------------------------------------------

    def _fetch(self) -> None:
        if not self._is_fetching and not self._error:
            self._is_fetching = True
            begin(self, self._fetch_more, group="steps")

    async def _fetch_more(self) -> None:
        is_first = not self._steps
        try:
            if self._extent is None:
                self._extent = await asked(extent, self._asked)
            self._steps += await asked(steps, self._asked, self._steps)
        except CANNOT_BE_LOOKED_AT as error:
            self._error = f"✘ {told(error)}"
        self._is_fetching = False
        self._say_extent()
        self._show(cursor=self._place_of_origin if is_first else None)

    @property
    def _place_of_origin(self) -> int:
        """Where the reader comes from; the first step if that is not on this page."""
        ids = [step.row["id"] for step in self._steps]
        return ids.index(self._event_id) if self._event_id in ids else 0

    @property
    def _matched(self) -> int:
        return self._extent.matched if self._extent else 0

    # --- drawing -----------------------------------------------------------------

    def _say_extent(self) -> None:
        lines: list[Line] = [(Span(" request ", "muted"), Span(self._request_id, "heading"))]
        if self._error:
            lines.append((Span(f" {self._error}", "bad"),))
        else:
            lines.append(_extent_line(self._extent, len(self._steps)))
        self.query_one("#request", TextLines).lines = tuple(lines)

    def _show(self, cursor: int | None = None) -> None:
        self.query_one("#titles", TextLines).lines = (tuple(_titles(self._cells)),)
        if self._steps:
            rest = self._matched - len(self._steps)
            lines = _StepLines(tuple(self._steps), rest, self._cells, self._event_id)
            self.query_one(LineList).set_lines(lines, cursor=cursor)

    def on_resize(self, event: Resize) -> None:
        """Word the steps on another width."""
        del event
        self.call_after_refresh(self._show)

    @property
    def _cells(self) -> Cells:
        """Share what times, check and result leave."""
        room = self.query_one(LineList).size.width - 2 * _TIME_CELLS - 18
        type_cells, user = max(8, min(18, room // 5)), max(8, min(24, room // 5))
        rest = room - type_cells - user - 3
        if rest < 20:
            user = max(user, room // 3)
            return 0, user, max(0, room - user - 1), 0
        return type_cells, user, rest * 3 // 5, rest - rest * 3 // 5 - 1

    # --- choosing ----------------------------------------------------------------

    @on(LineList.Moved)
    def _on_moved(self, event: LineList.Moved) -> None:
        if self._steps and event.index >= len(self._steps):
            self._fetch()

    @on(LineList.Chosen)
    def _on_chosen(self, event: LineList.Chosen) -> None:
        if event.index < len(self._steps):
            self.dismiss(self._steps[event.index].row["id"])


class _StepLines(Sequence[Line]):
    """The lines of steps, made when they come into sight, and one for what is not fetched."""

    def __init__(self, steps: Sequence[RequestStep], rest: int, cells: Cells, origin: str) -> None:
        self._steps = steps
        self._rest = rest
        self._cells = cells
        self._origin = origin

    def __len__(self) -> int:
        return len(self._steps) + (self._rest > 0)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index < len(self._steps):
            step = self._steps[index]
            mark = _ORIGIN if step.row["id"] == self._origin else Span("  ")
            return (mark, *_step_spans(step, self._cells))
        return (Span(f" … {count(self._rest, 'event')} more, fetched on the way", "muted"),)


def _extent_line(found: RequestExtent | None, fetched: int) -> Line:
    """Say how many events there are, when, how long, and how they ended."""
    if found is None:
        return (_WAITING,)
    if found.first is None:
        return (Span(" no event names this request", "muted"),)
    events = count(found.matched, "event")
    if 0 < fetched < found.matched:
        events = f"first {number(fetched)} of {events}"
    line = [
        Span(f" {events}"),
        Span(f" · {moment(found.first, width=19)} UTC · {duration(found.span)}", "muted"),
    ]
    for result, amount in sorted(found.results.items(), key=lambda entry: entry[0] or "~"):
        sign = RESULTS.get(result or "", MISSING)
        line.append(Span(f"  {sign.text} {number(amount)}", sign.role))
    if found.partial:
        line.append(Span("  so far", "warn"))
    return tuple(line)


def _titles(cells: Cells) -> Iterator[Span]:
    titles = f" {'since first':>{_TIME_CELLS + 1}} {'previous':>{_TIME_CELLS - 1}}   {'result':<10}"
    yield Span(titles, "muted")
    for title, width in zip(("type", "user", "action", "resource"), cells, strict=True):
        if width:
            yield Span(fit(title, width) + " ", "muted")


def _step_spans(step: RequestStep, cells: Cells) -> Iterator[Span]:
    row = step.row
    gap = "" if step.gap is None else f"+{duration(step.gap)}"
    yield Span(f"{duration(step.offset):>{_TIME_CELLS}} ")
    yield Span(f"{gap:>{_TIME_CELLS - 1}} ", "muted")
    yield CHECKS[row["check"]]
    result = RESULTS.get(row["result"], MISSING)
    yield Span(f" {result.text:<9} ", result.role)
    values = (
        row["event_type"],
        row["user_id"],
        row["action"],
        f"{row['resource_type'] or ''}/{row['resource_id'] or ''}",
    )
    for value, width, role in zip(values, cells, ("", "name", "", "muted"), strict=True):
        if width:
            text = MISSING.text if value is None else safe_text(str(value), limit=_CELL_LIMIT)
            yield Span(fit(text, width, keep_end=True) + " ", role)
