"""What a screen, a report or a verification may ask of a log.

A source is a read-only view of one log. Its methods are called from worker
threads, never from the event loop; `status` is the exception: it is a value,
cheap to take from anywhere and at any time.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from audit_console.core.filters import Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count, Timeline

if TYPE_CHECKING:  # the screens name sources and orders before Polars is there
    import polars as pl

    from audit_console.columns.sound import SoundRun


class Order(StrEnum):
    """Order of a page, by `timestamp`; ties keep the order of the log."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


@dataclass(frozen=True, slots=True)
class AtRow:
    """Start at this row of the ordered, filtered events; rows count from 0."""

    row: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """Start at the first event that `order` puts at or behind this time."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class AtEvent:
    """Start at the event with this id; an unknown id gives an empty page."""

    event_id: str


Cursor = AtRow | AtTime | AtEvent


@dataclass(frozen=True, slots=True)
class Page:
    """A window of events in the order asked for.

    `rows` has the columns of `columns.schema.PAGE`. `first_row` is the rank of
    its first row. `matched` counts the events that the filter keeps among the
    `read` events of the log so far. Both are exact, and of the whole log unless
    `Status.partial` was true when the page was asked for. They are None where
    they were not counted yet: a tally of `Count` counts, and later pages know.
    """

    rows: pl.DataFrame
    first_row: int
    matched: int | None
    read: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines of a log.

    `events` has at least the columns of `columns.schema.BATCH`, `malformed` those of
    `columns.schema.MALFORMED`.
    """

    events: pl.DataFrame
    malformed: pl.DataFrame


Part: TypeAlias = "Batch | SoundRun"
"""Consecutive lines of a log, of which there need be no columns where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One file of an archive: bytes as stored, lines read so far."""

    name: str
    bytes: int
    lines: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """How far a source has read. Byte counts are of the stored, maybe compressed, files.

    `complete` says that all there is was read; `stopped` that reading was cut
    short, so that every number is a part. `first` and `last` bound `timestamp`.
    With `asks_store`, pages and tallies are of the whole log however far it was read.
    With `indexed` they, and all numbers but those of bytes and files, are of an index that
    was written at that time, as long as the log was not read to its end; `as_read` has the
    numbers of what was read. `index_fault` says what is wrong with the index, if it is.
    `event_bytes` is what an event of a table takes, its part of indexes with it, as far as the
    store's statistics say.
    """

    events: int
    malformed: int
    lines: int
    bytes_read: int
    bytes_total: int | None
    first: datetime | None
    last: datetime | None
    complete: bool
    stopped: bool
    files: tuple[FileStatus, ...]
    asks_store: bool = False
    indexed: datetime | None = None
    index_fault: str | None = None
    read: Status | None = None
    event_bytes: float | None = None

    @property
    def partial(self) -> bool:
        """Whether what pages and tallies say is of a part of the log."""
        return not (self.complete or self.asks_store)

    @property
    def as_read(self) -> Status:
        """The same without an index: all numbers are of what was read."""
        return self.read or self


@dataclass(frozen=True, slots=True)
class News:
    """What was written since a log was read.

    `lines` counts the lines, or rows of a table, that were ended behind what was read.
    `changed` says what else became of the log, so that what was read is not in it any more.
    """

    lines: int
    changed: str | None = None


NOTHING_NEW = News(0)


class Readable(Protocol):
    """What a verification reads of a log."""

    @property
    def status(self) -> Status:
        """How far the log has been read; safe to take from any thread."""
        ...

    def prune_records(self) -> Sequence[str]:
        """Give the prune records kept beside the log, as stored, oldest first.

        Raises:
            SourceError: they are there and cannot be read.
        """
        ...

    def checkpoints(self) -> Sequence[str]:
        """Give the checkpoints kept beside the log, as stored, oldest first.

        Each is a signed note, or the JSON object `{"note":"…"}` that holds one.

        Raises:
            SourceError: they are there and cannot be read.
        """
        ...

    def batches(self) -> Generator[Batch]:
        """Read the log in log order, each line once, rows marked with their check.

        Closing the generator stops the reading and leaves `status` stopped.

        Raises:
            SourceError: the log cannot be looked at.
        """
        ...

    def parts(self) -> Generator[Part]:
        """Read the log as `batches` does, for who asks no more of sound lines than a run tells.

        Raises:
            SourceError: the log cannot be looked at.
        """
        ...


class Source(Readable, Protocol):
    """Read-only view of one audit log."""

    @property
    def label(self) -> str:
        """What to call the log on a screen; never contains a password."""
        ...

    @property
    def kind(self) -> str:
        """`archive`, `postgresql` or `memory`."""
        ...

    def hold_changes(self) -> Sequence[str]:
        """Give the changes of legal holds kept beside the log, as stored, oldest first.

        Raises:
            SourceError: they are there and cannot be read.
        """
        ...

    def chains(self) -> Sequence[str | None]:
        """Name the chains of the events read so far, with None for events of no chain."""
        ...

    def page(
        self,
        where: Filter,
        *,
        order: Order,
        at: Cursor,
        limit: int,
        marks: Mapping[MarkKey, Marks] = NO_MARKS,
    ) -> Page:
        """Give up to `limit` events of those read so far; see `Status.asks_store`.

        Args:
            where: which events; `around:` is resolved in it.
            order: by which the page goes, and `at` counts.
            at: where the page begins.
            limit: how many events it has at most.
            marks: what the filter takes for the marks of the events.
        """
        ...

    def in_log_order(
        self, where: Filter, *, marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> Generator[pl.DataFrame]:
        """Give all events that `page` would, in the order of `batches`, some at a time.

        Lines written in this order are the log again. Closing the generator ends the question.

        Args:
            where: as for `page`.
            marks: as for `page`.

        Returns:
            frames with the columns of `columns.schema.PAGE`, at least one, any of them empty.
        """
        ...

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count the events read so far as the stages of a query say; see `Status.asks_store`.

        Args:
            where: as for `page`.
            by: the stages, one behind the other.
            marks: as for `page`.

        Returns:
            a frame with the columns that the last stage names, or `columns.schema.PAGE`
            without `raw` where it keeps events as they are.
        """
        ...

    def counts(self, where: Filter, *, by: Sequence[Count | Timeline]) -> list[pl.DataFrame]:
        """Count the same events by several stages, at once where that is cheaper.

        Args:
            where: as for `page`.
            by: stages, none of them by a field of details or by marks.

        Returns:
            what `tally` gives for each stage, its rows in any order.
        """
        ...

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Give unreadable lines in log order, rows `first` and following."""
        ...

    def news(self) -> News:
        """Look at what was written since the log was read, cheaply; nothing of it is taken in.

        A log that was not read to its end has no news.

        Raises:
            SourceError: the log cannot be looked at.
        """
        ...

    def close(self) -> None:
        """Give back files and connections. Pages cannot be asked for afterwards."""
        ...
