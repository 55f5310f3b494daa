"""The benchmarks run to their end; what they measure is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit_console.core.codec import decode_line
from audit_console.core.event import GENESIS_HASH, AuditEvent
from audit_console.core.hashing import event_hash
from benchmarks import growth
from benchmarks.logs import log_of
from benchmarks.measure import Contestant, Figure, Result, Sample, Target, take

ROOT = Path(__file__).parents[1]
APART = ["help", "first-page", "memory", "first-rows"]
TOGETHER = [
    *("writer", "writer", "writer", "writer"),
    *("reopen", "load", "verify"),
    *("filter", "filter", "facets", "facets", "facets", "timeline", "facets"),
    *("table-page", "table-page", "table-page", "table-count", "table-verify"),
    *("retention", "retention", "retention", "retention"),
]
IN_ONE_PROCESS = """
import contextlib, io, sys
from benchmarks import __main__, measure, tasks

def run_here(command):
    sys.argv = command[2:]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        tasks.main()
    return measure.Run(output.getvalue(), seconds=1.0, peak_bytes=1, exit_code=0)

measure.run_to_end = run_here
__main__.main()
"""
"""Runs the same tasks without a start of Python for each, which takes longer than their work."""


@pytest.mark.parametrize(
    ("command", "groups"),
    [(["-m", "benchmarks"], APART), (["-c", IN_ONE_PROCESS], TOGETHER)],
    ids=["apart", "together"],
)
def test_the_benchmarks_take_every_figure_of_a_small_log(
    tmp_path: Path, command: list[str], groups: list[str]
) -> None:
    report = tmp_path / "figures.json"
    options = ["--events", "2k", "--repetitions", "1", "--json", str(report), "--only", *groups]
    completed = subprocess.run(
        [sys.executable, *command, *options],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    figures = json.loads(report.read_text(encoding="utf-8"))["figures"]
    assert [figure["group"] for figure in figures] == groups
    assert all(figure["samples"]["audit-console"][0] > 0 for figure in figures)
    assert all(figure["title"] in completed.stdout for figure in figures)
    assert "not yet: " in completed.stdout


def test_the_logs_are_whole_chains() -> None:
    previous_hash = GENESIS_HASH
    for line in log_of(300).read_text(encoding="utf-8").splitlines():
        event = decode_line(line)
        assert isinstance(event, AuditEvent)
        assert (event.previous_hash, event.event_hash) == (previous_hash, event_hash(event))
        previous_hash = event.event_hash or ""


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (None, None),
        (Target("", at_most=10.0), True),
        (Target("", at_most=9.0), False),
        (Target("", at_least=11.0), False),
        (Target("", ratio_at_most=2.0), True),
        (Target("", ratio_at_most=1.0), False),
    ],
)
def test_a_target_is_met_or_missed_by_the_medians(target: Target | None, met: bool | None) -> None:
    ours = Contestant("ours", iter([Sample(10, 1), Sample(50, 1), Sample(1, 1)]).__next__)
    peer = Contestant("peer", iter([Sample(5, 1), Sample(1, 1), Sample(90, 1)]).__next__)
    result = take(Figure("group", "title", "s", [ours, peer], target), repetitions=3)
    assert result.met is met


def taken(title: str, unit: str, ours: float) -> Result:
    figure = Figure("group", title, unit, [Contestant("ours", lambda: Sample(ours, 1))])
    return take(figure, repetitions=1)


def test_growth_is_drawn_between_sizes() -> None:
    results: list[tuple[int | None, Result]] = [
        (None, taken("start", "s", 0.5)),
        *((size, taken("linear", "s", size / 1e6)) for size in (1_000, 100_000)),
        *((size, taken("flat", "s", 2.0)) for size in (1_000, 100_000)),
        *((size, taken("steady rate", "events/s", 9.0)) for size in (1_000, 100_000)),
        *((size, taken("steady share", "×", 0.5)) for size in (1_000, 100_000)),
        *((size, taken("square", "s", size**2)) for size in (1_000, 100_000)),
        (1_000, taken("once", "s", 1.0)),
    ]
    drawn = {line.split("  ")[0]: line for line in growth.chart(results).splitlines()}

    assert drawn["figure"].split()[1:] == ["1,000", "100,000", "flat", "linear"]
    assert drawn["linear"].split()[1:] == ["1", "ms", "100", "ms", "█" * 20, "1.00"]
    assert drawn["flat"].endswith(" 0.00")
    assert drawn["steady rate"].endswith("█ 1.00")
    assert drawn["steady share"].endswith("█ 1.00")
    assert drawn["square"].endswith("█ 2.00  WORSE THAN LINEAR")
    assert not drawn.keys() & {"start", "once"}


def test_one_size_has_no_growth() -> None:
    assert growth.chart([(1_000, taken("load", "s", 1.0)), (None, taken("start", "s", 1.0))]) == ""
