"""The small files beside a log: its checkpoints, its prune records and its holds."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from audit_console.core.beside import CHECKPOINTS, PRUNES, lines_in
from audit_console.core.places import names_files
from audit_console.core.prunes import merged_records
from audit_console.errors import AuditConsoleError, SourceChanged, SourceUnreadable, UsageError
from audit_console.sources.archive.files import ArchiveFile, find_files, list_files, unreadable

MAX_BYTES = 256 << 20
"""Bytes of a small file: half a million checkpoints."""
MAX_LINES = 1 << 20

_NAME_OF_TABLES = "audit"


class Vouching(NamedTuple):
    """What vouched for a log before its files were listed.

    What came to it later may be about events in a file that is not among those.
    """

    checkpoints: list[str]
    prunes: list[str]

    @classmethod
    def at(cls, places: Sequence[str]) -> Vouching:
        """Read it.

        Raises:
            SourceError: the log is not there, or what vouches for it cannot be read.
        """
        files = list_files([place for place in places if names_files(place)])
        return cls(lines_beside(files, CHECKPOINTS), prunes_beside(files))

    def require_unpruned(self, files: Sequence[ArchiveFile], label: str) -> None:
        """Refuse to read a log from which events went since.

        Raises:
            SourceChanged: retention deletes events, or did.
            SourceUnreadable: its records cannot be read.
        """
        if prunes_beside(files) != self.prunes:
            raise SourceChanged(
                f"{label}: retention deleted events while the log was opened",
                hint="open the log again",
            )


def prunes_beside(files: Sequence[ArchiveFile]) -> list[str]:
    """Read the prune records beside a log."""
    return merged_records(lines_of_each_beside(files, PRUNES))


def paths_beside(files: Sequence[ArchiveFile], suffix: str) -> list[Path]:
    """Name the files with this suffix, there or not, that belong to the files of a log."""
    return list(
        dict.fromkeys(
            folder / f"{name}{suffix}"
            for folder, name in (_place(file.path) for file in files if not file.temporary)
        )
    )


def _place(path: Path) -> tuple[Path, str]:
    """Give the folder of the small files of a log's file, and how their names begin.

    Parquet in folders such as `day=2026-11-01` is one table, which stands where these do.
    """
    folder, name = path.parent, path.name.partition(".")[0]
    if path.suffix != ".parquet":
        return folder, name
    folder = folder.absolute()
    while "=" in folder.name:
        folder, name = folder.parent, _NAME_OF_TABLES
    return folder, name


def lines_beside(files: Sequence[ArchiveFile], suffix: str) -> list[str]:
    """Read the lines of the small files beside a log; bytes that are no text stay visible.

    Raises:
        SourceUnreadable: a file cannot be read.
    """
    return [line for lines in lines_of_each_beside(files, suffix) for line in lines]


def lines_of_each_beside(files: Sequence[ArchiveFile], suffix: str) -> Iterator[list[str]]:
    """Read the small files beside a log as `lines_beside` does, and keep them apart."""
    return (_lines(path) for path in paths_beside(files, suffix) if path.is_file())


def _lines(path: Path) -> list[str]:
    try:
        return lines_in(_content(path))
    except OSError as error:
        raise unreadable(str(path), error) from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SourceUnreadable(
            f"{path}: over {MAX_BYTES:,} bytes, too many to be what belongs to a log",
            hint="see what wrote it, and move it away",
        )
    if content.count(b"\n") > MAX_LINES:
        raise SourceUnreadable(
            f"{path}: over {MAX_LINES:,} lines, too many to be what belongs to a log",
            hint="see what wrote it, and move it away",
        )
    return content


def path_beside(places: Sequence[str], suffix: str) -> Path:
    """Find the one small file beside the log at `places`, there or not, that may be added to.

    Raises:
        UsageError: the files of the log have no such file in common.
        SourceError: the log is not there.
        AuditConsoleError: the file must not be written.
    """
    paths = paths_beside(find_files(places), suffix) if all(map(names_files, places)) else []
    if len(paths) != 1:
        raise UsageError("there is no one file beside this log", hint="name a file with -o")
    path = paths[0]
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise AuditConsoleError(
            f"cannot write {path}: {os.strerror(errno.EACCES)}", hint="name another file with -o"
        )
    return path
