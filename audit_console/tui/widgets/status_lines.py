"""The one-line widgets around the panes: header, counts, keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.events import Click
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.sources.protocol import NOTHING_NEW
from audit_console.tui.actions import Pane
from audit_console.tui.keymap import keymap_of
from audit_console.tui.painting import Line, LinePainter, Span, fit, width_of
from audit_console.tui.session import Session
from audit_console.tui.wording import VERDICTS, moment, number


class SessionLine(LinePainter):
    """Base of lines that say something about the open log."""

    session: reactive[Session | None] = reactive(None)


LEAST_OF_LABEL = 12
"""Cells of the name of a log that are worth more than its kind."""

WIDE_HEADER = 100
"""Cells from which on the header names the program, and counts the events in any case."""


PIPED_IN = "standard input, to its end"
"""What is piped in is copied as a whole before it is shown."""


class SourceHeader(SessionLine):
    """Program, environment, source, kind, rows and verdict."""

    opening: reactive[tuple[str, ...]] = reactive(())
    """Places that are being opened while no log is."""

    def render_line(self, y: int) -> Strip:
        """Draw the line; the verdict is never cut, the label gives way."""
        del y
        width = self.size.width
        if self.session is None:
            names = "  ".join(PIPED_IN if place == "-" else place for place in self.opening)
            opening = Span(f"  … opening {names}" if names else "", "warn")
            return self.paint((Span(" audit-console", "heading"), opening), width)
        left, right = self._sides(self.session)
        gap = max(0, width - width_of(left) - width_of(right))
        return self.paint((*left, Span(" " * gap), *right), width)

    def _sides(self, session: Session) -> tuple[Line, Line]:
        """Name the log, and say its rows, verdict, and how far it is sealed, as there is room."""
        width = self.size.width
        is_wide = width >= WIDE_HEADER
        program = (Span(" audit-console ", "heading"),) if is_wide else ()
        before = (*program, *session.mark)
        label = width_of((*before, Span(f" {safe_text(session.source.label)}"), *_kind(session)))
        verdict, brief = verdict_line(session), verdict_line(session, short=not is_wide)
        choices = (*verdict, *sealed_line(session)), verdict, brief
        right = next((one for one in choices if label + 2 + width_of(one) <= width), brief)
        return _named(session, before, width - width_of(right) - 2), right

    async def on_click(self, event: Click) -> None:
        """A click on the verdict shows what it rests on."""
        if self.session is None:
            return
        _, verdict = self._sides(self.session)
        if event.x >= self.size.width - width_of(verdict):
            await self.run_action("app.integrity")


def _named(session: Session, before: Line, room: int) -> Line:
    """Name the log; in little room its kind gives way first, then all of it."""
    label, kind = safe_text(session.source.label), _kind(session)
    room -= width_of(before)
    length = width_of((Span(label),))
    if room - width_of(kind) >= min(length, LEAST_OF_LABEL):
        room -= width_of(kind)
    else:
        kind = ()
    if room < 1:
        return ()
    name = fit(label, room, keep_end=True) if length > room else label
    return (*before, Span(f" {name}", "name"), *kind)


def _kind(session: Session) -> Line:
    kind, files = session.source.kind, count(len(session.status.files), "file")
    is_said = not session.status.files or session.source.label.endswith(f" · {files}")
    return (Span(f"  {kind}" if is_said else f"  {kind} · {files}", "muted"),)


def verdict_line(session: Session, *, short: bool = False) -> Line:
    """Say rows and verdict, each state with a word and a symbol."""
    spans = [Span(" " if short else f" {count(session.status.events, 'event')}   ", "muted")]
    if session.status.malformed:
        spans.append(Span(f"✘ {number(session.status.malformed)} bad  ", "bad"))
    spans.extend(_verdict(session))
    if session.partial:
        spans.append(Span(" · ◐ partial", "warn"))
    return (*spans, Span(" "))


def sealed_line(session: Session) -> Line:
    """Say how many events trusted checkpoints cover, and how many not; nothing without one."""
    verification = session.verification
    if verification is None or not verification.sealed:
        return ()
    unsealed = verification.unsealed
    return (
        Span(f" {number(verification.sealed)} sealed", "muted"),
        Span(f" · {number(unsealed)} unsealed ", "warn" if unsealed else "muted"),
    )


def _verdict(session: Session) -> list[Span]:
    if session.verification is not None:
        return [VERDICTS[session.verification.verdict]]
    if session.error is not None:
        return [Span("✘ ERROR", "bad")]
    percent = "" if session.fraction is None else f" {session.fraction * 100:.0f} %"
    checking = Span(f"… checking{percent}", "warn")
    if not session.faults:
        return [checking]
    return [checking, Span(f" · ✘ {count(session.faults, 'fault')}", "bad")]


BREVITIES = 6
"""Wordings of the line below, each narrower than the one before."""


class Completeness(SessionLine):
    """What the rows above are a part of. Never silent about what is left out."""

    counts: reactive[tuple[int | None, int | None]] = reactive((0, 0))
    """How many events match, and of how many; None while it is counted."""
    where: reactive[Filter] = reactive(EVERYTHING)
    lacking: reactive[tuple[tuple[str, int], ...]] = reactive(())
    """Fields of negated terms, and how many of the events lack them."""
    taking_in: reactive[bool] = reactive(False)
    """Whether what is new is being read."""
    unanswered: reactive[str] = reactive("")
    """What is on the screen in the place of an answer that could not be had; empty without one."""

    def ask(self, where: Filter) -> None:
        """Show another filter; what the one before kept is no number of this one."""
        if where != self.where:
            self.counts = (None, self.counts[1])
        self.where, self.lacking = where, ()

    def render_line(self, y: int) -> Strip:
        """Draw the widest wording that fits."""
        del y
        if self.session is None:
            return self.paint((), self.size.width)
        key = keymap_of(self).label_of(Pane.INVESTIGATE, "take_in")
        for brevity in range(BREVITIES):
            line = completeness_line(
                self.session, self.counts, self.where, brevity, lacking=self.lacking
            )
            line = (*self._before(self.session, key, short=brevity > 0), *line)
            if width_of(line) <= self.size.width:
                break
        return self.paint(line, self.size.width)

    def _before(self, session: Session, key: str, *, short: bool) -> Line:
        """Say first what the reader can do something about."""
        if self.taking_in:
            return (Span(" … reading what is new ", "warn"), Span("·", "rule"))
        reasons = [*_unreached(session, short=short), *filter(None, [self.unanswered])]
        if session.news.changed is None and reasons:
            why = reasons[-1] if short else ", ".join(reasons)
            return (Span(f" ✘ {why}: press {key} to ask again ", "bad"), Span("·", "rule"))
        return _news(session, key, short=short)

    async def on_click(self) -> None:
        """Take in the news, where there are some, or ask again."""
        session = self.session
        if session is None:
            return
        if self.unanswered or session.unreached or session.news != NOTHING_NEW:
            await self.run_action("screen.take_in")


class WholeLog(Completeness):
    """The same of a screen that shows the log without a filter: what was read, and of no index."""

    def validate_session(self, session: Session | None) -> Session | None:
        """Leave out what an index says."""
        return session and replace(session, status=session.status.as_read)

    def watch_session(self, session: Session | None) -> None:
        """Count what was read."""
        events = 0 if session is None else session.status.events
        self.counts = (events, events)


def completeness_line(
    session: Session,
    counts: tuple[int | None, int | None],
    where: Filter,
    brevity: int,
    *,
    lacking: Sequence[tuple[str, int]],
) -> Line:
    """Say how many events matched of how many read, which lines are bad, and what is verified.

    Args:
        session: the open log.
        counts: events that the filter keeps, and those of the log, None while it is counted.
        where: the filter.
        brevity: 0 in full, 1 in short words, 2 without the times, 3 without what is said by
            other numbers, 4 without what is said elsewhere, 5 with names alone of what is lacking.
        lacking: fields of negated terms, and how many of the events lack them.
    """
    status = session.status
    short, shorter = brevity > 0, brevity > 2
    parts = [_state(session, short=short)]
    kept, read = counts
    events = _counted(read if status.asks_store else status.events)
    of = f"{_counted(kept)} of {events}" if where else f"{events} of {events}"
    matched = of if shorter else f"{of} matched"
    parts.append(Span(f"{events} events" if short and not where else matched))
    without = _without(lacking, brevity)
    if not shorter:
        lines = "row" if status.asks_store else "line"
        of_lines = count(status.lines, lines) + ("" if short else " read")
        parts += [*without, Span(of_lines, "muted")]
    if status.malformed or brevity < 4:
        role = "bad" if status.malformed else "muted"
        parts.append(Span(f"{number(status.malformed)} bad", role))
    if session.verification is not None and brevity < 4:
        parts.append(Span(f"{number(session.verification.verified)} verified", "muted"))
    if shorter:
        parts += without
    if brevity < 2:
        parts.append(Span(_window(session, short=short), "muted"))
    line = [Span(" ")]
    for part in filter(None, parts):
        line += [Span(" · ", "rule"), part] if len(line) > 1 else [part]
    return tuple(line)


def _without(lacking: Sequence[tuple[str, int]], brevity: int) -> list[Span]:
    """Say which events a negated term keeps because they lack its field."""
    found = [(field, number(events)) for field, events in lacking if events]
    if brevity < 4:
        includes = "includes " if brevity < 3 else ""
        return [Span(f"{includes}{events} without {field}", "warn") for field, events in found]
    names = [field if brevity > 4 else f"{field} ({events})" for field, events in found]
    return [Span(f"some without {', '.join(names)}", "warn")] if names else []


def _counted(events: int | None) -> str:
    return "…" if events is None else number(events)


def _state(session: Session, *, short: bool) -> Span | None:
    if session.status.indexed is not None:
        written = "" if short else f" of {moment(session.status.indexed, width=19)} UTC"
        if session.partial:
            return Span(f"◐ from the index{written}, not verified", "warn")
        return Span(f"… from the index{written}, being verified", "warn")
    if session.partial:
        return Span("◐ partial" if short else "◐ partial: reading ended early", "warn")
    return Span("… loading", "warn") if session.loading else None


def _unreached(session: Session, *, short: bool) -> list[str]:
    if session.unreached is None:
        return []
    return [_in_room(session.unreached, "the log cannot be reached", short=short)]


def _in_room(reason: str, briefly: str, *, short: bool) -> str:
    return briefly if short else safe_text(reason, limit=100)


def _news(session: Session, key: str, *, short: bool) -> Line:
    """Say what waits below, or that the log is no more as it is shown."""
    news = session.news
    if news.changed is not None:
        changed = _in_room(news.changed, "the log changed or is gone", short=short)
        return (Span(f" ✘ {changed}: press {key} to read it again ", "bad"), Span("·", "rule"))
    if not news.lines:
        return ()
    new = count(news.lines, "new row" if session.status.asks_store else "new line")
    return (Span(f" ▾ {new}: press {key} ", "key"), Span("·", "rule"))


def _window(session: Session, *, short: bool) -> str:
    first, last = session.status.first, session.status.last
    if first is None or last is None:
        return "no times"
    start, end = moment(first, width=19), moment(last, width=19)
    if not short:
        return f"{start} to {end} UTC"
    if start[:10] == end[:10]:
        return start[:10]
    return f"{start[:10]} to {end[5:10] if start[:4] == end[:4] else end[:10]}"


class KeyBar(LinePainter):
    """The footer: keys of what has the focus, as many as fit."""

    entries: reactive[tuple[tuple[str, str, str], ...]] = reactive(())
    """(key to press, its label, title) of each action."""

    def render_line(self, y: int) -> Strip:
        """Draw the keys."""
        del y
        spans: list[Span] = []
        for _, label, title in self._fitting():
            spans += [Span(f" {label}", "key"), Span(f" {title} ", "muted")]
        return self.paint(spans, self.size.width)

    def _fitting(self) -> list[tuple[str, str, str]]:
        """Give the entries that fit; the last one, which leads to all others, always does."""
        room = self.size.width - sum(map(_entry_width, self.entries[-1:]))
        fitting: list[tuple[str, str, str]] = []
        for entry in self.entries[:-1]:
            room -= _entry_width(entry)
            if room < 0:
                break
            fitting.append(entry)
        return [*fitting, *self.entries[-1:]]

    def on_click(self, event: Click) -> None:
        """Press the key under the pointer."""
        position = 0
        for entry in self._fitting():
            position += _entry_width(entry)
            if event.x < position:
                self.app.simulate_key(entry[0])
                return


def _entry_width(entry: tuple[str, str, str]) -> int:
    return len(entry[1]) + len(entry[2]) + 3
