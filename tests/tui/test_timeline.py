from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from audit_console import tui
from audit_console.core.timespan import Duration
from audit_console.search.timeline import Bar, Histogram
from audit_console.tui.themes import DARK
from audit_console.tui.widgets.timeline import TimelinePane
from audit_console.tui.widgets.timeline_bars import axis_line, bar_column, bar_mark, span_line
from tests.tui.support import PaneScreen, until

DAY = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def histogram_of(
    totals: Sequence[int],
    failures: Sequence[int] = (),
    bursts: tuple[int, ...] = (),
    start: datetime = DAY,
) -> Histogram:
    failed = [*failures, *[0] * (len(totals) - len(failures))]
    bars = tuple(
        Bar(start + HOUR * at, start + HOUR * (at + 1), (total - failed[at], failed[at], 0, 0))
        for at, total in enumerate(totals)
    )
    return Histogram(Duration(1, "h"), bars, bursts)


class PaneApp(App[None]):
    """A timeline alone, as high as is asked for. Keeps what it says."""

    CSS_PATH: ClassVar[str] = str(Path(tui.__file__).parent / "app.tcss")

    def __init__(self, height: int = 5, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.register_theme(DARK)
        self.theme = DARK.name
        self.height = height
        self.said: list[Message] = []

    def get_default_screen(self) -> PaneScreen:
        """Make a screen that has styles for the pane."""
        return PaneScreen()

    def compose(self) -> ComposeResult:
        """Make the pane."""
        pane = TimelinePane()
        pane.styles.height = self.height
        yield pane

    @on(TimelinePane.RangeAsked)
    @on(TimelinePane.CloseAsked)
    @on(TimelinePane.Resized)
    def _keep(self, message: Message) -> None:
        self.said.append(message)

    @property
    def pane(self) -> TimelinePane:
        """The pane."""
        return self.query_one(TimelinePane)

    @property
    def drawn(self) -> list[str]:
        """The lines of the pane."""
        strips = self.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips[: self.height]]

    def asked(self) -> list[tuple[datetime, datetime | None]]:
        """The ranges that were asked for."""
        return [
            (message.start, message.end)
            for message in self.said
            if isinstance(message, TimelinePane.RangeAsked)
        ]


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def brushed(app: PaneApp) -> tuple[int, int] | None:
    brush = app.pane.brush
    return None if brush is None else (brush.first, brush.last)


async def show(pilot: Pilot[None], histogram: Histogram, *, partial: bool = False) -> None:
    assert isinstance(pilot.app, PaneApp)
    pilot.app.pane.show(histogram, partial=partial)
    pilot.app.pane.focus()
    await pilot.pause()


async def test_bars_are_drawn_over_three_rows() -> None:
    app = PaneApp(5)
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([24, 8, 0, 1, 20] * 15, [0, 8, 0, 0, 4] * 15, (1,)))
        app.screen.set_focus(None)
        await pilot.pause()

        assert app.drawn[0][1:6] == "█   ▄"
        assert app.drawn[1][1:6] == "█   █"
        assert app.drawn[2][1:6] == "█▓·▁▓"
        assert app.drawn[3][1:11] == " ▴  x ✘  x"
        assert app.drawn[4].startswith(" 2026-11-20 00:00 ─")
        assert "1h a bar · highest 24 · ▴ 1 burst" in app.drawn[4]
        assert app.drawn[4].endswith("2026-11-23 03:00 UTC")


async def test_a_low_pane_keeps_the_axis_and_the_lowest_the_bars() -> None:
    for height, axis in ((2, " 2026-11-20 00:00 ──"), (1, " █▓·▁")):
        app = PaneApp(height)
        async with app.run_test(size=(80, 24)) as pilot:
            await show(pilot, histogram_of([24, 8, 0, 1] * 18, [0, 8]))
            app.screen.set_focus(None)
            await pilot.pause()

            assert app.drawn[0][1:5] == "█▓·▁"
            assert app.drawn[-1].startswith(axis)


async def test_few_bars_are_wide() -> None:
    app = PaneApp(3)
    async with app.run_test(size=(40, 10)) as pilot:
        await show(pilot, histogram_of([8, 0, 4, 8, 2], bursts=(0,)))

        assert app.drawn[0] == " " + "█" * 7 + "·" * 7 + "▄" * 7 + "█" * 7 + "▂" * 7
        assert app.drawn[1] == "    ▴"


async def test_the_bar_under_the_cursor_says_what_is_in_it() -> None:
    app = PaneApp(5)
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1_200, 30, 5], [3, 30], (1,)))

        assert app.drawn[4] == (" bar 2026-11-20 00:00 to 01:00 UTC  1,200 events  ✔ 1,197  ✘ 3")
        await press(pilot, "right")
        assert app.drawn[4].endswith("01:00 to 02:00 UTC  30 events  ✘ 30  ▴ burst")


async def test_the_cursor_moves_and_stays_on_the_bars() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 6))
        places = []
        for key in ("left", "right", "l", "G", "right", "h", "home", "end"):
            await press(pilot, key)
            places.append(app.pane.cursor)

        assert places == [0, 1, 2, 5, 5, 4, 0, 5]


async def test_bursts_are_gone_to() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1, 9, 1, 1, 9, 1], bursts=(1, 4)))
        places = []
        for key in ("n", "n", "n", "N", "N"):
            await press(pilot, key)
            places.append(app.pane.cursor)

        assert places == [1, 4, 4, 1, 1]
        assert app.drawn[4] == " no earlier bar stands out · 1 later"
        app.pane.blur()
        await pilot.pause()
        assert app.drawn[4].startswith(" 2026-11-20 00:00")
        app.pane.focus()
        await press(pilot, "right")
        assert app.drawn[4].startswith(" bar 2026-11-20 02:00")


