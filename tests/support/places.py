"""Where the test data is, and lines as a file has them."""

from __future__ import annotations

from collections.abc import Iterable
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


def text_of(lines: Iterable[bytes]) -> bytes:
    """Give the text of a file, each line with its newline."""
    return b"".join(line + b"\n" for line in lines)
