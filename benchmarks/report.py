"""Results as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from audit_console.columns.compiled import sound_run
from benchmarks.measure import Outcome, Result

HEADINGS = ("figure", "who", "median", "low - high", "peak memory", "ours ÷ peer", "target")
LIBRARIES = ("audit-console", "duckdb", "polars", "polars-hash", "textual")

NOT_YET = {
    "verification, at least 5× the Rust crate's own check": "that crate's checker on this machine",
}
"""Figures of the plan that cannot be taken yet, and what each of them needs."""

Row = tuple[str, ...]


def machine() -> dict[str, str]:
    """Say what the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "compiled pass": "no" if sound_run is None else "yes",
        **{name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def table(results: Sequence[Result]) -> str:
    """Print the results with aligned columns."""
    rows = [HEADINGS, *(row for result in results for row in _rows(result))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _rows(result: Result) -> Iterator[Row]:
    for position, outcome in enumerate(result.outcomes):
        first = position == 0
        yield (
            result.figure.title if first else "",
            outcome.name,
            number(outcome.median, result.figure.unit),
            _spread(outcome, result.figure.unit),
            f"{outcome.peak_bytes / 1e6:,.0f} MB",
            "" if first else f"{result.ratio(outcome):.2f}",
            _target(result) if first else "",
        )


def _target(result: Result) -> str:
    if result.figure.target is None:
        return ""
    return f"{'met' if result.met else 'MISSED'}: {result.figure.target.text}"


def _spread(outcome: Outcome, unit: str) -> str:
    return f"{number(outcome.low, unit)} - {number(outcome.high, unit)}"


def number(value: float, unit: str) -> str:
    """Print a value in its unit."""
    if unit == "s" and value < 0.001:
        return f"{value * 1e6:,.0f} µs"
    if unit == "s":
        return f"{value * 1000:,.0f} ms" if value < 1 else f"{value:,.2f} s"
    return f"{value:,.0f}/s" if unit == "events/s" else f"{value:,.2f} {unit}"


def not_yet() -> str:
    """List the figures that are not taken."""
    return "\n".join(f"not yet: {figure} - needs {need}" for figure, need in NOT_YET.items())


def as_json(results: Sequence[tuple[int | None, Result]]) -> dict[str, object]:
    """Give all samples, with the size of the log each figure was taken on."""
    return {
        "machine": machine(),
        "figures": [
            {
                "group": result.figure.group,
                "title": result.figure.title,
                "events": events,
                "unit": result.figure.unit,
                "target": result.figure.target.text if result.figure.target else None,
                "met": result.met,
                "samples": {
                    outcome.name: [sample.value for sample in outcome.samples]
                    for outcome in result.outcomes
                },
                "peak_bytes": {outcome.name: outcome.peak_bytes for outcome in result.outcomes},
            }
            for events, result in results
        ],
        "not_yet": NOT_YET,
    }
