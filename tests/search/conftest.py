"""The demo as a log that was read, for all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.sources.archive import open_archive
from audit_console.sources.protocol import Source


@pytest.fixture(scope="session")
def whole_demo(
    events_of_the_demo: list[AuditEvent], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    """The demo before it was tampered with, read to its end."""
    path = tmp_path_factory.mktemp("whole") / "audit.jsonl"
    path.write_text("".join(f"{encode_line(one)}\n" for one in events_of_the_demo), "utf-8")
    with closing(open_archive([str(path)], keep=True)) as source:
        for _ in source.batches():
            pass
        yield source
