"""Where the test data is."""

from __future__ import annotations

from pathlib import Path

import pytest

VECTORS = Path(__file__).parent.parent / "vectors"
V1_VECTORS = VECTORS / "v1" / "audit.jsonl"
UPSTREAM_VECTORS = VECTORS / "upstream" / "single-writer.jsonl"

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def sample(name: str) -> Path:
    """Find a log of real activity beside the checkout, or skip the test."""
    path = _SAMPLES / name
    if not path.is_file():
        pytest.skip(f"no {path}: the samples are not part of the project")
    return path


def lines_of(path: Path) -> list[bytes]:
    """Read the lines of a file, without their newlines."""
    return path.read_bytes().removesuffix(b"\n").split(b"\n")
