"""A copy of what goes as Parquet: what is in it, what it refuses, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from audit_console.core.codec import encode_line
from audit_console.core.findings import Code
from audit_console.database import connect
from audit_console.errors import PruneRefused
from audit_console.integrity.verifier import verify
from audit_console.retention.keeping import keep_in
from audit_console.retention.pruner import Pruner
from audit_console.search import keeping
from audit_console.search.keeping import PARQUET
from audit_console.search.printing import EXPORTED
from audit_console.sources.archive import open_archive
from audit_console.sources.postgres import open_postgres
from audit_console.writer.pruning.postgres import PostgresPruner
from tests.support.chains import CHAIN, v1_lines
from tests.support.postgres import fill, wait_for_the_dead
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store

EVENTS = aged_chain(30)
LINES = v1_lines(EVENTS)
PLAN = plan_of(EVENTS, 0, 12, 12)
NOW = day(40)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


def test_it_has_the_columns_of_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ROWS", 5)
    told = keep_in(tmp_path, PLAN, iter(LINES[:12]), packing=PARQUET)
    rows = pl.read_parquet(tmp_path / str(told["name"]))
    assert rows.columns == [*EXPORTED, "line"]
    assert rows["seq"].to_list() == list(range(12))
    assert set(rows["check"]) == {"verified"}
    assert rows["event_hash"].to_list() == [one.event_hash for one in EVENTS[:12]]


@pytest.mark.parametrize(
    "line",
    [encode_line(replace(EVENTS[3], user_id="mallory")).encode(), b"{}", b"\xff"],
    ids=["another hash", "no event", "no text"],
)
def test_an_event_that_does_not_hold_stops_the_prune(tmp_path: Path, line: bytes) -> None:
    lines = [*LINES[:3], line, *LINES[4:12]]
    with pytest.raises(PruneRefused, match="the copy does not hold what goes"):
        keep_in(tmp_path, PLAN, iter(lines), packing=PARQUET)
    assert not list(tmp_path.glob("*.parquet"))


KILLED = """
import os, signal, sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from audit_console.retention.keeping import keep_in
from audit_console.search.keeping import PARQUET
from tests.search.test_keeping import NOW, PLAN, POLICY, REQUEST, pruner_at

place, copies, stopped, within = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(lines):
    for number, line in enumerate(lines):
        if number == within:
            die()
        yield line

def keep(plan, lines):
    def write(stored, lines):
        PARQUET.write(stored, lines)
        if within == plan.events:
            die()
    return keep_in(copies, plan, dying(lines), packing=replace(PARQUET, write=write))

steps = pruner_at(place).steps(PLAN, POLICY, replace(REQUEST, keep=keep), NOW)
for _ in range(stopped):
    next(steps)
die()
"""
WITHIN_THE_COPY = [(9, 0), (9, 7), (9, PLAN.events)]
"""Before the first line, at another, and before the file has its name."""
BEHIND_A_STEP = [(steps, -1) for steps in (1, 2, 3, 4, 5)]


def pruner_at(place: str) -> Pruner:
    if place.startswith("postgresql:"):
        return PostgresPruner(place, chain=CHAIN, batch_events=5)
    return pruner(Path(place))


@pytest.fixture(params=["archive", "table"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "archive":
        folder = tmp_path / "log"
        folder.mkdir()
        yield str(store(folder, EVENTS, (4, 8, 20)))
        return
    dsn: str = request.getfixturevalue("database")
    with closing(connect(dsn)) as connection:
        fill(connection, EVENTS)
    yield dsn


@pytest.mark.parametrize(("stopped", "within"), [*WITHIN_THE_COPY, *BEHIND_A_STEP])
def test_a_kill_leaves_nothing_half(place: str, tmp_path: Path, stopped: int, within: int) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    words = [place, str(copies), str(stopped), str(within)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    if within >= 0:
        assert not list(copies.glob("*.parquet"))
        assert seqs(place) == list(range(30))
    if place.startswith("postgresql:"):
        wait_for_the_dead(place)
    request = replace(REQUEST, keep=partial(keep_in, copies, packing=PARQUET))
    for _ in pruner_at(place).steps(PLAN, POLICY, request, NOW):
        pass
    assert seqs(place) == list(range(12, 31))
    (copy,) = copies.iterdir()
    with closing(open_archive([str(copy)], keep=False)) as source:
        kept = verify(source)
    assert (kept.verified, dict(kept.counts)) == (12, {Code.NO_CHECKPOINT: 1})


def seqs(place: str) -> list[int]:
    """Verify the log, and give what is there."""
    in_table = place.startswith("postgresql:")
    opened = (
        open_postgres(place) if in_table else open_archive([str(Path(place).parent)], keep=True)
    )
    with closing(opened) as source:
        found = verify(source)
    assert set(found.counts) <= set(PRUNED), found.findings
    (chain,) = found.chains
    return list(range(chain.first_seq or 0, (chain.last_seq or 0) + 1))
