"""Where the data goes that a command gives: standard output, or the file of `-o`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audit_console.config import user_path
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.search.whole_files import check_target, write_file


def target_of(name: str | None) -> Path | None:
    """Give the file that an option names; None for standard output, also called `-`."""
    return None if name is None or name == "-" else user_path(name)


def checked_target(options: argparse.Namespace, places: Sequence[str]) -> Path | None:
    """Give the file of `-o`, None for standard output, before the work is done.

    Args:
        options: with `output` and `force`.
        places: of the log, which is never written over.

    Raises:
        UsageError: the file must not be written; see `check_target`.
    """
    target = target_of(options.output)
    if target is not None and options.output.endswith("/"):
        raise UsageError(f"{options.output} is a folder", hint="Name a file for the result")
    if target is not None:
        check_target(target, force=options.force, places=places)
    return target


def form_of(options: argparse.Namespace, endings: Mapping[str, str], otherwise: str) -> str:
    """Give the form that `--format` names, else the one that the name of `-o` ends as.

    Args:
        options: with `format` and `output`.
        endings: the form of each ending.
        otherwise: the form of what ends as none of them, and of standard output.
    """
    if options.format is not None:
        return str(options.format)
    name = (options.output or "").lower()
    return next((form for ending, form in endings.items() if name.endswith(ending)), otherwise)


def put_out(chunks: Iterable[bytes], target: Path | None, *, force: bool) -> None:
    """Write data to a file that is whole or not there, or to standard output.

    Args:
        chunks: the data.
        target: the file, None for standard output.
        force: whether it may replace one that exists.

    Raises:
        AuditConsoleError: it cannot be written.
    """
    if target is None:
        write_stdout(chunks)
    else:
        write_file(target, chunks, force=force)


def write_lines(lines: Iterable[str]) -> None:
    """Print lines for people, each made safe to show.

    Raises:
        AuditConsoleError: standard output cannot be written.
    """
    from audit_console.core.safe_text import safe_text

    write_stdout([f"{safe_text(line)}\n".encode() for line in lines])


def write_stdout(chunks: Iterable[bytes]) -> None:
    """Print data. A reader that has gone away, as `head` does, is no error.

    Raises:
        AuditConsoleError: standard output cannot be written.
    """
    try:
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.flush()
    except BrokenPipeError:
        close_stdout()
    except OSError as error:
        close_stdout()
        raise AuditConsoleError(
            f"cannot write to standard output: {error.strerror}",
            hint="Write it elsewhere: most commands take -o FILE",
        ) from error


def close_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not fail on it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def replace_closed_streams() -> None:
    """Take the places of standard streams that the caller closed, as `>&-` does.

    A log would be opened there otherwise, and be written to. Data for standard output still
    finds nowhere to go, which is said; what would be said to nobody is dropped.
    """
    for descriptor, access in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, access)  # gets the lowest number that is free: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
