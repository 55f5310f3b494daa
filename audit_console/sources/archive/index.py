"""Indexes of archives: what was read once, to look at again before it is read again.

An index stands in for the rows of a log while its files are read and verified; it never
vouches for them. It is two files: the rows by columns, and a manifest that names them,
written last, so that there is all of an index or none. Both are private.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from errno import EPERM
from pathlib import Path
from secrets import token_hex
from threading import Thread
from time import time
from typing import Any

import polars as pl

from audit_console import __version__
from audit_console.columns.schema import MALFORMED
from audit_console.disk import sync_to_disk
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.fingerprint import Fingerprint
from audit_console.sources.archive.growth import has_grown, read_growth
from audit_console.sources.archive.parse import NOTHING
from audit_console.sources.archive.shelf import Shelf, ShelvedRows, is_held
from audit_console.sources.archive.stand_in import DTYPES, IndexNumbers, StandIn
from audit_console.sources.archive.stored import (
    Damaged,
    FileLayout,
    StoredColumns,
    StoredFile,
    write_columns,
)
from audit_console.sources.cancelling import INDEX_THREAD
from audit_console.sources.protocol import Status

FORMAT = 3
MIN_BYTES = 20 << 20
"""Logs below this size are read at once, and are not worth an index."""
MAX_BYTES = 40 << 30
"""Bytes of all indexes together, as one of a hundred million events has; the one not used for
longest goes first."""

_UNUSABLE = (OSError, ValueError, KeyError, TypeError, Damaged)
"""What reading an index may raise that is damaged, or of another program."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """What an index keeps of a log that was read: its rows, bad lines and numbers."""

    events: ShelvedRows
    malformed: pl.DataFrame
    status: Status


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One index: the files it is of, its bytes, and when it was last used."""

    paths: tuple[str, ...]
    bytes: int
    used: datetime


