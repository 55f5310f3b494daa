"""Events as a folder of Parquet files, one for each day, as engines for queries read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from audit_console.errors import AuditConsoleError
from audit_console.search.printing import exported_with_lines, parquet_bytes
from audit_console.search.question import Question
from audit_console.search.whole_files import part_of, to_disk


def write_days(question: Question, target: Path) -> None:
    """Write events to `target/day=2026-11-01/part.parquet` and so on: a whole folder or none.

    The day is that on which an event was recorded, in UTC, so that each file holds a stretch
    of its chain; an event that does not say is of the day of its timestamp.

    Args:
        question: which events.
        target: a folder that is not there.

    Raises:
        SourceChanged: a line is no longer what was read.
        AuditConsoleError: the folder cannot be written; nothing is left behind.
    """
    events = pl.concat(map(exported_with_lines, question.in_log_order()))
    day = pl.coalesce("recorded_at", "timestamp").dt.strftime("%Y-%m-%d").alias("day")
    part = part_of(target)
    try:
        part.mkdir()
        for (name,), rows in events.group_by(day, maintain_order=True):
            (part / f"day={name}").mkdir()
            with (part / f"day={name}" / "part.parquet").open("xb") as file:
                file.writelines(parquet_bytes(iter([rows])))
                to_disk(file)
        part.rename(target)
    except OSError as error:
        raise AuditConsoleError(
            f"cannot write {target}: {error.strerror}", hint="Name a folder that can be written"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
