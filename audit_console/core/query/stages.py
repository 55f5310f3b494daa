"""Pipe stages: what to make of the events that a filter keeps.

A stage turns a table into a table. The first gets the events, whose columns are all
fields; later ones get the columns that the stage before gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit_console.core.filters import MARKS, Field
from audit_console.core.query.fields import (
    FIELD_NAMES,
    field_text,
    read_stage_field,
    unknown_field,
)
from audit_console.core.query.scanner import Scanner, Word
from audit_console.core.timespan import Duration, read_duration
from audit_console.errors import QueryError

DEFAULT_ROWS = 10
MAX_ROWS = 1_000_000
NAMES = ("count", "top", "rare", "first", "timeline", "sort", "limit")

ColumnNames = tuple[str, ...] | None
"""Names of a table's columns; None is the events."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are of each combination of `by`, in the order they appear."""

    by: tuple[str, ...] = ()

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        del before
        return (*self.by, "count")

    def __str__(self) -> str:
        return f"count by {','.join(self.by)}" if self.by else "count"


@dataclass(frozen=True, slots=True)
class Top:
    """The values with the highest counts; of equal counts, the first that appears."""

    field: str
    rows: int = DEFAULT_ROWS

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        del before
        return (self.field, "count")

    def __str__(self) -> str:
        return f"top {self.field} {self.rows}"


@dataclass(frozen=True, slots=True)
class Rare:
    """The values with the lowest counts; of equal counts, the first that appears."""

    field: str
    rows: int = DEFAULT_ROWS

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        del before
        return (self.field, "count")

    def __str__(self) -> str:
        return f"rare {self.field} {self.rows}"


@dataclass(frozen=True, slots=True)
class First:
    """The earliest row of each combination of fields, earliest first, with its time."""

    fields: tuple[str, ...]

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        identity = ("id",) if before is None else ()
        return ("time", *self.fields, *(name for name in identity if name not in self.fields))

    def __str__(self) -> str:
        return f"first {','.join(self.fields)}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts per length of time; without `by` also of the times at which there is nothing."""

    every: Duration
    by: str | None = None

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        del before
        return ("time", "count") if self.by is None else ("time", self.by, "count")

    def __str__(self) -> str:
        return f"timeline {self.every}" + ("" if self.by is None else f" by {self.by}")


@dataclass(frozen=True, slots=True)
class Sort:
    """Rows by a column; what is missing comes last, of equals the first that appears."""

    field: str
    descending: bool = False

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        return before

    def __str__(self) -> str:
        return f"sort {self.field}" + (" desc" if self.descending else "")


@dataclass(frozen=True, slots=True)
class Limit:
    """The first rows."""

    rows: int

    def columns(self, before: ColumnNames) -> ColumnNames:
        """Name the columns of the result."""
        return before

    def __str__(self) -> str:
        return f"limit {self.rows}"


Stage = Count | Top | Rare | First | Timeline | Sort | Limit


def read_stage(scanner: Scanner, columns: ColumnNames) -> Stage:
    """Read the stage behind a bar.

    Args:
        scanner: at the name of the stage.
        columns: of the table that it will get.

    Raises:
        QueryError: it cannot be read.
    """
    start = scanner.position
    name = scanner.word().text
    reader = _StageReader(scanner, columns)
    match name.lower():
        case "count":
            stage: Stage = Count(reader.fields("count") if reader.keyword("by") else ())
        case "top":
            stage = Top(reader.field("count"), reader.number(DEFAULT_ROWS))
        case "rare":
            stage = Rare(reader.field("count"), reader.number(DEFAULT_ROWS))
        case "first":
            reader.require_time(start)
            stage = First(reader.fields("time"))
        case "timeline":
            reader.require_time(start)
            every = reader.duration()
            by = reader.field("time", "count") if reader.keyword("by") else None
            stage = Timeline(every, by)
        case "sort":
            stage = Sort(reader.field(), reader.keyword("desc"))
        case "limit":
            stage = Limit(reader.number(None))
        case _:
            known = "one of " + ", ".join(NAMES)
            raise QueryError(start + 1, f"unknown stage {name[:40]}".rstrip(), known)
    reader.require_end()
    return stage


class _StageReader:
    def __init__(self, scanner: Scanner, columns: ColumnNames) -> None:
        self._scanner = scanner
        self._columns = columns

    def keyword(self, word: str) -> bool:
        """Go past a word if it is ahead."""
        self._scanner.skip_space()
        start = self._scanner.position
        if self._scanner.word(",").text.lower() == word:
            return True
        self._scanner.position = start
        return False

    def fields(self, *taken: str) -> tuple[str, ...]:
        """Read fields between commas, each once."""
        return tuple(dict.fromkeys(self._comma_separated(*taken)))

    def _comma_separated(self, *taken: str) -> Iterator[str]:
        yield self.field(*taken)
        self._scanner.skip_space()
        while self._scanner.take(","):
            yield self.field(*taken)
            self._scanner.skip_space()

    def field(self, *taken: str) -> str:
        """Read a field of the events, or a column of the table so far.

        Args:
            taken: names that columns of the result have already.
        """
        self._scanner.skip_space()
        if self._scanner.peek() in ("", "|", ",", "(", ")"):
            raise self._scanner.fault("a field is missing", "a field such as user")
        start, written, field = read_stage_field(self._scanner)
        name = written.lower() if field is None else field_text(field)
        if name in taken:
            raise QueryError(start + 1, f"{name} is a column of the result already")
        if self._columns is not None:
            if name not in self._columns:
                raise unknown_field(start, written, self._columns)
            return name
        if field is None:
            raise unknown_field(start, written, FIELD_NAMES)
        if field.name in MARKS:
            raise QueryError(start + 1, f"marks such as {name} are for filters alone")
        return name

    def number(self, default: int | None) -> int:
        """Read a number of rows."""
        word = self._word()
        if not word.pattern and default is not None:
            return default
        text = word.text
        if not (text.isascii() and text.isdigit() and len(text) <= 7 and 0 < int(text) <= MAX_ROWS):
            raise QueryError(word.start + 1, "not a number of rows", f"1 to {MAX_ROWS:,}")
        return int(text)

    def duration(self) -> Duration:
        """Read the length of a bin."""
        word = self._word()
        try:
            return read_duration(word.text)
        except ValueError as error:
            raise QueryError(word.start + 1, str(error), "as in timeline 1h") from None

    def _word(self) -> Word:
        self._scanner.skip_space()
        return self._scanner.word()

    def require_time(self, start: int) -> None:
        """Refuse a table whose rows have no time."""
        if self._columns is not None and "time" not in self._columns:
            raise QueryError(start + 1, "the rows before this stage have no time")

    def require_end(self) -> None:
        """Refuse what the stage does not take."""
        self._scanner.skip_space()
        if self._scanner.peek() not in ("", "|", ")"):
            raise self._scanner.fault("this stage takes nothing more", "stages are parted by |")


def event_field(name: str) -> Field:
    """Give the field that a stage names."""
    field = read_stage_field(Scanner(name))[2]
    if field is None:
        raise ValueError(f"not a field of events: {name}")
    return field


def table_columns(stages: Sequence[Stage]) -> ColumnNames:
    """Name the columns that the last stage gives."""
    columns: ColumnNames = None
    for stage in stages:
        columns = stage.columns(columns)
    return columns
