"""What tests of archives may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.indexes import LINES
from tests.support.places import text_of


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(LINES))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "indexes"
