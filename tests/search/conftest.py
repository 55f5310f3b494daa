"""The demo as a log that was read, for all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.sources.archive import open_archive
from audit_console.sources.protocol import Source
from tests.support.reading import read_whole


@pytest.fixture(scope="session")
def whole_demo(whole_demo_log: Path) -> Iterator[Source]:
    """The demo before it was tampered with, read to its end."""
    with closing(open_archive([str(whole_demo_log)], keep=True)) as source:
        yield read_whole(source)
