"""Choose a log: recent ones, or a place typed in; why one did not open and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from audit_console.core.wording import count
from audit_console.errors import AuditConsoleError
from audit_console.search.reviews import REVIEWS, Review
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.basic_screen import HEIGHTS
from audit_console.tui.belongings import Belongings
from audit_console.tui.painting import Line, Span
from audit_console.tui.path_suggester import PathSuggester
from audit_console.tui.recent import Places, without_password
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.session import Session
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.recent_list import RecentList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.status_lines import KeyBar, SourceHeader
from audit_console.tui.widgets.text_pane import Paragraph, Said
from audit_console.tui.wording import advice

WELCOME = (
    (Span("Look at an audit log and check that it is whole.", "muted"),),
    (Span("A file, folder or glob, .gz and .zst too, or postgresql://host/database.", "muted"),),
)


class SourcesScreen(ConsoleScreen):
    """Recent sources and an input for another."""

    PANE = Pane.SOURCES
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.SOURCES)
    CSS_PATH: ClassVar[str] = "sources.tcss"
    VERTICAL_BREAKPOINTS = HEIGHTS

    class ReviewAsked(Message):
        """The reader wants a standing review of the open log, or else of the selected source."""

        def __init__(self, review: Review, places: Places | None) -> None:
            super().__init__()
            self.review = review
            self.places = places

    class OpenAsked(Message):
        """The reader wants these places opened as one log."""

        def __init__(self, places: Sequence[str]) -> None:
            super().__init__()
            self.places = tuple(places)

    class GivenUp(Message):
        """The reader does not want any more what is being opened."""

    def __init__(self, kept: Belongings) -> None:
        super().__init__()
        self._recent = kept.recent
        self._environments = kept.environments
        self._session: Session | None = None

    def compose(self) -> ComposeResult:
        """Make input, answer and list."""
        yield SourceHeader()
        with Vertical(id="choice"):
            place = SafeInput(
                placeholder="file, folder, glob or database", suggester=PathSuggester()
            )
            place.border_title = "open"
            place.border_subtitle = "→ completes · Enter opens"
            yield place
            yield AnswerLine()
            recent = RecentList(self._environments)
            recent.border_title = "recent"
            yield recent
            reviews = LineList(id="reviews")
            reviews.border_title = "standing reviews"
            reviews.border_subtitle = "Enter asks the open log, or the recent source above"
            yield reviews
        yield KeyBar()

    def on_mount(self) -> None:
        """Start on the recent sources if there are any."""
        super().on_mount()
        self.show_welcome()
        self.update_recent()
        self.query_one("#reviews", LineList).set_lines([_review_line(one) for one in REVIEWS])
        recent = self._recent_list
        (recent if recent.sources else self.query_one(SafeInput)).focus()
        self.query_one(SourceHeader).session = self._session

    def show(self, session: Session) -> None:
        """Keep the log that is open, and its verdict, in the header."""
        self._session = session
        if self.is_mounted:
            self.query_one(SourceHeader).session = session

    @property
    def _recent_list(self) -> RecentList:
        return self.query_one(RecentList)

    def update_recent(self) -> None:
        """Read the recent sources anew."""
        self._recent_list.show(self._recent.sources())

    def show_opening(self, places: Sequence[str], lines_read: int = 0) -> None:
        """Say that a log is being opened, and how many of its lines hold no event."""
        shown = "  ".join(map(without_password, places))
        so_far = f"{count(lines_read, 'line')} read, no event so far · " if lines_read else ""
        stops = (Span(f"  {so_far}Esc gives it up", "muted"),)
        self._answer(((Span("… opening "), Span(shown, "name")), stops))

    def show_error(self, error: AuditConsoleError) -> None:
        """Say why a log did not open and what to do about it."""
        said = [Paragraph(f"✘ {error}", "bad", is_prose=True)]
        if error.hint:
            said.append(Paragraph(f"  {advice(error)}", is_prose=True))
        self._answer(said)

    def show_welcome(self) -> None:
        """Take back what was said of an earlier try."""
        self._answer(WELCOME)

    def _answer(self, said: Sequence[Said]) -> None:
        """Say something below the input; the lists make room for more than two lines."""
        self.query_one(AnswerLine).said = said

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        place = event.value.strip()
        if place:
            event.input.value = without_password(place)
            self.post_message(self.OpenAsked([place]))

    @on(LineList.Chosen, "#reviews")
    def _on_review_chosen(self, event: LineList.Chosen) -> None:
        source = self._recent_list.selected
        self.post_message(self.ReviewAsked(REVIEWS[event.index], source and source.places))

    @on(LineList.Chosen, "#recent")
    def _on_chosen(self) -> None:
        if (source := self._recent_list.selected) is not None:
            self.post_message(self.OpenAsked(source.places))

    def action_type_place(self) -> None:
        """Go to the input."""
        self.query_one(SafeInput).focus()

    def action_step_back(self) -> None:
        """Give up what is being opened, and go from the input to the list."""
        self.post_message(self.GivenUp())
        self._recent_list.focus()

    async def action_leave(self) -> None:
        """Leave the program: there is nothing behind this screen."""
        await self.app.run_action("app.quit")

    def action_forget(self) -> None:
        """Remove the selected source from the list."""
        source = self._recent_list.selected
        if source is None:
            self.notify("no source is on the list")
            return
        try:
            self._recent.forget(source.places)
        except AuditConsoleError as error:
            self.notify(str(error), severity="warning")
        self.update_recent()


def _review_line(review: Review) -> Line:
    return (Span(f" {review.title:<42} ", "name"), Span(review.text, "muted"))