class IndexStore:
    """The indexes of one user.

    Args:
        folder: where they are; made when the first one is written, and the user's alone.
        min_bytes: size of the smallest log that gets one.
        max_bytes: of all indexes together.
    """

    def __init__(
        self, folder: Path, *, min_bytes: int = MIN_BYTES, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
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

    def find(self, files: Sequence[ArchiveFile], prints: Sequence[Fingerprint]) -> StandIn | None:
        """Give the index of a log; None without one that fits and is whole.

        That of a log which was rotated since has the names that its files had then.

        Raises:
            SourceUnreadable: what was written to the log since cannot be read.
        """
        for path in (self._manifest_path(prints), *reversed(self._manifests())):
            if stand_in := self._stand_in(path, files, prints):
                return stand_in
        return None

    def _stand_in(
        self, path: Path, files: Sequence[ArchiveFile], prints: Sequence[Fingerprint]
    ) -> StandIn | None:
        try:
            manifest = _read_manifest(path)
            then = [Fingerprint(**file) for file in manifest["files"]]
            is_same = then == list(prints)
            if not (is_same or has_grown(files, then, prints)):
                return None
            rows = self._rows_of(path, manifest)
            events = StoredColumns(rows, FileLayout.of(manifest["events"]), DTYPES)
            bad = StoredColumns(rows, FileLayout.of(manifest["malformed"]), MALFORMED)
            lines = [int(count) for count in manifest["lines"]]
            growth = NOTHING if is_same else read_growth(files, then[-1].size, lines)
            written = datetime.fromtimestamp(float(manifest["written"]), UTC)
            os.utime(path)
            numbers = (sum(lines), int(manifest["bad_lines"]), written, int(manifest["secret"]))
            shown = sum(file.size for file in (then if growth is None else prints))
            return StandIn(
                events, bad.slice(0, bad.height), IndexNumbers(path, *numbers), growth, shown
            )
        except _UNUSABLE:
            return None

    def _rows_of(self, path: Path, manifest: dict[str, Any]) -> StoredFile:
        """Map the rows that a manifest names; raises `Damaged` where they are not to be used."""
        at = self.folder / manifest["rows"]
        if manifest["made_by"] != _made_by() or not all(map(_is_private, (self.folder, path, at))):
            raise Damaged("made by another program, or open to others")
        rows = StoredFile(at)
        if len(rows.mapped) != manifest["size"]:
            raise Damaged(f"{len(rows.mapped)} bytes")
        return rows

    def shelf(self, prints: Sequence[Fingerprint]) -> Shelf:
        """Open what the texts of a log are put on while it is read.

        Raises:
            OSError: there is none to be had.
        """
        self._make_private_folder()
        for left in self.folder.glob("*.shelf"):
            _remove(left)
        path = self._manifest_path(prints).with_suffix(f".{token_hex(4)}.shelf")
        return Shelf(_make_private(path))

    def write(
        self, prints: Sequence[Fingerprint], log: ReadLog, instead_of: Path | None = None
    ) -> None:
        """Make the shelf of a log its index, unless another console is just writing one.

        Args:
            prints: what tells the log from itself at another time.
            log: what was read of it.
            instead_of: manifest of the index that it outgrew, which may have another name.

        Raises:
            OSError, PolarsError: it cannot be written; what there was is as before.
        """
        with self._locked() as is_ours:
            if not is_ours:
                return
            path = self._manifest_path(prints)
            try:
                self._write(path, prints, log)
                if instead_of is not None and instead_of != path:
                    instead_of.unlink(missing_ok=True)
            finally:  # of an index that could not be written, nothing stays
                self._evict()

    def _write(self, path: Path, prints: Sequence[Fingerprint], log: ReadLog) -> None:
        manifest = {
            "made_by": _made_by(),
            "files": list(map(asdict, prints)),
            **_write_rows(log, path),
            "lines": [file.lines for file in log.status.files],
            "bad_lines": log.status.malformed,
            "written": time(),
        }
        part = _make_private(path.with_suffix(".part"))
        part.write_text(json.dumps(manifest | {"checksum": _checksum(manifest)}))
        _publish(part, path)

    def entries(self) -> list[IndexEntry]:
        """Give the indexes, the one used last first."""
        found = [(path, self._entry(path)) for path in self._manifests()]
        return [entry for _, entry in reversed(found) if entry is not None]

    def clear(self) -> int:
        """Remove all indexes and give the bytes that they took.

        Raises:
            OSError: one cannot be removed.
        """
        if not self.folder.exists():
            return 0
        freed = 0
        for path in self.folder.iterdir():
            freed += _remove(path)
        return freed

    def _manifest_path(self, prints: Sequence[Fingerprint]) -> Path:
        paths = json.dumps([one.path for one in prints])
        return self.folder / f"{hashlib.sha256(paths.encode()).hexdigest()[:32]}.json"

    def _manifests(self) -> list[Path]:
        """Give the manifests, the one not used for longest first."""
        used = {}
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):  # another console just removed it
                used[path] = path.stat().st_mtime_ns
        return sorted(used, key=used.__getitem__)

    def _entry(self, path: Path) -> IndexEntry | None:
        try:
            manifest = _read_manifest(path)
            paths = tuple(str(file["path"]) for file in manifest["files"])
            size = path.stat().st_size + (self.folder / manifest["rows"]).stat().st_size
            return IndexEntry(paths, size, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        except _UNUSABLE:
            return None

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep other writers out; gives False where one is at work."""
        self._make_private_folder()
        descriptor = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def _make_private_folder(self) -> None:
        """Make the folder, or take it back from others, without what they could write there.

        Raises:
            OSError: it cannot be made, or belongs to another user.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_private(self.folder):
            self.folder.chmod(0o700)
            self.clear()
        if not _is_private(self.folder):
            raise PermissionError(EPERM, "it belongs to another user")

    def _evict(self) -> None:
        """Keep what was used last, within bounds; remove rows that no manifest names."""
        manifests, room = self._manifests(), self._max_bytes
        kept = {"lock"}
        for path in reversed(manifests):
            with suppress(*_UNUSABLE):
                rows = self.folder / _read_manifest(path)["rows"]
                room -= rows.stat().st_size
                if room >= 0:
                    kept |= {path.name, rows.name}
        for path in self.folder.iterdir():
            if path.name not in kept:
                _remove(path)


def _made_by() -> list[object]:
    """Name what must be the same for an index to be read."""
    return [FORMAT, __version__, pl.__version__]


def _read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest; raises what is in `_UNUSABLE` where it is not as it was written."""
    manifest = json.loads(path.read_bytes())
    rest = {name: manifest[name] for name in manifest if name != "checksum"}
    if manifest["checksum"] != _checksum(rest):
        raise Damaged(f"{path}: the checksum is another one")
    return rest


def _checksum(manifest: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(manifest).encode())


def _write_rows(log: ReadLog, manifest: Path) -> dict[str, object]:
    """Write what is missing on the shelf, give it a name of its own, and tell what is where."""
    shelf = log.events.shelf
    events = log.events.finish()
    malformed = write_columns(shelf.file, log.malformed)
    size = shelf.file.tell()
    where = {"size": size, "events": asdict(events), "malformed": asdict(malformed)}
    name = f"{manifest.stem}-{zlib.crc32(repr(where).encode()):08x}.rows"
    _publish(shelf.path, manifest.with_name(name))
    shelf.release()
    return {"rows": name, "secret": shelf.secret, **where}


def _is_private(path: Path) -> bool:
    """Tell whether nobody else could write there: an index that others made could do harm."""
    state = path.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o077


def _make_private(path: Path) -> Path:
    """Make a file that nobody else may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path


def _remove(path: Path) -> int:
    """Remove a file that no program is at work on, and give the bytes that it took."""
    if is_held(path):
        return 0
    size = path.stat().st_size
    path.unlink(missing_ok=True)
    return size


def _publish(part: Path, path: Path) -> None:
    """Give a file its name once all of it is on disk."""
    with part.open("rb") as file:
        sync_to_disk(file.fileno())
    part.replace(path)


class ArchiveIndex:
    """The index of one log, as it is before the log is read.

    Attributes:
        fault: why it could not be written, in one line.
    """

    def __init__(self, store: IndexStore, files: Sequence[ArchiveFile]) -> None:
        self.fault: str | None = None
        self._store = store
        self._files = files
        self._prints = store.prints(files)
        self._manifest: Path | None = None

    def find(self) -> StandIn | None:
        """Give what stands in for the log; None without an index that fits."""
        stand_in = self._store.find(self._files, self._prints) if self._prints else None
        self._manifest = stand_in.manifest if stand_in else None
        return stand_in

    def shelf(self) -> Shelf | None:
        """Open what the texts of the log are put on; None where it gets no index."""
        if not self._prints:
            return None
        try:
            return self._store.shelf(self._prints)
        except OSError as error:
            self._note(error)
            return None

    def write_beside(self, log: ReadLog) -> None:
        """Write the index on a thread of its own, if the log is still as it was."""
        Thread(target=self._write, args=(log,), name=INDEX_THREAD, daemon=True).start()

    def discard(self) -> None:
        """Remove the index that was found, and was not that of the log."""
        if self._manifest:
            with suppress(OSError):
                self._manifest.unlink(missing_ok=True)

    def _write(self, log: ReadLog) -> None:
        try:
            if self._prints and self._store.prints(self._files) == self._prints:
                self._store.write(self._prints, log, self._manifest)
        except (OSError, pl.exceptions.PolarsError) as error:
            self._note(error)
        finally:
            log.events.shelf.discard()

    def _note(self, error: OSError | pl.exceptions.PolarsError) -> None:
        reason = getattr(error, "strerror", None) or str(error).partition(" (os error")[0]
        self.fault = f"no index of this log could be written: {self._store.folder}: {reason}"
