"""Data in a file that is whole or not there."""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from audit_console.config import user_path
from audit_console.errors import AuditConsoleError, UsageError

_LOG_SUFFIXES = {".jsonl", ".ndjson", ".log"}


def check_target(
    target: Path, *, force: bool, places: Sequence[str], how: str = "replace it with --force"
) -> None:
    """Refuse a file that must not be written, before the work is done.

    Args:
        target: the file to write.
        force: whether it may replace one that exists.
        places: of the log, whose files are never replaced.
        how: to say how one that exists is replaced.

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
        raise UsageError(f"{target} exists", hint=f"Name another file, or {how}")


def _is_same(target: Path, place: str) -> bool:
    """Tell whether a file that exists is at a place, or a log in a folder that is at it."""
    at = str(user_path(place))
    found = (*glob.glob(at), *([at] if Path(at).exists() else []))  # noqa: PTH207 - any glob
    folder = target.resolve().parent
    return any(
        target.samefile(path) or (folder.samefile(path) and _LOG_SUFFIXES & set(target.suffixes))
        for path in found
    )


def write_file(target: Path, chunks: Iterable[bytes]) -> None:
    """Write chunks into a file that is whole or not there; see `whole_file`."""
    with whole_file(target) as file:
        file.writelines(chunks)


def part_of(target: Path) -> Path:
    """Name what becomes the target once it is whole; nothing else has this name."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Give a file beside the target to write and read, then rename it: no half file.

    Raises:
        AuditConsoleError: the file cannot be written; nothing is left behind.
    """
    part = part_of(target)
    try:
        with part.open("x+b") as file:
            yield file
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
