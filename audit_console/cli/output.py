"""Data on standard output, or in a file that is whole or not there."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from audit_console.errors import AuditConsoleError, UsageError


def check_target(target: Path, *, force: bool, places: Sequence[str]) -> None:
    """Refuse a file that must not be written, before the work is done.

    Raises:
        UsageError: the target exists, is a folder or is the log itself.
    """
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint="Name a file for the result")
    if not target.exists():
        return
    if any(_is_same(target, place) for place in places):
        raise UsageError(f"{target} is the log itself", hint="Name another file for the result")
    if not force:
        raise UsageError(f"{target} exists", hint="Name another file, or replace it with --force")


def _is_same(target: Path, place: str) -> bool:
    return any(target.samefile(found) for found in glob.glob(place)) or (  # noqa: PTH207 - any glob
        Path(place).exists() and target.samefile(place)
    )


def write_file(target: Path, chunks: Iterable[bytes]) -> None:
    """Write beside the target, then rename: no half file, whatever happens.

    Raises:
        AuditConsoleError: the file cannot be written; nothing is left behind.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise AuditConsoleError(
            f"cannot write {target}: {error.strerror}", hint="Name a file that can be written"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


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
            hint="Write it to a file with -o",
        ) from error


def close_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not fail on it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
