"""The terminal that the app is drawn on, and that it outlives."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import ANSIToTruecolor, LineFilter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OnTerminal(App[None]):
    """An app that takes a terminal as it is: with its own colours, or gone in the meantime."""

    def __init__(self) -> None:
        # Without colours a terminal's own two are used, and no grey in their place.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)

    def action_suspend(self) -> None:
        """Stop, with all that the shell started beside it, until the shell says `fg`."""
        if self.is_headless or os.getpgrp() == os.getsid(0):
            self.notify("no shell waits for this program")
        else:
            os.kill(0, signal.SIGTSTP)

    @on(Driver.SignalResume)
    def _draw_all_again(self) -> None:
        """Draw what is on the screen, of which the terminal knows nothing any more."""
        self.refresh(layout=True)

    def get_driver_class(self) -> type[Driver]:
        """Take one that nobody has to wait for."""
        return TerminalDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Leave out the one for the terminal's own colours: the themes have none.

        It makes each line anew, a third of what painting takes.
        """
        filters = super().get_line_filters()
        return [each for each in filters if not isinstance(each, ANSIToTruecolor)]


class TerminalDriver(LinuxDriver):
    """Draws on standard error, whether or not anybody is there to see it."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if (file := self._file) is not None:
            terminal = io.BufferedWriter(_UntilGone(file.fileno(), "w", closefd=False))
            self._file = io.TextIOWrapper(terminal, file.encoding, file.errors)


class _UntilGone(io.FileIO):
    """Takes what is drawn for a terminal that has gone, too.

    An error would end the thread that writes, for which the app would wait for ever.
    """

    def write(self, drawn: ReadableBuffer, /) -> int:
        try:
            return super().write(drawn)
        except OSError:
            return memoryview(drawn).nbytes
