"""What goes is counted by every source alike, however many values there are."""

from __future__ import annotations

from contextlib import closing

import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.query.stages import Timeline
from audit_console.core.timespan import Duration
from audit_console.database import connect
from audit_console.retention import going
from audit_console.retention.going import count_going
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres, tallies
from tests.support.chains import v1_lines
from tests.support.postgres import fill
from tests.support.retention import aged_chain

EVENTS = aged_chain(30)


@pytest.mark.parametrize("most", [30, 12, 6], ids=["at once", "one by one", "the first"])
def test_a_table_with_many_values_is_counted_as_a_log_of_few(
    database: str, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(going, "ROWS", 5)
    read = MemorySource(v1_lines(EVENTS))
    for _ in read.batches():
        pass
    monkeypatch.setattr(going, "_DAILY", Timeline(Duration(9, "d"), by="type"))
    expected = count_going(read, EVERYTHING)
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    monkeypatch.setattr(tallies, "MOST_ROWS", most)
    with closing(open_postgres(database)) as source:
        assert count_going(source, EVERYTHING) == expected
    by = {one.field: one for one in expected.breakdowns}
    assert (by["user"].values, len(by["user"].rows)) == (7, 5)
    assert [one.field for one in expected.breakdowns] == ["type", "user", "resource", "result"]
