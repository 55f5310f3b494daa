"""Stars, tags and notes that a reader puts on events, kept beside the logs, never in them.

A mark belongs to an event, not to a file that holds it: one file keeps the marks of all
logs, so that an event is marked in the archive that was exported from the database too.

The file is only ever appended to. Each line is one change and says all that is then noted
on one event; of several lines on an event the last one counts. A crash can tear the last
line and nothing else, and consoles that write at once keep what the others wrote.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.writer.files import append_line

LONGEST_TAG = 64
LONGEST_NOTE = 4_000
MOST_TAGS = 64
VERSION = 1

FILE_NAME = "marks.jsonl"
"""In the data directory of the user."""

_TAG = re.compile(r"[\w.-]+")


def read_tags(text: str) -> frozenset[str]:
    """Read tags between spaces or commas; capitals become small.

    Raises:
        UsageError: a tag has other characters, is too long, or there are too many.
    """
    tags = frozenset(re.split(r"[\s,]+", text.lower())) - {""}
    require_marks(Marks(tags=tags))
    return tags


def require_marks(marks: Marks) -> None:
    """Refuse marks that are not kept.

    Raises:
        UsageError: with what is wrong.
    """
    for tag in sorted(marks.tags):
        if not _TAG.fullmatch(tag) or tag != tag.lower():
            hint = "A tag has small letters, digits, _ - and ."
            raise UsageError(f"not a tag: {tag[:LONGEST_TAG]}", hint=hint)
        if len(tag) > LONGEST_TAG:
            raise UsageError("the tag is too long", hint=f"At most {LONGEST_TAG} characters")
    if len(marks.tags) > MOST_TAGS:
        raise UsageError("too many tags", hint=f"At most {MOST_TAGS} on one event")
    if marks.note is not None and len(marks.note) > LONGEST_NOTE:
        hint = f"At most {LONGEST_NOTE:,} characters"
        raise UsageError(f"the note has {len(marks.note):,} characters", hint=hint)


def known_tags(marks: Mapping[MarkKey, Marks]) -> tuple[str, ...]:
    """List the tags in use, by name."""
    return tuple(sorted(frozenset().union(*(one.tags for one in marks.values()))))


class MarkStore:
    """The marks of all logs, in one file that every console of the user appends to.

    Making one reads the file, which blocks as `change` and `refresh` do. A missing file
    is no marks; one that cannot be read is no marks and a `warning`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = Lock()
        self._marks: Mapping[MarkKey, Marks] = NO_MARKS
        self._identity: tuple[int, int] | None = None
        self._known_bytes = 0
        self._bad_lines = 0
        self._unread: str | None = None
        self.refresh()

    @property
    def marks(self) -> Mapping[MarkKey, Marks]:
        """What is noted on which event; a change makes another mapping."""
        return self._marks

    @property
    def warning(self) -> str | None:
        """What is wrong with the file, in one line."""
        if self._unread is not None:
            return f"marks cannot be read: {self._unread}: {self._path}"
        if self._bad_lines:
            lines = "line is" if self._bad_lines == 1 else "lines are"
            return f"{self._bad_lines:,} {lines} no marks and left out: {self._path}"
        return None

    def refresh(self) -> None:
        """Take in what other consoles have noted since."""
        with self._guard:
            try:
                with self._path.open("rb", buffering=0) as file, _locked(file, fcntl.LOCK_SH):
                    self._take_in(file)
            except FileNotFoundError:
                self._forget()
            except OSError as error:
                self._unread = error.strerror or str(error)

    def change(self, key: MarkKey, marks: Marks) -> None:
        """Note something else on an event; without star, tags and note nothing.

        What another console noted on the event since stays, but for what is changed here.

        Raises:
            UsageError: these marks are not kept; see `require_marks`.
            AuditConsoleError: the file cannot be written; the marks are as before.
        """
        require_marks(marks)
        with self._guard:
            try:
                self._append(key, marks)
            except OSError as error:
                raise AuditConsoleError(
                    f"the mark is not kept: {error.strerror}: {self._path}",
                    hint="Make room or give the right to write there",
                ) from error

    def _append(self, key: MarkKey, marks: Marks) -> None:
        before = self._marks.get(key, Marks())
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            open(self._path, "a+b", buffering=0, opener=_private) as file,
            _locked(file, fcntl.LOCK_EX),
        ):
            self._take_in(file)
            merged = _merged(before, marks, self._marks.get(key, Marks()))
            require_marks(merged)
            append_line(file, _line(key, merged))
            self._take_in(file)

    def _take_in(self, file: FileIO) -> None:
        """Fold in the lines behind those that are known; of another file, all of them."""
        status = os.fstat(file.fileno())
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity or status.st_size < self._known_bytes:
            self._forget()
        self._identity = identity
        file.seek(self._known_bytes)
        self._fold(file.read())
        self._unread = None

    def _fold(self, text: bytes) -> None:
        changed: dict[MarkKey, Marks] = {}
        for line in filter(None, text.split(b"\n")):
            try:
                key, marks = _read(line)
            except (ValueError, TypeError, KeyError, RecursionError, UsageError):
                self._bad_lines += 1
            else:
                changed[key] = marks
        self._known_bytes += len(text)
        if changed:
            known = {**self._marks, **changed}
            noted = {key: marks for key, marks in known.items() if marks != Marks()}
            self._marks = MappingProxyType(noted)

    def _forget(self) -> None:
        self._marks = NO_MARKS
        self._identity = None
        self._known_bytes = 0
        self._bad_lines = 0
        self._unread = None


def _merged(before: Marks, wanted: Marks, now: Marks) -> Marks:
    """Do to what is noted now the change that was made to what was seen."""
    return Marks(
        star=now.star if wanted.star == before.star else wanted.star,
        tags=now.tags - (before.tags - wanted.tags) | (wanted.tags - before.tags),
        note=now.note if wanted.note == before.note else wanted.note,
    )


def _line(key: MarkKey, marks: Marks) -> str:
    event_id, event_hash = key
    change = {
        "v": VERSION,
        "id": event_id,
        "hash": event_hash,
        "star": marks.star,
        "tags": sorted(marks.tags),
        "note": marks.note,
    }
    return json.dumps(change, ensure_ascii=True, separators=(",", ":"))


def _read(line: bytes) -> tuple[MarkKey, Marks]:
    """Read a line as `_line` writes it; anything else is some `ValueError` or `KeyError`."""
    change = json.loads(line)
    event_id, event_hash = change["id"], change["hash"]
    star, tags, note = change["star"], change["tags"], change["note"]
    if change["v"] != VERSION or not isinstance(star, bool) or not isinstance(tags, list):
        raise ValueError("not a change of marks")
    optional = (text for text in (event_hash, note) if text is not None)
    for text in (event_id, *tags, *optional):
        str.encode(text)  # takes text alone, and no half of a surrogate pair
    marks = Marks(star, frozenset(tags), note)
    require_marks(marks)
    return (event_id, event_hash), marks


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read."""
    return os.open(path, flags, 0o600)


@contextmanager
def _locked(file: FileIO, how: int) -> Iterator[None]:
    """Hold the file's lock; closing the file gives it back too."""
    fcntl.flock(file, how)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
