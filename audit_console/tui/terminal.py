"""The terminal that the app is drawn on, and that it outlives."""

from __future__ import annotations

import io
import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual import on
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import ANSIToTruecolor, LineFilter
from textual.message import Message

from audit_console.tui.themes import DARK, LIGHT

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_SECONDS_BETWEEN_LOOKS = 0.1
_MOST_BYTES = 4096
_STANDARD_ERROR = 2


class OnTerminal(App[None]):
    """An app that takes a terminal as it is: with its own colours, or gone in the meantime."""

    def __init__(self) -> None:
        # Without colours a terminal's own two are used, and no grey in their place.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    def action_toggle_theme(self) -> None:
        """Change between light and dark."""
        if self.ansi_color:
            self.notify("NO_COLOR is set: the terminal's own two colours are used")
        else:
            self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

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

    def on_resize(self) -> None:
        """Draw all of it: a terminal that was small for a moment lost what it had no room for."""
        self.call_after_refresh(self.refresh)

    @property
    def crash(self) -> Exception | None:
        """The fault of the program that ended it, if one did."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without Textual's report, which prints variables and so the log's text."""
        self._close_messages_no_wait()

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
    """Draws on standard error, whether or not anybody is there to see it.

    It draws in UTF-8, as keys are read, also under a locale that says otherwise: a session over
    SSH often brings none, and its rules and bars were drawn as their numbers.
    """

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
            self._file = io.TextIOWrapper(terminal, "utf-8", file.errors)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Ask the terminal that is drawn on: Textual asks standard output, which may be a file."""
        with suppress(OSError):
            size = os.get_terminal_size(_STANDARD_ERROR)
            if size.columns and size.lines:
                return size.columns, size.lines
        return super()._get_terminal_size()

    def _sigcont_application(self, *args: object) -> None:
        """Go on in the loop: not amidst what it does, nor amidst another signal of this kind."""
        del args
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        """Take the terminal again, also one that was not left, as at SIGSTOP.

        Textual's would then keep the modes of the screen as those that it found, and set them at
        the end; behind the end, it would fail.
        """
        if not self._app.is_running:
            return
        if self._key_thread is None or self._must_signal_resume:
            super()._sigcont_application()
            return
        found = self.attrs_before
        self.disable_input()
        self.write("\x1b[<u")  # the mode of keys is set once more
        self.close()
        self._must_signal_resume = True
        super()._sigcont_application()
        self.attrs_before = found

    def run_input_thread(self) -> None:
        """Read what is typed until the app ends, and what is on its way then.

        Textual's ends the program at a byte that is no UTF-8, as a terminal in Latin-1 sends it.
        """
        parser = XTermParser()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            is_ending = False
            while not is_ending:
                is_ending = self.exit_event.is_set()
                if selector.select(_SECONDS_BETWEEN_LOOKS):
                    typed = decode(os.read(self.fileno, _MOST_BYTES))
                    self._process(parser.feed(typed) if typed else ())
                self._process(parser.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


class _UntilGone(io.FileIO):
    """Takes what is drawn for a terminal that has gone, too.

    An error would end the thread that writes, for which the app would wait for ever.
    """

    def write(self, drawn: ReadableBuffer, /) -> int:
        try:
            return super().write(drawn)
        except OSError:
            return memoryview(drawn).nbytes
