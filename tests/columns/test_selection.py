"""Codes of values: those of the same value are the same, whatever their hashes. Rows by places."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest

from audit_console.columns import selection
from audit_console.columns.selection import Codes, Selection
from audit_console.core.filters import FieldName
from tests.support.effort import UNMEASURED

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


@UNMEASURED
@pytest.mark.parametrize("many", [0, 64])
@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_places_and_rows_of_a_mask_are_told_from_one_another(
    share: float, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "BLOCK", 16)
    monkeypatch.setattr(selection, "MANY", many)
    rng = Random(share)
    mask = [rng.random() < share for _ in range(300)]
    rows = [row for row, holds in enumerate(mask) if holds]
    chosen = Selection(pl.DataFrame({"row": range(300)}), pl.Series(mask))
    places = [rng.randrange(len(rows)) for _ in range(20)]
    taken = chosen.at(pl.Series(places))
    assert taken.select(row=pl.col("row"))["row"].to_list() == [rows[place] for place in places]
    assert chosen.at(pl.Series([], dtype=pl.UInt32)).height == 0
    assert Selection(chosen.events).place_of(7) == 7
    for row, holds in enumerate(mask):
        assert chosen.place_of(row) == (rows.index(row) if holds else None)
    in_order = [rows[place] for place in places]
    for row in range(300):
        assert taken.place_of(row) == (in_order.index(row) if row in in_order else None)
