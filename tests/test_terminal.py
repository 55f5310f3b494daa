"""The real program in a real terminal, which it leaves as it found it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, run_here
from tests.support.effort import UNMEASURED
from tests.terminal import (
    ALTERNATE_SCREEN,
    BRACKETED_PASTE,
    CURSOR,
    FOCUS,
    LINE_WRAP,
    MOUSE,
    Terminal,
)

pytestmark = UNMEASURED  # the program runs in processes of its own, which are not measured

VECTOR = Path(__file__).parent / "vectors" / "v1"
SMALL_LOG = str(VECTOR / "audit.jsonl")
"""Where what is in the log is not the question: the demo takes twice as long."""
DOWN, PAGE_DOWN, ENTER, QUIT, SUSPEND = b"\x1b[B", b"\x1b[6~", b"\r", b"\x11", b"\x1a"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the program, and nobody else, makes its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def demo(temporary: Path) -> Iterator[Terminal]:
    """The demo, verified and at rest."""
    assert temporary.is_dir()
    with Terminal([*PROGRAM, "demo"]) as terminal:
        terminal.wait_for(_is_verified)
        yield terminal


def _is_verified(text: str) -> bool:
    return "FAIL" in text.splitlines()[0] and re.search(r"row \d+ of 44,\d{3} ", text) is not None


@pytest.fixture
def small(temporary: Path) -> Iterator[Terminal]:
    """A small log, verified and at rest."""
    assert temporary.is_dir()
    with Terminal([*PROGRAM, SMALL_LOG]) as terminal:
        terminal.wait_for(_small_is_verified)
        yield terminal


def _small_is_verified(text: str) -> bool:
    return "INCOMPLETE" in text.splitlines()[0] and re.search(r"row \d+ of 200 ", text) is not None


def test_the_demo_is_called_so_while_it_is_written(temporary: Path) -> None:
    said = "… opening demo".encode()  # for a moment: the screen may show more when it is looked at
    with Terminal([*PROGRAM, "demo"]) as terminal:
        terminal.wait_for(lambda _: said in terminal.written)
    assert str(temporary).encode() not in terminal.written


def assert_restored(terminal: Terminal) -> None:
    modes = terminal.modes()
    assert ALTERNATE_SCREEN in modes, "the program never took the screen"
    assert not modes[ALTERNATE_SCREEN]
    assert modes[CURSOR]
    assert modes[LINE_WRAP]
    assert not modes[BRACKETED_PASTE]
    assert not modes[FOCUS]
    assert not any(modes[mode] for mode in MOUSE)
    assert terminal.kitty_keys_pushed() == 0
    assert terminal.attributes == terminal.attributes_before


def test_the_demo_is_scrolled_looked_into_and_left_which_tells_the_tampers(
    demo: Terminal, temporary: Path
) -> None:
    first_page = demo.text
    assert "row 1 of" in first_page
    demo.type(DOWN)
    demo.wait_for(lambda text: "row 2 of" in text)
    demo.type(PAGE_DOWN)
    assert demo.wait_for(lambda text: "row 2 of" not in text) != first_page
    assert "user_agent" not in demo.text
    demo.type(ENTER)
    demo.wait_for(lambda text: "user_agent" in text and "request_id" in text)
    demo.type(b"1")
    demo.wait_for(lambda text: "demo://" in text)
    demo.type(ENTER)
    demo.wait_for(lambda text: _is_verified(text) and "user_agent" not in text)
    demo.type(QUIT)
    assert demo.wait_for_end() == 1
    assert_restored(demo)
    assert list(temporary.iterdir()) == []
    assert b"Traceback" not in demo.written
    farewell = demo.written.rpartition(b"\x1b[?1049l")[2].decode()
    assert "svc-backup" in farewell
    assert "ak_9f31c7d2" in farewell


@pytest.mark.parametrize(
    ("shown", "number", "exit_code"),
    [("demo", signal.SIGTERM, 143), ("small", signal.SIGHUP, 129), ("small", signal.SIGINT, 130)],
    ids=["SIGTERM", "SIGHUP", "SIGINT"],
)
def test_a_signal_leaves_the_terminal_restored(
    request: pytest.FixtureRequest,
    temporary: Path,
    shown: str,
    number: signal.Signals,
    exit_code: int,
) -> None:
    terminal: Terminal = request.getfixturevalue(shown)
    terminal.signal(number)
    assert terminal.wait_for_end() == exit_code
    assert_restored(terminal)
    assert list(temporary.iterdir()) == []


def test_bytes_that_are_no_text_are_typed_as_such(temporary: Path) -> None:
    assert temporary.is_dir()
    with Terminal(PROGRAM) as terminal:
        terminal.wait_for(lambda text: "standing reviews" in text)
        terminal.type(b"o\xe9t\xe9/")
        terminal.wait_for(lambda text: "\ufffdt\ufffd/" in text)
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 0
        assert_restored(terminal)


def test_a_program_that_was_stopped_from_outside_goes_on_and_restores_the_terminal(
    small: Terminal,
) -> None:
    for _ in range(40):  # so that one comes while another is handled
        small.signal(signal.SIGSTOP)
        small.signal(signal.SIGCONT)
    small.wait_for(lambda _: small.written.count(b"\x1b[?1049h") > 1)
    small.type(DOWN)
    small.wait_for(lambda text: "row 2 of" in text)
    small.type(QUIT)
    assert small.wait_for_end() == 3
    assert_restored(small)


@pytest.mark.parametrize(
    ("controlling", "unread"),
    [(True, 0), (False, 40)],
    ids=["with a signal", "without one, and stalled before"],
)
def test_a_terminal_that_goes_away_ends_the_program(
    demo_log: Path, temporary: Path, controlling: bool, unread: int
) -> None:
    with Terminal([*PROGRAM, str(demo_log)], controlling=controlling) as terminal:
        terminal.wait_for(_is_verified)
        for _ in range(unread):
            terminal.type(PAGE_DOWN)
            time.sleep(0.05)  # a frame for each: more than may wait to be written
        assert terminal.hang_up() == 129
    assert list(temporary.iterdir()) == []


def test_the_shell_takes_the_terminal_and_gives_it_back() -> None:
    with Terminal(["/bin/bash", "--norc", "-i"], environment={"PS1": "shell> "}) as terminal:
        terminal.wait_for(lambda text: "shell>" in text)
        terminal.type(f"{shlex.join([*PROGRAM, SMALL_LOG])}\n".encode())
        terminal.wait_for(_small_is_verified)
        terminal.type(DOWN + SUSPEND)
        terminal.wait_for(lambda text: "Stopped" in text)
        assert not any(terminal.modes()[mode] for mode in (ALTERNATE_SCREEN, *MOUSE))
        terminal.screen.reset()  # the shell may have written over all of it
        terminal.type(b"fg\n")
        terminal.wait_for(lambda text: _small_is_verified(text) and "row 2 of" in text)
        terminal.type(QUIT)
        terminal.wait_for(lambda _: terminal.written.endswith(b"shell> "))
        terminal.type(b"exit\n")
        assert terminal.wait_for_end() == 3


def test_without_a_shell_to_go_back_to_it_goes_on() -> None:
    with Terminal([*PROGRAM, SMALL_LOG]) as terminal:
        terminal.wait_for(_small_is_verified)
        terminal.type(SUSPEND)
        terminal.wait_for(lambda text: "no shell waits for this program" in text)
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 3


def test_quitting_at_once_restores_the_terminal_too(demo_log: Path) -> None:
    with Terminal([*PROGRAM, str(demo_log)]) as terminal:
        terminal.wait_for(lambda text: "audit-console" in text)
        terminal.type(QUIT)
        assert terminal.wait_for_end() in {1, 3}
        assert_restored(terminal)


def test_a_small_terminal_will_do(demo_log: Path) -> None:
    with Terminal([*PROGRAM, str(demo_log)], columns=80, rows=24) as terminal:
        terminal.wait_for(_is_verified)
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 1
        assert_restored(terminal)


def test_it_is_drawn_in_utf_8_under_any_locale(demo_log: Path) -> None:
    ascii_alone = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Terminal([*PROGRAM, str(demo_log)], environment=ascii_alone) as terminal:
        text = terminal.wait_for(_is_verified)
        assert "✘ FAIL" in text
        assert "──" in text
        assert "\\u" not in text
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 1


def test_without_a_log_the_sources_are_shown(temporary: Path) -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.wait_for(lambda text: "audit-console" in text)
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 0
        assert_restored(terminal)
    assert list(temporary.iterdir()) == []


def test_a_log_is_piped_in_and_the_keys_come_from_the_terminal(
    demo_log: Path, temporary: Path
) -> None:
    with (
        demo_log.open("rb") as log,
        subprocess.Popen(["cat"], stdin=log, stdout=subprocess.PIPE) as cat,
    ):
        assert cat.stdout is not None
        with Terminal([*PROGRAM, "-"], stdin=cat.stdout.fileno()) as terminal:
            terminal.wait_for(_is_verified)
            terminal.type(DOWN)
            terminal.wait_for(lambda text: "row 2 of" in text)
            terminal.type(QUIT)
            assert terminal.wait_for_end() == 1
            assert_restored(terminal)
    assert list(temporary.iterdir()) == []


def test_standard_output_stays_empty(tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("wb") as stdout:
        with Terminal([*PROGRAM, SMALL_LOG], stdout=stdout.fileno()) as terminal:
            shown = terminal.wait_for(lambda text: "INCOMPLETE" in text)
            assert len(shown.splitlines()[0]) > 100  # as wide as the terminal
            terminal.type(QUIT)
            assert terminal.wait_for_end() == 3
        assert os.fstat(stdout.fileno()).st_size == 0


def test_an_error_of_the_command_line_takes_no_screen(tmp_path: Path) -> None:
    with Terminal([*PROGRAM, str(tmp_path / "missing.jsonl")], columns=400) as terminal:
        assert terminal.wait_for_end() == 4
        assert "no such file" in terminal.text
        assert terminal.modes() == {}


def test_a_keymap_that_cannot_be_followed_takes_no_screen(
    demo_log: Path, user_directories: Path
) -> None:
    file = user_directories / "xdg_config_home" / "audit-console" / "keymap.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[investigate]\nstar = "f"\n')
    with Terminal([*PROGRAM, str(demo_log)], columns=400) as terminal:
        assert terminal.wait_for_end() == 2
        assert f"{file}: f is both [investigate] star and [table] include" in terminal.text
        assert "Give one of them another key" in terminal.text
        assert terminal.modes() == {}


@pytest.mark.parametrize(
    ("kept_events", "options", "word", "exit_code"),
    [
        (200, ["--policy", str(VECTOR / "policy.txt")], "PASS", 0),
        (200, [], "INCOMPLETE", 3),
        (150, ["--policy", str(VECTOR / "policy.txt")], "FAIL", 1),
    ],
    ids=["whole", "without-policy", "cut"],
)
def test_the_screen_ends_like_verify(
    tmp_path: Path, kept_events: int, options: list[str], word: str, exit_code: int
) -> None:
    lines = (VECTOR / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "audit.jsonl").write_bytes(b"".join(lines[:kept_events]))
    shutil.copy(VECTOR / "audit.checkpoints.jsonl", tmp_path)
    another_memory = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with Terminal([*PROGRAM, *options, str(tmp_path)], environment=another_memory) as terminal:
        terminal.wait_for(lambda text: word in text.splitlines()[0])
        terminal.type(b"3")
        terminal.wait_for(lambda text: "what it means" in text)
        terminal.type(QUIT)
        assert terminal.wait_for_end() == exit_code
    verified = run_here("verify", str(tmp_path), *options)
    assert verified.returncode == exit_code
    assert verified.stdout.startswith(word)


def test_a_checkpoint_that_was_kept_elsewhere_counts_on_the_screen_too(tmp_path: Path) -> None:
    log, kept = tmp_path / "log", tmp_path / "kept.checkpoints"
    log.mkdir()
    shutil.copy(VECTOR / "audit.jsonl", log)
    shutil.copy(VECTOR / "audit.checkpoints.jsonl", kept)
    options = ["--policy", str(VECTOR / "policy.txt"), "--checkpoint", str(kept)]
    with Terminal([*PROGRAM, *options, str(log)]) as terminal:
        terminal.wait_for(lambda text: "PASS" in text.splitlines()[0])
        terminal.type(QUIT)
        assert terminal.wait_for_end() == 0


def test_a_checkpoint_that_cannot_be_read_opens_no_screen(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    command = [*PROGRAM, "--checkpoint", missing, str(VECTOR / "audit.jsonl")]
    with Terminal(command, columns=400) as terminal:
        assert terminal.wait_for_end() == 2
        assert "file with a note" in terminal.text


def test_the_console_is_a_witness(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    lines = (VECTOR / "audit.jsonl").read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines))
    assert _verdict_on_screen(log, "INCOMPLETE") == 3  # nothing vouches for it the first time
    assert _verdict_on_screen(log, "PASS") == 0
    log.write_bytes(b"".join(lines[:150]))
    assert _verdict_on_screen(log, "FAIL", finding="This console verified more events") == 1


def _verdict_on_screen(log: Path, word: str, *, finding: str = "") -> int:
    """Open a log, wait for its verdict and the finding, leave, and give the exit code."""
    with Terminal([*PROGRAM, str(log)]) as terminal:
        terminal.wait_for(lambda text: word in text.splitlines()[0])
        terminal.type(b"3")
        terminal.wait_for(lambda text: "what it means" in text and finding in text)
        terminal.type(QUIT)
        return terminal.wait_for_end()
