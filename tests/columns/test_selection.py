"""Codes of values: those of the same value are the same, whatever their hashes."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest

from audit_console.columns.selection import Codes
from audit_console.core.filters import FieldName

TEXTS = ("", "a", "b", "é", "x" * 40, None)


def codes_of(values: pl.Series) -> list[int]:
    frame = values.to_frame("request_id")
    return Codes(frame).of(FieldName.REQUEST, pl.col("request_id")).to_list()


def first_rows(values: pl.Series) -> list[int]:
    texts = values.to_list()
    return [texts.index(text) for text in texts]


@pytest.mark.parametrize("height", [0, 1, 2, 50, 3000])
def test_a_code_is_the_row_in_which_the_value_stands_first(height: int) -> None:
    rng = Random(height)
    values = pl.Series(
        [rng.choice([*TEXTS, str(rng.random())]) for _ in range(height)], dtype=pl.String
    )
    assert codes_of(values) == first_rows(values)


def test_values_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_of_few(values: pl.Series) -> pl.Series:
        return values.str.len_bytes().fill_null(7).cast(pl.UInt64)

    monkeypatch.setattr(pl.Series, "hash", hash_of_few)
    values = pl.Series(["a", "b", None, "a", "b", "cc", None], dtype=pl.String)
    assert codes_of(values) == first_rows(values)
