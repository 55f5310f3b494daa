"""What goes is counted by every source alike, however many values there are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.query.stages import Timeline
from audit_console.core.timespan import Duration
from audit_console.database import connect
from audit_console.retention import going
from audit_console.retention.going import GoingSums, count_going
from audit_console.retention.spans import events_of
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres, tallies
from audit_console.sources.protocol import Source
from tests.support.chains import CHAIN, linked, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.reading import read_whole
from tests.support.retention import aged_chain, store

EVENTS = aged_chain(30)


@pytest.mark.parametrize("most", [30, 12, 6], ids=["at once", "one by one", "the first"])
def test_a_table_with_many_values_is_counted_as_a_log_of_few(
    database: str, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(going, "ROWS", 5)
    read = read_whole(MemorySource(v1_lines(EVENTS)))
    monkeypatch.setattr(going, "_DAILY", Timeline(Duration(9, "d"), by="type"))
    expected = count_going(read, EVERYTHING)
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    monkeypatch.setattr(tallies, "MOST_ROWS", most)
    with closing(open_postgres(database)) as source:
        assert count_going(source, EVERYTHING) == expected
        sums = GoingSums(source, CHAIN)
        for end in (20, 30):
            assert sums.count(range(end)) == count_going(read, events_of(CHAIN, 0, end))
    by = {one.field: one for one in expected.breakdowns}
    assert (by["user"].values, len(by["user"].rows)) == (7, 5)
    assert [one.field for one in expected.breakdowns] == ["type", "user", "resource", "result"]


def opened(store_kind: str, request: pytest.FixtureRequest, folder: Path) -> Source:
    chain = linked(replace(one, user_id=None) if (one.seq or 0) % 4 else one for one in EVENTS)
    if store_kind == "archive":
        store(folder, chain)
        return read_whole(open_archive([str(folder)], keep=True))
    dsn: str = request.getfixturevalue("database")
    with closing(connect(dsn)) as connection:
        fill(connection, chain)
    return open_postgres(dsn)


@UNMEASURED
@pytest.mark.parametrize("store_kind", ["archive", "postgres"])
def test_what_is_added_to_earlier_counts_or_taken_away_is_as_if_all_were_counted(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    store_kind: str,
) -> None:
    with closing(opened(store_kind, request, tmp_path)) as source:
        sums = GoingSums(source, CHAIN)
        for first, end in ((0, 20), (0, 21), (0, 17), (0, 17), (0, 5), (3, 17), (3, 30), (3, 4)):
            counted = count_going(source, events_of(CHAIN, first, end))
            assert sums.count(range(first, end)) == counted
            assert counted.events == end - first
        asked = spied(source, monkeypatch)
        for end in (6, 7, 4):
            sums.count(range(3, end))
        spans = (4, 6), (6, 7), (3, 4)  # the last is shorter than what were to be taken away
        assert asked == [events_of(CHAIN, *span) for span in spans]


def spied(source: Source, monkeypatch: pytest.MonkeyPatch) -> list[Filter]:
    """List what is counted of a source from now on."""
    asked: list[Filter] = []
    counts = source.counts

    def spy(where: Filter, **by: Any) -> Any:
        asked.append(where)
        return counts(where, **by)

    monkeypatch.setattr(source, "counts", spy)
    return asked
