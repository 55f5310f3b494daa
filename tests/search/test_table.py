"""Tables for people."""

from __future__ import annotations

import polars as pl

from audit_console.search.printing import csv_bytes
from audit_console.search.table import TableText


def lines_of(rows: pl.DataFrame, width: int | None) -> list[str]:
    return list(TableText(width).lines(rows))


def test_columns_are_as_wide_as_they_need() -> None:
    rows = pl.DataFrame({"user": ["alice", None], "count": [12, 3]})
    assert lines_of(rows, None) == ["user   count", "alice     12", "-          3"]


def test_the_widest_column_gives_way_first() -> None:
    rows = pl.DataFrame({"user": ["alice"], "action": ["something long happened"]})
    lines = lines_of(rows, 20)
    assert lines[1] == "alice  something lo…"
    assert max(map(len, lines)) == 20


def test_wide_characters_take_two_cells() -> None:
    rows = pl.DataFrame({"user": ["漢字漢字漢字漢字"], "n": [1]})
    assert lines_of(rows, 10)[1] == "漢字漢…  1"


def test_what_steers_a_terminal_is_shown_as_a_symbol() -> None:
    rows = pl.DataFrame({"user": ["\x1b[2J\u202e\n"]})
    assert lines_of(rows, None)[1] == "␛[2J«U+202E»␊"


def test_titles_stand_once() -> None:
    table = TableText(None)
    rows = pl.DataFrame({"user": ["alice"]})
    assert list(table.lines(rows)) == ["user", "alice"]
    assert list(table.lines(rows)) == ["alice"]


def test_no_value_is_a_formula_to_a_spreadsheet() -> None:
    full_width = ["\uff1d1", "\uff0b1", "\uff0d1", "\uff20x"]
    values = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", *full_width, "a=b", None, ""]
    rows = pl.DataFrame({"value": values, "number": [-1] * len(values)})
    printed = csv_bytes(rows, with_header=True).decode()
    cells = [line.rsplit(",", 1)[0].strip('"') for line in printed.split("\n")[1:-1]]
    shielded = [f"'{value}" for value in values[:10]]
    assert cells == [*shielded, "a=b", "", ""]


def test_a_line_end_before_a_formula_does_not_hide_it() -> None:
    printed = csv_bytes(pl.DataFrame({"value": ["\n=1+1"]}), with_header=False)
    assert printed == b'"\'\n=1+1"\n'
