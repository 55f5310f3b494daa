"""A copy of what goes as Parquet: what is in it, what it refuses, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import polars as pl
import pytest

from audit_console.core.codec import encode_line
from audit_console.core.findings import Code
from audit_console.core.retention import PrunePlan
from audit_console.database import connect
from audit_console.errors import PruneRefused
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import Copies
from audit_console.retention.pruner import Pruner
from audit_console.search import parquet_copies
from audit_console.search.parquet_copies import PARQUET
from audit_console.search.printing import EXPORTED
from audit_console.sources.archive import open_archive
from audit_console.sources.postgres import open_postgres
from audit_console.writer.pruning.postgres import PostgresPruner
from tests.support.chains import CHAIN, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill, wait_for_the_dead
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store

T = TypeVar("T")

EVENTS = aged_chain(30)
LINES = v1_lines(EVENTS)
EARLIER = plan_of(EVENTS, 0, 3, 3)
PLAN = plan_of(EVENTS, 3, 12, 12)
NOW = day(40)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


def test_it_has_the_columns_of_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_copies, "ROWS", 5)
    told = Copies(tmp_path, PARQUET).keep(PLAN, iter(LINES[3:12]))
    rows = pl.read_parquet(tmp_path / str(told["name"]))
    assert rows.columns == [*EXPORTED, "line"]
    assert rows["seq"].to_list() == list(range(3, 12))
    assert set(rows["check"]) == {"verified"}
    assert rows["event_hash"].to_list() == [one.event_hash for one in EVENTS[3:12]]


@pytest.mark.parametrize(
    "line",
    [encode_line(replace(EVENTS[5], user_id="mallory")).encode(), b"{}", b"\xff"],
    ids=["another hash", "no event", "no text"],
)
def test_an_event_that_does_not_hold_stops_the_prune(tmp_path: Path, line: bytes) -> None:
    lines = [*LINES[3:5], line, *LINES[6:12]]
    with pytest.raises(PruneRefused, match="the copy does not hold what goes"):
        Copies(tmp_path, PARQUET).keep(PLAN, iter(lines))
    assert not list(tmp_path.glob("*.parquet"))


FORKING = """
import json, os, sys
from tests.search.test_parquet_copies import prune_and_die

for words in map(json.loads, sys.stdin):
    child = os.fork()
    if not child:
        prune_and_die(*words)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""It forks before any thread works: to start Python and Polars each time is most of a test."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(lines: Iterable[T], at: int) -> Iterator[T]:
    for number, line in enumerate(lines):
        if number == at:
            die()
        yield line


def prune_and_die(place: str, copies: str, stopped: int, line: int, record: int) -> None:
    """Die at a line of the copy or behind the last, at a record beside it, or behind a step."""

    def write(stored: BinaryIO, lines: Iterable[bytes]) -> None:
        PARQUET.write(stored, dying(lines, line))
        if line == PLAN.events:
            die()

    class Dying(Copies):
        def keep_records(self, chain: str, records: Sequence[str]) -> None:
            while_written = dying(records, record)
            super().keep_records(chain, while_written)  # type: ignore[arg-type]

    keeper = Dying(Path(copies), replace(PARQUET, write=write))
    steps = pruner_at(place).steps(PLAN, POLICY, replace(REQUEST, keeper=keeper), NOW)
    for _ in range(stopped):
        next(steps)
    die()


@pytest.fixture(scope="module")
def forking() -> Iterator[subprocess.Popen[str]]:
    """A program that prunes and dies as each line of its input says, and prints how it ended."""
    command = [sys.executable, "-c", FORKING]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield program


WITHIN_THE_COPY = [(9, 0, -1), (9, 7, -1), (9, PLAN.events, -1)]
"""Before the first line, at another, and before the file has its name."""
WITHIN_THE_RECORDS = [(9, -1, 0), (9, -1, 1)]
BEHIND_A_STEP = [(steps, -1, -1) for steps in (1, 2, 3, 4, 5, 6)]
ANCHORED = 3
"""Steps from which on a copy is verified alone; nothing is told, and nothing gone, before."""


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


@UNMEASURED
@pytest.mark.parametrize("death", [*WITHIN_THE_COPY, *WITHIN_THE_RECORDS, *BEHIND_A_STEP])
def test_a_kill_leaves_nothing_half(
    forking: subprocess.Popen[str],
    place: str,
    tmp_path: Path,
    death: tuple[int, int, int],
) -> None:
    stopped, line, record = death
    copies = tmp_path / "copies"
    copies.mkdir()
    prune(place, EARLIER, copies)
    assert forking.stdin is not None
    assert forking.stdout is not None
    print(json.dumps([place, str(copies), *death]), file=forking.stdin, flush=True)
    assert int(forking.stdout.readline()) == -signal.SIGKILL
    if line >= 0 or record >= 0 or stopped < ANCHORED:
        assert seqs(place) == list(range(3, 31))
        assert found_in(copies, 0) == {Code.NO_CHECKPOINT: 1}
    else:
        assert found_in(copies, 3) == PRUNED
    assert (copy_in(copies, 3).exists()) == (line < 0 and stopped > 1)
    if place.startswith("postgresql:"):
        wait_for_the_dead(place)
    prune(place, PLAN, copies)
    assert seqs(place) == list(range(12, 32))
    assert found_in(copies, 0) == {Code.NO_CHECKPOINT: 1}
    assert found_in(copies, 3) == PRUNED
    with closing(open_archive([str(copies)], keep=False)) as source:
        kept = verify(source)
    assert (kept.verified, dict(kept.counts)) == (12, {Code.NO_CHECKPOINT: 1})


def prune(place: str, plan: PrunePlan, copies: Path) -> None:
    request = replace(REQUEST, keeper=Copies(copies, PARQUET))
    for _ in pruner_at(place).steps(plan, POLICY, request, NOW):
        pass


def copy_in(copies: Path, first: int) -> Path:
    return copies / f"audit_example_org_test.{first:012d}.parquet"


def found_in(copies: Path, first: int) -> dict[Code, int]:
    """Verify a copy alone."""
    with closing(open_archive([str(copy_in(copies, first))], keep=False)) as source:
        return dict(verify(source).counts)


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
