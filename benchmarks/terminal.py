"""A terminal that notes when a frame is on the screen: a pseudo-terminal and a screen model."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from typing import Self

import pyte

from benchmarks.measure import reap

FRAME_START, FRAME_END = b"\x1b[?2026h", b"\x1b[?2026l"
ASKS_FOR_FRAMES = b"\x1b[?2026$p"
HAS_FRAMES = b"\x1b[?2026;2$y"
PATIENCE_SECONDS = 300.0
QUIT = b"\x11"
VERDICTS = ("INCOMPLETE", "INTACT", "PASS", "FAIL")


class Terminal:
    """Runs a program in a pseudo-terminal and follows what it paints.

    The terminal says that it supports synchronized output, so the program marks
    where a frame begins and ends, and only whole frames are looked at.
    """

    def __init__(self, command: Sequence[str], *, columns: int = 120, rows: int = 40) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.peak_bytes = 0
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._state = tempfile.TemporaryDirectory(prefix="benchmark-")
        environment = os.environ | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            # The user's recent sources and indexes stay the user's, and no index is there yet.
            "XDG_CACHE_HOME": self._state.name,
            "XDG_STATE_HOME": self._state.name,
        }
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGKILL)  # kill() would reap it, and lose its figures
            self.peak_bytes = reap(self._process)
        os.close(self._master)
        self._state.cleanup()

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def wait_until(self, shown: Callable[[], bool]) -> float:
        """Wait for a whole frame for which `shown` holds; give the time it arrived.

        Raises:
            TimeoutError: no such frame came.
            EOFError: the program ended before.
        """
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while (left := deadline - time.perf_counter()) > 0:
            arrived = self._receive(left)
            if arrived is not None and shown():
                return arrived
        raise TimeoutError(f"not shown after {PATIENCE_SECONDS:.0f} s:\n{self.text}")

    def press(self, keys: bytes) -> float:
        """Press a key when the screen is at rest; give the seconds to the frame that follows."""
        self.rest(0.1)
        before = self._cells()
        pressed = time.perf_counter()
        os.write(self._master, keys)
        return self.wait_until(lambda: self._cells() != before) - pressed

    def rest(self, seconds: float) -> None:
        """Wait until nothing was painted for so long."""
        while self._receive(seconds) is not None:
            pass

    def quit(self) -> None:
        """Press the key that ends the program, and wait for its end."""
        os.write(self._master, QUIT)
        try:
            self.wait_until(lambda: False)
        except EOFError:
            self.peak_bytes = reap(self._process)

    def _cells(self) -> list[list[pyte.screens.Char]]:
        columns = range(self.screen.columns)
        return [[self.screen.buffer[row][x] for x in columns] for row in range(self.screen.lines)]

    def _receive(self, patience: float) -> float | None:
        """Take in what was written, whole frames; give the time when the last byte arrived.

        A frame is read to its end before it is looked at: understanding it takes longer
        than painting it and would hold the program up.
        """
        if not select.select([self._master], [], [], patience)[0]:
            return None
        data = self._read()
        while data.rfind(FRAME_START) > data.rfind(FRAME_END):
            data += self._read()
        arrived = time.perf_counter()
        if ASKS_FOR_FRAMES in data:
            os.write(self._master, HAS_FRAMES)
        self._stream.feed(data)
        return arrived

    def _read(self) -> bytes:
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            data = b""
        if not data:
            raise EOFError(f"the program ended:\n{self.text}")
        return data


def first_rows(terminal: Terminal) -> bool:
    """Tell whether events of a log are on the screen."""
    return "user-" in terminal.text


def until_verified(terminal: Terminal) -> None:
    """Wait until the screen says what the check of the log came to."""
    terminal.wait_until(lambda: any(verdict in terminal.text for verdict in VERDICTS))
