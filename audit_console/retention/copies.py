"""A copy of what goes: one packed file, read back before anything is deleted."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import BinaryIO

from audit_console.config import user_path
from audit_console.core.beside import PRUNES
from audit_console.core.prunes import PruneRecord, decode_prune
from audit_console.core.retention import PrunePlan
from audit_console.core.safe_text import safe_text
from audit_console.disk import sync_folder, sync_to_disk
from audit_console.errors import PruneRefused
from audit_console.writer.files import open_anew
from audit_console.writer.pruning.archive_files import Unpacked, open_plain

if sys.version_info >= (3, 14):  # pragma: no cover - each Python takes one of the two
    from compression import zstd
else:  # pragma: no cover
    from backports import zstd


@dataclass(frozen=True, slots=True)
class Packing:
    """How lines, without their newlines, are written to a file and read from it.

    `read` raises ValueError for a file that is not as `write` leaves it.
    """

    suffix: str
    write: Callable[[BinaryIO, Iterable[bytes]], None]
    read: Callable[[Path], Iterator[bytes]]


def open_packed(path: Path) -> BinaryIO:
    """Open the text of a closed file, however it is packed."""
    if path.suffix != ".zst":
        return open_plain(path)
    faults = (zstd.ZstdError, EOFError)
    return BufferedReader(Unpacked(zstd.ZstdFile(path), path.name, faults))


def _write_text(stored: BinaryIO, lines: Iterable[bytes]) -> None:
    with zstd.ZstdFile(stored, "wb") as packed:
        for line in lines:
            packed.write(line + b"\n")


def _read_text(path: Path) -> Iterator[bytes]:
    with closing(open_packed(path)) as text:
        try:
            for line in text:
                yield line.removesuffix(b"\n")
        except OSError as error:
            raise ValueError(f"{path}: damaged") from error


PACKED_TEXT = Packing(".jsonl.zst", _write_text, _read_text)


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of what goes, a file for each prune, and the prune records beside them.

    With the records a copy is verified alone: they say where it begins and ends.
    """

    folder: Path
    packing: Packing = PACKED_TEXT

    def keep(self, plan: PrunePlan, lines: Iterable[bytes]) -> Mapping[str, str | int]:
        """Write what goes to a new file, and read it back.

        Returns:
            what the prune record says of it: `name`, `sha256` of the file, `events`.

        Raises:
            PruneRefused: the file cannot be written, is that of another log, or holds
                something else afterwards.
        """
        self._require_own(plan.chain)
        path = self._path(plan.chain, f".{plan.pruned_from:012d}{self.packing.suffix}")
        gone, kept = _Text(), _Text()
        with _refused_at(path):
            try:
                _write(
                    path,
                    lambda stored: self.packing.write(stored, gone.passing(lines)),
                    lambda: _require_same_begin(path, self.packing, gone.first),
                )
                for _ in kept.passing(self.packing.read(path)):
                    pass
            except ValueError:
                raise _differs(path) from None
            with path.open("rb") as stored:
                sha256 = hashlib.file_digest(stored, "sha256").hexdigest()
        if (plan.events, gone.sha256) != (kept.lines, kept.sha256):
            raise _differs(path)
        return {"name": path.name, "sha256": sha256, "events": plan.events}

    def keep_records(self, chain: str, records: Sequence[str]) -> None:
        """Write the prune records of a chain beside its copies.

        Those that are there are replaced: the last may be of a prune that never was.

        Raises:
            PruneRefused: the file cannot be written.
        """
        path = self._path(chain, PRUNES)
        with _refused_at(path):
            _write(path, lambda stored: stored.writelines(f"{one}\n".encode() for one in records))

    def _require_own(self, chain: str) -> None:
        """Refuse a folder with copies of a chain whose name becomes the same in names of files."""
        path = self._path(chain, PRUNES)
        with _refused_at(path):
            lines = path.read_bytes().splitlines() if path.exists() else []
        for line in lines:
            record = decode_prune(line.decode(errors="backslashreplace"))
            if isinstance(record, PruneRecord) and record.chain != chain:
                raise PruneRefused(
                    f"{path}: of the chain {safe_text(record.chain)}; nothing is deleted",
                    hint="name a folder of its own for each of the two chains",
                )

    def _path(self, chain: str, suffix: str) -> Path:
        """Name a file so that what stands beside it is found by the first part of its name."""
        return self.folder / f"{chain.replace('/', '_').replace('.', '_')}{suffix}"


def copies_in(folder: Path, places: Iterable[str], packing: Packing = PACKED_TEXT) -> Copies:
    """Keep copies in a folder that is there, and not that of the log.

    Args:
        folder: for the copies.
        places: of the log.
        packing: of the copies.

    Raises:
        PruneRefused: no copy can stand there.
    """
    if any(folder.resolve() == _folder_of(place) for place in places):
        raise PruneRefused(
            f"{folder}: the copy would stand among the files of the log",
            hint="name another folder",
        )
    if not os.access(folder, os.W_OK | os.X_OK):  # it may be closed to us, or in one that is
        raise PruneRefused(
            f"{folder}: no folder for the copy of what goes; nothing is deleted",
            hint="make it first, or name another one",
        )
    return Copies(folder, packing)


def _folder_of(place: str) -> Path:
    path = user_path(place).resolve()
    return path if path.is_dir() else path.parent


@contextmanager
def _refused_at(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PruneRefused(
            f"{path}: no copy of what goes: {error.strerror or error}; nothing is deleted",
            hint="name a folder that can be written",
        ) from None


def _differs(path: Path) -> PruneRefused:
    return PruneRefused(
        f"{path}: the copy does not hold what goes; nothing is deleted", hint="check the disk"
    )


class _Text:
    """Counts and hashes the lines that pass; `first` is the first of them."""

    def __init__(self) -> None:
        self.lines = 0
        self.first: bytes | None = None
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of the text that they make up."""
        return self._digest.hexdigest()

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Give the same lines."""
        for line in lines:
            self.first = line if self.first is None else self.first
            self.lines += 1
            self._digest.update(line + b"\n")
            yield line


def _write(
    path: Path, write: Callable[[BinaryIO], None], may_replace: Callable[[], None] = lambda: None
) -> None:
    """Write a file that is whole or not there; one of an earlier try is replaced.

    Args:
        path: of the file.
        write: writes its content.
        may_replace: called before it takes its place; raises where it must not.
    """
    part = path.with_suffix(".part")
    try:
        with BufferedWriter(open_anew(part)) as stored:
            write(stored)
            stored.flush()
            sync_to_disk(stored.fileno())
        may_replace()
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()
    sync_folder(path.parent)


def _require_same_begin(path: Path, packing: Packing, first: bytes | None) -> None:
    """Refuse to replace the copy of another log: names of chains may be one name of a file."""
    if path.exists() and next(packing.read(path), None) != first:
        raise PruneRefused(
            f"{path}: holds other events; nothing is deleted", hint="name another folder"
        )
