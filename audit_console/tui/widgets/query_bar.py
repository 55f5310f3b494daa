"""The query bar: typing, completion, errors at their column, a preview of what would match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Blur, Focus
from textual.message import Message
from textual.widget import Widget

from audit_console.core.query import Completion, Query, complete
from audit_console.core.query.completion import Values
from audit_console.errors import QueryError
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, Span, width_of
from audit_console.tui.widgets.query_hints import (
    PROMPT,
    READY,
    Hint,
    QueryHints,
    completion_hints,
    error_hints,
    is_begun,
    preferred,
)
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_lines import TextLines

ASKING: Line = (Span(" asking … ", "muted"),)


class QueryInput(SafeInput):
    """The line that is typed. Its keys are those of the query pane."""

    PANE = Pane.QUERY
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.QUERY)

    class Pressed(Message):
        """A key of the pane was pressed; `name` is the action."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class FocusChanged(Message):
        """The line got or lost the focus."""

    def on_focus(self, event: Focus) -> None:
        """Tell of it."""
        del event
        self.post_message(self.FocusChanged())

    def on_blur(self, event: Blur) -> None:
        """Tell of it."""
        del event
        self.post_message(self.FocusChanged())

    def action_complete(self) -> None:
        """Take the completion that is marked."""
        self.post_message(self.Pressed("complete"))

    def action_previous(self) -> None:
        """Go to the completion above, or to an earlier query."""
        self.post_message(self.Pressed("previous"))

    def action_next(self) -> None:
        """Go to the completion below, or to a later query."""
        self.post_message(self.Pressed("next"))

    def action_leave_query(self) -> None:
        """Leave the bar as it was."""
        self.post_message(self.Pressed("leave"))


