"""Indexes of archives: what was read once, to look at again before it is read again.

An index stands in for the rows of a log while its files are read and verified; it never
vouches for them. It is two files: the rows as uncompressed Arrow IPC, and a manifest that
names them, written last, so that there is all of an index or none. Both are private.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl

from audit_console import __version__
from audit_console.columns.schema import EVENT, PAGE
from audit_console.columns.selection import NAMES
from audit_console.columns.table import EventTable
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.protocol import Status

FORMAT = 1
MIN_BYTES = 20 << 20
"""Logs below this size are read at once, and are not worth an index."""
MAX_BYTES = 20 << 30
"""Bytes of all indexes together; the one not used for longest goes first."""

_BLOCK = 16 << 20
_SAMPLE = 64 << 10
_SAMPLES = 8
_ONE_BATCH = 1 << 30
"""Rows in one piece are read several times faster than in many."""
_COLUMNS = [name for name in PAGE if name not in {"raw", "check"}]
_UNUSABLE = (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError)
"""What reading an index may raise that is damaged, or of another program."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a file from itself at another time, without reading it whole."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    samples: str

    @classmethod
    def of(cls, file: ArchiveFile) -> Fingerprint:
        """Take it; raises `OSError`."""
        digest = hashlib.sha256()
        with file.path.open("rb") as stored:
            state = os.fstat(stored.fileno())
            last = max(0, state.st_size - _SAMPLE)
            for number in range(_SAMPLES):
                stored.seek(last * number // (_SAMPLES - 1))
                digest.update(stored.read(_SAMPLE))
        path = str(file.path.resolve())
        return cls(path, state.st_size, state.st_mtime_ns, state.st_ino, digest.hexdigest())


class StandIn:
    """Rows of a log as they were when the index was written, none of them checked."""

    def __init__(self, events: pl.DataFrame, manifest: dict[str, Any]) -> None:
        unchecked = pl.lit(None, PAGE["check"]).alias("check")
        self.table = EventTable(events.with_columns(unchecked))
        self._lines = int(manifest["lines"])
        self._malformed = int(manifest["malformed"])
        self._written = datetime.fromtimestamp(float(manifest["written"]), UTC)
        times = pl.col("timestamp")
        self._first, self._last = events.select(first=times.min(), last=times.max()).row(0)
        self._met = 0

    def over(self, read: Status) -> Status:
        """Give the numbers of the index beside how far the files were read."""
        return replace(
            read,
            events=self.table.events.height,
            lines=self._lines,
            malformed=self._malformed,
            first=self._first,
            last=self._last,
            indexed=self._written,
        )

    def meets(self, events: pl.DataFrame) -> bool:
        """Tell whether the next rows of the log are those of the index."""
        rows = self.table.events.slice(self._met, events.height).select(_COLUMNS)
        self._met += events.height
        return rows.cast({name: EVENT[name] for name in NAMES}).equals(events.select(_COLUMNS))

    def was_met(self, read: Status) -> bool:
        """Tell whether a log that was read to its end was that of the index."""
        counted = (read.events, read.lines, read.malformed)
        return counted == (self._met, self._lines, self._malformed) and (
            self._met == self.table.events.height
        )


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One index: the files it is of, its bytes, and when it was last used."""

    paths: tuple[str, ...]
    bytes: int
    used: datetime


class IndexStore:
    """The indexes of one user.

    Args:
        folder: where they are; made when the first one is written.
        min_bytes: size of the smallest log that gets one.
        max_bytes: of all indexes together.
    """

    def __init__(
        self, folder: Path, *, min_bytes: int = MIN_BYTES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._min_bytes = min_bytes
        self._max_bytes = max_bytes

    def prints(self, files: Sequence[ArchiveFile]) -> list[Fingerprint] | None:
        """Take the fingerprints of a log; None where it gets no index."""
        small = sum(file.size for file in files) < self._min_bytes
        if small or any(file.temporary for file in files):
            return None
        try:
            return [Fingerprint.of(file) for file in files]
        except OSError:  # reading the log will say what is wrong with it
            return None

    def find(self, prints: Sequence[Fingerprint]) -> StandIn | None:
        """Give the index of a log; None without one that fits and is whole."""
        path = self._manifest_path(prints)
        try:
            manifest = json.loads(path.read_bytes())
            if manifest["made_by"] != _made_by() or manifest["files"] != list(map(asdict, prints)):
                return None
            rows = self._folder / manifest["rows"]
            if _checksums(rows) != manifest["checksums"]:
                return None
            os.utime(path)
            return StandIn(pl.read_ipc(rows).select(_COLUMNS), manifest)
        except _UNUSABLE:
            return None

    def write(self, prints: Sequence[Fingerprint], events: pl.DataFrame, status: Status) -> None:
        """Write the index of a log, unless another console is just writing one.

        Raises:
            OSError, PolarsError: it cannot be written; what there was is as before.
        """
        with self._locked() as is_ours:
            if not is_ours:
                return
            path = self._manifest_path(prints)
            part = path.with_suffix(".part")
            try:
                rows, checksums = _write_rows(events, part)
                manifest = {
                    "made_by": _made_by(),
                    "files": list(map(asdict, prints)),
                    "rows": rows.name,
                    "checksums": checksums,
                    "lines": status.lines,
                    "malformed": status.malformed,
                    "written": rows.stat().st_mtime,
                }
                _make_private(part).write_text(json.dumps(manifest))
                _publish(part, path)
            finally:
                part.unlink(missing_ok=True)
            self._evict()

    def discard(self, prints: Sequence[Fingerprint]) -> None:
        """Remove the index of a log."""
        with suppress(OSError):
            self._manifest_path(prints).unlink(missing_ok=True)

    def entries(self) -> list[IndexEntry]:
        """Give the indexes, the one used last first."""
        found = [(path, self._entry(path)) for path in self._manifests()]
        return [entry for _, entry in reversed(found) if entry is not None]

    def clear(self) -> int:
        """Remove all indexes and give the bytes that they took.

        Raises:
            OSError: one cannot be removed.
        """
        if not self._folder.exists():
            return 0
        freed = 0
        for path in self._folder.iterdir():
            freed += path.stat().st_size
            path.unlink(missing_ok=True)
        return freed

    def _manifest_path(self, prints: Sequence[Fingerprint]) -> Path:
        paths = json.dumps([one.path for one in prints])
        return self._folder / f"{hashlib.sha256(paths.encode()).hexdigest()[:32]}.json"

    def _manifests(self) -> list[Path]:
        """Give the manifests, the one not used for longest first."""
        return sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)

    def _entry(self, path: Path) -> IndexEntry | None:
        try:
            manifest = json.loads(path.read_bytes())
            paths = tuple(str(file["path"]) for file in manifest["files"])
            size = path.stat().st_size + (self._folder / manifest["rows"]).stat().st_size
            return IndexEntry(paths, size, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        except _UNUSABLE:
            return None

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep other writers out; gives False where one is at work."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        descriptor = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def _evict(self) -> None:
        """Keep what was used last, within bounds; remove rows that no manifest names."""
        manifests, room = self._manifests(), self._max_bytes
        kept = {"lock"}
        for path in reversed(manifests):
            with suppress(*_UNUSABLE):
                rows = self._folder / json.loads(path.read_bytes())["rows"]
                room -= rows.stat().st_size
                if room >= 0:
                    kept |= {path.name, rows.name}
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)


def _made_by() -> list[object]:
    """Name what must be the same for an index to be read."""
    return [FORMAT, __version__, pl.__version__]


def _checksums(path: Path) -> list[int]:
    """Give a CRC-32 of each block: rows are mapped unchecked, so damage must be seen before."""

    def checksum(offset: int) -> int:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            return zlib.crc32(file.read(_BLOCK))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(checksum, range(0, path.stat().st_size, _BLOCK)))


def _write_rows(events: pl.DataFrame, part: Path) -> tuple[Path, list[int]]:
    """Write rows under a name of their own, and give it and their checksums."""
    rows = events.select(_COLUMNS).rechunk()
    rows.write_ipc(_make_private(part), record_batch_size=_ONE_BATCH)
    checksums = _checksums(part)
    name = f"{part.stem}-{zlib.crc32(repr(checksums).encode()):08x}.arrow"
    _publish(part, part.with_name(name))
    return part.with_name(name), checksums


def _make_private(path: Path) -> Path:
    """Make a file that nobody else may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path


def _publish(part: Path, path: Path) -> None:
    """Give a file its name once all of it is on disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


class ArchiveIndex:
    """The index of one log, as it is before the log is read."""

    def __init__(self, store: IndexStore, files: Sequence[ArchiveFile]) -> None:
        self._store = store
        self._files = files
        self._prints = store.prints(files)

    def find(self) -> StandIn | None:
        """Give what stands in for the log; None without an index that fits."""
        return self._store.find(self._prints) if self._prints else None

    def write_beside(self, events: pl.DataFrame, status: Status) -> None:
        """Write the index on a thread of its own, if the log is still as it was."""
        Thread(target=self._write, args=(events, status), name="index", daemon=True).start()

    def discard(self) -> None:
        """Remove an index that was not that of the log."""
        if self._prints:
            self._store.discard(self._prints)

    def _write(self, events: pl.DataFrame, status: Status) -> None:
        if self._prints and self._store.prints(self._files) == self._prints:
            with suppress(
                OSError, pl.exceptions.PolarsError
            ):  # the log is open without an index, only not faster
                self._store.write(self._prints, events, status)
