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
from benchmarks.logs import log_of
from benchmarks.measure import Contestant, Figure, Sample, Target, take

ROOT = Path(__file__).parents[1]
GROUPS = [
    *("help", "writer", "writer", "writer", "writer"),
    *("first-page", "reopen", "load", "verify", "memory"),
    *("filter", "filter", "facets", "facets", "facets", "timeline", "facets"),
    *("table-page", "table-page", "table-page", "table-count", "table-verify"),
    *("retention", "retention", "retention", "first-rows"),
]


def test_the_benchmarks_take_every_figure_of_a_small_log(tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    options = ["--events", "2k", "--repetitions", "1", "--json", str(report), "--only", *GROUPS]
    completed = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    figures = json.loads(report.read_text(encoding="utf-8"))["figures"]
    assert [figure["group"] for figure in figures] == GROUPS
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
