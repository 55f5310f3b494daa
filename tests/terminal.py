"""A pseudo-terminal that runs the real program and remembers the modes it was left in."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

PATIENCE_SECONDS = 120
ALTERNATE_SCREEN, CURSOR, LINE_WRAP, BRACKETED_PASTE, FOCUS = 1049, 25, 7, 2004, 1004
MOUSE = (1000, 1003, 1006, 1015)

_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(2, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY_KEYS = re.compile(rb"\x1b\[([<>])[0-9]*u")


class Terminal:
    """Runs a command with a terminal of its own, as its controlling one unless told otherwise."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        stdin: int | None = None,
        stdout: int | None = None,
        environment: Mapping[str, str] | None = None,
        controlling: bool = True,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.written = b""
        self._lines = [""] * rows
        self._stream = pyte.ByteStream(self.screen)
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes_before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [*([sys.executable, "-c", _TAKE_TERMINAL] if controlling else []), *command],
            stdin=self._slave if stdin is None else stdin,
            stdout=self._slave if stdout is None else stdout,
            stderr=self._slave,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            error.add_note(f"the end of what the program wrote:\n{self.written[-4000:].decode()}")
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._slave)
        os.close(self._master)

    @property
    def text(self) -> str:
        """What is on the screen; only lines that were written to are put together again."""
        for line in self.screen.dirty:
            cells = self.screen.buffer[line]
            self._lines[line] = "".join(cells[x].data for x in range(self.screen.columns)).rstrip()
        self.screen.dirty.clear()
        return "\n".join(self._lines)

    @property
    def attributes(self) -> list[object]:
        """The line discipline's state as it is now."""
        return termios.tcgetattr(self._slave)

    def modes(self) -> dict[int, bool]:
        """Give the modes that the program set (true) or reset (false) last."""
        return {
            int(number): action == b"h"
            for numbers, action in _MODE.findall(self.written)
            for number in numbers.split(b";")
        }

    def kitty_keys_pushed(self) -> int:
        """Count how many keyboard modes were pushed and not popped again."""
        return sum({b">": 1, b"<": -1}[sign] for sign in _KITTY_KEYS.findall(self.written))

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def hang_up(self) -> int:
        """Let go of the other end, as a lost connection does, and give the program's exit code."""
        with Path(os.devnull).open("rb") as nothing:  # the number stays taken until it is closed
            os.dup2(nothing.fileno(), self._master)
        return self.process.wait(PATIENCE_SECONDS)

    def wait_for(self, shown: Callable[[str], bool]) -> str:
        """Wait until the screen shows something, and give it."""

        def shown_or_ended() -> bool:
            ended = self.process.poll() is not None
            if ended:
                self._receive_rest()
            return ended or shown(self.text)

        self._follow(shown_or_ended, "the screen does not show it")
        assert shown(self.text), f"the program ended with {self.process.returncode}"
        return self.text

    def wait_for_end(self) -> int:
        """Wait until the program ended, and give its exit code."""
        self._follow(lambda: self.process.poll() is not None, "the program does not end")
        self._receive_rest()
        return self.process.wait()

    def _follow(self, reached: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            self._receive(0.05)
            assert time.monotonic() < deadline, f"{complaint}:\n{self.text}"

    def _receive_rest(self) -> None:
        while self._receive(0):
            pass

    def _receive(self, patience: float) -> bool:
        if not select.select([self._master], [], [], patience)[0]:
            return False
        data = os.read(self._master, 1 << 16)
        self.written += data
        self._stream.feed(data)
        return True
