"""Columns on disk: what is asked for is what was written, or said to be damaged."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_console.columns.schema import RESULT, TIME
from audit_console.sources.archive import stored as module
from audit_console.sources.archive.stored import (
    Damaged,
    FileLayout,
    StoredColumns,
    StoredFile,
    write_columns,
)

START = datetime(2026, 11, 22, tzinfo=UTC)


def frame_of(rng: Random, height: int) -> pl.DataFrame:
    """Make columns of every kind, some of which miss values."""
    times = [START + timedelta(microseconds=rng.randrange(10**12)) for _ in range(height)]
    numbers = [rng.randrange(2**63) for _ in range(height)]
    results = [rng.choice(["success", None]) for _ in range(height)]
    texts = [rng.choice(["", "é", "x" * rng.randrange(40), None]) for _ in range(height)]
    return pl.DataFrame(
        {
            "time": pl.Series(times, dtype=TIME),
            "number": pl.Series(numbers, dtype=pl.UInt64),
            "maybe": pl.Series([rng.choice([1, None]) for _ in range(height)], dtype=pl.Int64),
            "text": pl.Series(texts, dtype=pl.String),
            "name": pl.Series(texts, dtype=pl.Categorical(pl.Categories.random())),
            "result": pl.Series(results, dtype=RESULT),
        }
    )


def store(path: Path, frame: pl.DataFrame) -> FileLayout:
    with FileIO(path, "w+") as file:
        return write_columns(file, frame)


def columns_of(path: Path, frame: pl.DataFrame) -> StoredColumns:
    layout = json.loads(json.dumps(asdict(store(path, frame))))
    return StoredColumns(StoredFile(path), FileLayout.of(layout), dict(frame.schema))


@pytest.mark.parametrize("seed", range(10))
def test_columns_and_rows_are_those_that_were_written(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP", 7)
    rng = Random(seed)
    frame = frame_of(rng, rng.randrange(1, 30))
    columns = columns_of(tmp_path / "rows", frame)
    for _ in range(8):
        first, count = rng.choice([0, frame.height, rng.randrange(40)]), rng.randrange(20)
        assert_frame_equal(columns.slice(first, count), frame.slice(first, count))
        name = rng.choice(frame.columns)
        assert columns[name].equals(frame[name])
        assert columns[name].dtype == frame[name].dtype


def test_a_column_is_read_once(tmp_path: Path) -> None:
    columns = columns_of(tmp_path / "rows", frame_of(Random(1), 20))
    assert columns["text"] is columns["text"]


def test_a_log_without_such_lines_has_an_empty_frame(tmp_path: Path) -> None:
    frame = frame_of(Random(1), 0)
    columns = columns_of(tmp_path / "rows", frame)
    assert_frame_equal(columns.slice(0, 9), frame)


@pytest.mark.parametrize("pieces", [[[0, 8, 0]], [[-8, 8, 0]], [[1 << 40, 8, 0]]])
@pytest.mark.parametrize("name", ["time", "text"])
def test_a_layout_of_another_file_is_damage(
    name: str, pieces: list[list[int]], tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    frame = frame_of(Random(1), 20)
    layout = asdict(store(path, frame))
    layout["pieces"][name] = pieces
    layout["height"] = 10**6
    columns = StoredColumns(StoredFile(path), FileLayout.of(layout), dict(frame.schema))
    with pytest.raises(Damaged):
        columns[name]


def test_rows_that_are_missing_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    frame = frame_of(Random(1), 20)
    layout = asdict(store(path, frame)) | {"height": 21}
    with pytest.raises(Damaged, match="20 rows, not 21"):
        StoredColumns(StoredFile(path), FileLayout.of(layout), dict(frame.schema))["text"]