class QueryBar(Widget):
    """One line with the query.

    Attributes:
        read: reads a query, as the screen does; raises `QueryError`.
        values: gives the values of a field to complete with.
        earlier: queries asked before, the latest last.
    """

    class Typed(Message):
        """A query was typed; the screen counts what it would match. None if it cannot be read."""

        def __init__(self, query: Query | None) -> None:
            super().__init__()
            self.query = query

    class Submitted(Message):
        """The reader asks a query."""

        def __init__(self, text: str, query: Query) -> None:
            super().__init__()
            self.text = text
            self.query = query

    class Left(Message):
        """The reader leaves the bar without asking."""

    def __init__(
        self, read: Callable[[str], Query], values: Values, earlier: Callable[[], Sequence[str]]
    ) -> None:
        super().__init__()
        self._read = read
        self._values = values
        self._earlier = earlier
        self._asked = ""
        self._placed = ""
        """What the program put in the line."""
        self._is_edited = False
        self._is_refused = False
        """Whether what stands in the line was asked, and could not be read."""
        self._looked_at = ("", 0)
        self._completions: list[Completion] = []
        self._marked = 0
        self._is_mark_moved = False
        self._recalled: int | None = None
        self._is_leaving = False
        self._draft = ""
        """What was typed last and not asked."""
        self._error: QueryError | None = None

    def compose(self) -> ComposeResult:
        """Make prompt, line and preview."""
        prompt = TextLines(id="prompt")
        prompt.lines = ((Span(PROMPT, "key"),),)
        yield prompt
        yield QueryInput(
            placeholder="a query, such as type:authentication result:failure", select_on_focus=False
        )
        yield TextLines(id="preview")

    def on_mount(self) -> None:
        """Look where the cursor goes."""
        self.watch(self._input, "selection", self._look_where_it_is, init=False)

    @property
    def _input(self) -> QueryInput:
        return self.query_one(QueryInput)

    def show(self, text: str) -> None:
        """Show the query that is in force, if none is being typed."""
        self._asked = text
        if not self._is_being_typed:
            self._restore()

    def show_asked(self, text: str) -> None:
        """Show a query that is being asked, if none is being typed; `show` ends it."""
        self.show(text)
        if not self._is_being_typed:
            self.preview(ASKING)

    @property
    def _is_being_typed(self) -> bool:
        return self._is_edited and self._input.has_focus

    def edit(self) -> None:
        """Take the focus, to edit the query in force."""
        self._input.focus()

    def on_click(self) -> None:
        """A click beside the line edits it, too."""
        self.edit()

    def preview(self, line: Line) -> None:
        """Say how many events the query would match."""
        preview = self.query_one("#preview", TextLines)
        preview.lines = (line,)
        preview.styles.width = width_of(line)

    def _restore(self) -> None:
        if self._is_edited:
            self._draft = self._input.value.strip()
        self._recalled = None
        self._put_whole(self._asked)
        self.preview(())

    def _put_whole(self, text: str) -> None:
        """Put a query in the line; the reader's cursor stands where its next term begins."""
        self._put(f"{text} " if text and self._input.has_focus else text)

    def _put(self, text: str) -> None:
        self._is_edited = False
        self._placed = text
        self._set(text)
        self._look()

    def _set(self, text: str) -> None:
        with self.prevent(QueryInput.Changed):
            self._input.value = text
        # A query that is not typed on is shown from its beginning.
        self._input.cursor_position = len(text) if self._input.has_focus else 0

    # --- what is typed -----------------------------------------------------------

    @on(QueryInput.Changed)
    def _on_changed(self, event: QueryInput.Changed) -> None:
        event.stop()
        is_first, self._is_edited = not self._is_edited, True
        if is_first and self._is_behind_a_query and event.value == f"{self._placed} ":
            self._set(self._placed)  # the space that is typed by habit stands there already
        self._recalled = None
        self._is_leaving = False
        if is_first:
            self._look()
        else:
            self._look_where_it_is()
        self.post_message(self.Typed(self._parsed()))

    def _parsed(self) -> Query | None:
        """Read what stands in the line, and keep what is wrong with it."""
        try:
            query = self._read(self._input.value)
        except QueryError as error:
            self._error = error
            self._update_hints()
            return None
        self._error = None
        return query

    @property
    def _is_behind_a_query(self) -> bool:
        """Whether the program put a whole query before the cursor: a list would only hide panes."""
        return self._placed.endswith(" ")

    def _look_where_it_is(self) -> None:
        """Look, unless neither the text nor the place of the cursor is another."""
        if (self._input.value, self._input.cursor_position) != self._looked_at:
            self._look()

    def _look(self) -> None:
        """See what is wrong and, for who types, what could come next."""
        line = self._input
        self._looked_at = place = (line.value, line.cursor_position)
        self._is_refused = False
        is_typed = self._is_edited or not self._is_behind_a_query
        self._completions = complete(*place, self._values) if line.has_focus and is_typed else []
        self._marked = preferred(self._completions)
        self._is_mark_moved = False
        self._parsed()
        self._update_hints()

    @on(QueryInput.Submitted)
    def _on_submitted(self, event: QueryInput.Submitted) -> None:
        event.stop()
        query = self._parsed()
        if query is None:
            self._is_refused = True
            self._update_hints()
            return
        self._is_edited = False
        self._recalled = None
        self._draft = ""
        self.post_message(self.Submitted(event.value, query))

    # --- keys --------------------------------------------------------------------

    @on(QueryInput.Pressed)
    def _on_pressed(self, event: QueryInput.Pressed) -> None:
        event.stop()
        match event.name:
            case "complete":
                self._complete()
            case "previous":
                self._move(-1)
            case "next":
                self._move(1)
            case _:
                self._restore()
                self.post_message(self.Left())

    def preview_again(self) -> None:
        """Ask anew what the query that is being typed would match, because more was read."""
        if self._is_being_typed:
            self.post_message(self.Typed(self._parsed()))

    def complete_again(self) -> None:
        """List the completions anew, because more values are known; a marked one stays."""
        if self._input.has_focus and not self._is_mark_moved:
            self._look()

    def take(self, completion: int) -> None:
        """Take a completion that was pointed at."""
        if completion < len(self._completions):
            self._marked = completion
            self._complete()

    def _complete(self) -> None:
        if not self._completions:
            # What is typed is not left by a key that completes it, unless it is pressed again.
            if self._is_leaving or not self._is_edited:
                self.screen.focus_next()
            self._is_leaving = True
            return
        taken = self._completions[self._marked]
        line = self._input
        line.value = line.value[: taken.start] + taken.text + line.value[taken.end :]
        line.cursor_position = taken.start + len(taken.text)

    def _move(self, step: int) -> None:
        """Move among the completions; in a query that was not touched, among earlier ones.

        The latest of these is what was typed and left without being asked.
        """
        earlier = [*self._earlier(), *filter(None, [self._draft])]
        untouched = self._input.value.strip() in ("", self._asked) or self._recalled is not None
        if untouched and earlier:
            self._recall(earlier, step)
        elif self._completions:
            self._marked = (self._marked + step) % len(self._completions)
            self._is_mark_moved = True
            self._update_hints()

    def _recall(self, earlier: Sequence[str], step: int) -> None:
        at = (len(earlier) if self._recalled is None else self._recalled) + step
        self._recalled = max(0, min(at, len(earlier)))
        text = earlier[self._recalled] if self._recalled < len(earlier) else self._asked
        if text == self._draft:
            self._put(text)
        else:
            self._put_whole(text)
        query = self._parsed()
        if query is not None:
            self.post_message(self.Typed(query))

    # --- hints -------------------------------------------------------------------

    @on(QueryInput.FocusChanged)
    def _on_focus_changed(self, event: QueryInput.FocusChanged) -> None:
        event.stop()
        elsewhere = self.screen.focused
        is_touched = self._is_edited or self._recalled is not None
        if is_touched and elsewhere is not None and elsewhere is not self._input:
            self._restore()
            self.post_message(self.Typed(None))
        elif not is_touched:
            self._put_whole(self._asked)
        self._look()

    def _update_hints(self) -> None:
        for hints in self.screen.query(QueryHints):  # none when the program ends: it goes first
            hints.show(self._hints_now() if self._input.has_focus else ())

    def _hints_now(self) -> list[Hint]:
        hints = [] if self._error is None else self._error_hints(self._error)
        return [*hints, *completion_hints(self._completions, self._marked), Hint(READY)]

    def _error_hints(self, error: QueryError) -> list[Hint]:
        begun = not self._is_refused and is_begun(error, *self._looked_at)
        return error_hints(error, self.size.width, begun=begun)
