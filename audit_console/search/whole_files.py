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
from audit_console.core.beside import is_log_in_folder
from audit_console.core.places import is_log_name, names_files
from audit_console.disk import sync_to_disk
from audit_console.errors import AuditConsoleError, UsageError

_MODE = 0o777


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
        UsageError: the target exists, is a folder, a device or the log itself, or would be read
            as a part of it.
        AuditConsoleError: it cannot be written, for its name or for want of a folder.
    """
    try:
        _check_target(target, force=force, places=places, how=how)
    except OSError as error:  # the name is too long, for instance, so it is not said again
        raise AuditConsoleError(
            f"not a file that can be written: {error.strerror}", hint="Name another"
        ) from error


def _check_target(target: Path, *, force: bool, places: Sequence[str], how: str) -> None:
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint="Name a file for the result")
    if not target.exists():
        if target.is_symlink():
            raise UsageError(f"{target} is a link that leads to no file", hint="Name another")
        if target.parent.is_dir():
            _require_apart(target, places)
            return
        raise AuditConsoleError(f"no folder {target.parent}", hint="Name a folder that exists")
    if not target.is_file():
        raise UsageError(f"{target} is no ordinary file", hint="Name a file for the result")
    if any(_is_same(target, place) for place in places):
        raise UsageError(f"{target} is the log itself", hint="Name another file for the result")
    if not force:
        raise UsageError(f"{target} exists", hint=f"Name another file, or {how}")


def _require_apart(target: Path, places: Sequence[str]) -> None:
    """Refuse a new file that would be a part of the log where that is opened the next time."""
    if any(_would_join(target, place) for place in places):
        raise UsageError(
            f"{target} would be read as a part of the log", hint="Name a file in another folder"
        )


def _would_join(target: Path, place: str) -> bool:
    """Tell whether a folder would be read with a new file, or a pattern would match it."""
    if not names_files(place):
        return False
    at = user_path(place)
    if at.is_dir():
        return is_log_in_folder(target.name) and target.resolve().parent.samefile(at)
    return _as_written(target).match(str(_as_written(at)))


def _as_written(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link stays the link that a pattern names


def check_new_folder(target: Path) -> None:
    """Refuse a folder that cannot be made, before the work is done.

    Raises:
        UsageError: something of this name is there.
        AuditConsoleError: there is no folder to make it in, or none that may be looked into.
    """
    try:
        if target.exists():
            raise UsageError(f"{target} exists", hint="Name a new folder")
        if not target.parent.is_dir():
            raise AuditConsoleError(f"no folder {target.parent}", hint="Name a folder that exists")
    except OSError as error:
        raise AuditConsoleError(
            f"not a folder that can be written: {error.strerror}", hint="Name another"
        ) from error


def _is_same(target: Path, place: str) -> bool:
    """Tell whether a file that exists is at a place, or a log in a folder that is at it."""
    at = str(user_path(place))
    found = (*glob.glob(at), *([at] if Path(at).exists() else []))  # noqa: PTH207 - any glob
    folder = target.resolve().parent
    return any(
        target.samefile(path) or (folder.samefile(path) and is_log_name(target.name))
        for path in found
    )


def write_file(target: Path, chunks: Iterable[bytes], *, force: bool) -> None:
    """Write chunks into a file that is whole or not there; see `whole_file`."""
    with whole_file(target, force=force) as file:
        file.writelines(chunks)


def part_of(target: Path) -> Path:
    """Name what becomes the target once it is whole; nothing else has this name."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


def to_disk(file: BinaryIO) -> None:
    """Have what was written to a file survive a loss of power."""
    file.flush()
    sync_to_disk(file.fileno())


@contextmanager
def whole_file(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Give a file beside the target to write and read, then rename it: no half file.

    Args:
        target: the file. Where it is a link and may be replaced, the file that it leads to is.
        force: replace a file that is there by then, and keep its mode.

    Raises:
        AuditConsoleError: the file cannot be written; nothing is left behind.
    """
    file_itself = target.resolve() if force else target
    part = part_of(file_itself)
    try:
        with part.open("x+b") as file:
            if force and file_itself.exists():
                os.fchmod(file.fileno(), file_itself.stat().st_mode & _MODE)
            yield file
            to_disk(file)
        if force:
            part.replace(file_itself)
        else:
            _publish(part, target)
    except OSError as error:
        raise AuditConsoleError(
            f"cannot write {target}: {error.strerror}", hint="Name a file that can be written"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _publish(part: Path, target: Path) -> None:
    """Give a file a name that nothing has.

    Raises:
        OSError: something has it by now, or it cannot be written.
    """
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # of a file system without links: the name is taken first
        target.open("xb").close()
        part.replace(target)
