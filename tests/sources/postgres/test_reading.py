"""What COPY prints, read back: texts with their escapes, and times in every spelling."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.sources.postgres.reading import parse_block
from audit_console.sources.postgres.rows import TEXTS
from audit_console.sources.postgres.times import read_times
from tests.support.effort import examples

ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
    }
)
NASTY = st.sampled_from(["", '"', "\\", "\\N", "\\\\N", "\n", "\t", "\x01", "\x7f", "é", "a,b"])
VALUE = st.none() | NASTY | st.just("plain")


def copied(rows: list[list[str | None]]) -> bytes:
    """Print rows as COPY does."""
    lines = (
        "\t".join("\\N" if value is None else value.translate(ESCAPES) for value in row) + "\n"
        for row in rows
    )
    return "".join(lines).encode()


@examples(150)
@given(
    st.lists(st.lists(VALUE, min_size=19, max_size=19), min_size=1, max_size=3)
    | st.lists(st.just(["plain"] * 18), min_size=2, max_size=2).flatmap(
        lambda rows: VALUE.map(lambda value: [[*row, value] for row in rows])
    )
)
def test_rows_are_read_as_they_were_and_plain_columns_need_quotes_alone(
    rows: list[list[str | None]],
) -> None:
    parsed = parse_block(copied(rows))
    assert [list(row) for row in parsed.rows.iter_rows()] == rows
    for name, column in zip(TEXTS, zip(*rows, strict=True), strict=True):
        if name in parsed.plain:
            texts = "".join(value or "\\" for value in column if value != "")
            assert None not in column
            assert not set(texts) & {'"', "\\", *map(chr, range(0x20))}


def test_columns_are_plain_where_nothing_speaks_against_it() -> None:
    usual: list[str | None] = ["plain"] * 19
    assert parse_block(copied([usual])).plain == set(TEXTS)
    for value in (None, '"', "\\", "\n"):
        assert parse_block(copied([usual, [*usual[:-1], value]])).plain == set(TEXTS) - {
            "event_hash"
        }
    assert not parse_block(copied([[*usual[:-1], "\x01"]])).plain


SPELLED = {
    "2026-01-02 03:04:05.123456+00": "2026-01-02T03:04:05.123456Z",
    "2026-01-02 03:04:05.1+00": "2026-01-02T03:04:05.100000Z",
    "2026-01-02 03:04:05+00": "2026-01-02T03:04:05.000000Z",
    "0001-01-01 00:00:00.000001+00": "0001-01-01T00:00:00.000001Z",
    "9999-12-31 23:59:59.999999+00": "9999-12-31T23:59:59.999999Z",
}
NO_TIMES = (
    *("infinity", "", "10000-01-01 00:00:00.5+00", "0044-03-15 00:00:00.5+00 BC", "2026-01-02"),
    *("2026-13-02 03:04:05.123456+00", "2026-01-02x03:04:05.123456+00é", "é" * 13),
)


@pytest.mark.parametrize("others", [[], [*NO_TIMES, None]], ids=["all are times", "some are"])
def test_times_are_spelled_as_the_format_does(others: list[str | None]) -> None:
    for texts in ([*list(SPELLED)[:2], *others], [*SPELLED, *others]):
        spelled, times = read_times(pl.Series(texts, dtype=pl.String))
        wanted = [SPELLED.get(text or "") for text in texts]
        moments = [datetime.fromisoformat(text) if text else None for text in wanted]
        assert times.to_list() == moments
        kept = [text for text, moment in zip(spelled, moments, strict=True) if moment]
        assert kept == [text for text in wanted if text]


def test_no_times_are_no_times() -> None:
    spelled, times = read_times(pl.Series([], dtype=pl.String))
    assert (spelled.to_list(), times.to_list()) == ([], [])
