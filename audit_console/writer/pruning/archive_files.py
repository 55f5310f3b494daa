"""The files of an archive in the order of its chain, and the lines in them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from audit_console.core.codec import MAX_LINE_BYTES, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.errors import PruneRefused
from audit_console.writer.rotation import closed_files
from audit_console.writer.tail import broken

OpenFile = Callable[[Path], BinaryIO]
"""Opens the text of a file, packed or not."""


def open_plain(path: Path) -> BinaryIO:
    """Open a file as the standard library can.

    Raises:
        PruneRefused: it is packed by zstd.
    """
    if path.suffix == ".zst":
        raise PruneRefused(
            f"{path}: packed by zstd, which a writer cannot read",
            hint="prune it by: audit-console retention apply",
        )
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a log, and the chain and seq of its first event."""

    path: Path
    chain: str
    first_seq: int


def log_files(active: Path, open_file: OpenFile) -> list[LogFile]:
    """Find the files of a log that hold events, by what is in them and not by their names.

    Raises:
        ChainBroken: a file does not begin with an event.
        OSError: a file cannot be read.
    """
    paths = [*closed_files(active), active]
    found = (_log_file(path, open_file) for path in paths if path.exists())
    return sorted((file for file in found if file), key=lambda file: file.first_seq)


def _log_file(path: Path, open_file: OpenFile) -> LogFile | None:
    with closing(open_file(path)) as file:
        line = file.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        return None  # nothing, or what a crash left of a first event
    event = decode_bytes(line[:-1])
    if not isinstance(event, AuditEvent) or event.chain is None or event.seq is None:
        raise broken(path, "its first line is no event of format v1")
    return LogFile(path, event.chain, event.seq)


def lines_of(files: Iterable[LogFile], open_file: OpenFile) -> Iterator[bytes]:
    """Read the whole lines of files, one after the other, without their newlines."""
    for one in files:
        with closing(open_file(one.path)) as file:
            while line := file.readline(MAX_LINE_BYTES + 2):
                if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
                    break  # half a line
                yield line.removesuffix(b"\n")