async def test_zoom_asks_for_the_time_of_the_bar() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 6))
        await press(pilot, "right", "enter", "right", "z")

        assert app.asked() == [(DAY + HOUR, DAY + 2 * HOUR), (DAY + 2 * HOUR, DAY + 3 * HOUR)]


@pytest.mark.parametrize(
    ("keys", "first", "last"),
    [
        ("space right right space right", 2, 4),
        ("space left left", 0, 2),
        ("shift+right shift+right shift+left", 2, 3),
        ("shift+left H L", 1, 2),
        ("shift+right right right shift+right", 5, 6),
        ("space right space shift+right", 2, 4),
        ("shift+right space right right", 3, 5),
    ],
)
async def test_a_brush_widens(keys: str, first: int, last: int) -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 8))
        app.pane.cursor = 2
        await press(pilot, *keys.split())

        brush = app.pane.brush
        assert brush is not None
        assert (brush.first, brush.last) == (first, last)
        assert app.drawn[4].startswith(" brush 2026-11-20")
        await press(pilot, "enter")
        assert app.asked() == [(DAY + HOUR * brush.first, DAY + HOUR * (brush.last + 1))]
        assert app.pane.brush is None


async def test_escape_drops_the_brush_and_then_leaves() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 8))
        await press(pilot, "space", "right", "escape")
        assert not app.pane.brush
        closings = [said for said in app.said if isinstance(said, TimelinePane.CloseAsked)]
        assert closings == []
        await press(pilot, "escape")
        assert isinstance(app.said[-1], TimelinePane.CloseAsked)


async def test_the_mouse_moves_brushes_and_zooms() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 78))
        await pilot.click(TimelinePane, offset=(11, 1))
        assert app.pane.cursor == 10
        assert brushed(app) is None

        await pilot.mouse_down(TimelinePane, offset=(21, 1))
        await pilot.hover(TimelinePane, offset=(31, 3))
        await pilot.mouse_up(TimelinePane, offset=(31, 3))
        assert brushed(app) == (20, 30)

        await pilot.click(TimelinePane, offset=(5, 1), times=2)
        await pilot.pause()
        assert app.asked()[-1] == (DAY + 4 * HOUR, DAY + 5 * HOUR)
        await pilot.click(TimelinePane, offset=(79, 1))
        assert app.pane.cursor == 77


async def test_cursor_and_brush_stay_on_their_times() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 8))
        app.pane.cursor = 3
        await press(pilot, "shift+right")
        await show(pilot, histogram_of([1] * 12, start=DAY - 2 * HOUR))

        assert app.pane.cursor == 6
        assert app.pane.brush is not None
        assert (app.pane.brush.first, app.pane.brush.last) == (5, 6)

        wider = Histogram(Duration(2, "h"), histogram_of([1] * 6).bars, ())
        await show(pilot, wider)
        assert app.pane.brush is None


async def test_it_says_how_many_bars_it_wants() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(160, 45)
        await until(pilot, lambda: len(app.said) >= 2, "both widths are told")

        wanted = [said.bars for said in app.said if isinstance(said, TimelinePane.Resized)]
        assert wanted == [78, 158]
        assert app.pane.bars_wanted == 158


async def test_it_is_dim_until_the_next_answer_and_blank_without_one() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([1] * 8), partial=True)
        app.screen.set_focus(None)
        await pilot.pause()
        assert "so far" in app.drawn[4]
        app.pane.dim()
        assert app.pane.has_class("-stale")
        await show(pilot, histogram_of([1] * 8))
        assert not app.pane.has_class("-stale")
        app.pane.clear()
        await pilot.pause()
        assert app.drawn == [""] * 5
        await press(pilot, "right", "G", "n", "N", "space", "shift+right", "enter", "escape")
        assert app.asked() == []


async def test_the_cursor_is_seen_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = PaneApp(ansi_color=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, histogram_of([5] * 78))
        strip = app.screen._compositor.render_strips()[1]

        reversed_cells = [
            segment.text for segment in strip if segment.style and segment.style.reverse
        ]
        assert len(reversed_cells) == 1


def test_a_bar_is_stacked_from_what_failed() -> None:
    bar = Bar(DAY, DAY + HOUR, (8, 8, 4, 4))

    column = [span.text for span in bar_column(bar, 24, 6)]

    assert column == ["█", "█", "░", "▒", "▓", "▓"]


def test_a_small_bar_is_never_nothing() -> None:
    column = bar_column(Bar(DAY, DAY + HOUR, (1, 0, 0, 0)), 10_000_000, 3)

    assert [span.text for span in column] == [" ", " ", "▁"]


def test_marks_say_how_much_failed() -> None:
    marks = [
        bar_mark(Bar(DAY, None, (10 - failed, failed, 0, 0)), is_burst=False).text
        for failed in (0, 1, 4, 5, 10)
    ]

    assert marks == [" ", "x", "x", "✘", "✘"]


def test_the_end_of_time_is_named() -> None:
    found = Histogram(Duration(1, "y"), (Bar(DAY, None, (1, 0, 0, 0)),), ())
    line = "".join(span.text for span in span_line(found, 0, 0, "bar"))
    axis = "".join(span.text for span in axis_line(found, 1, 40, partial=True))

    assert line == "bar 2026-11-20 to the end of time UTC  1 event  ✔ 1"
    assert "so far" in axis
