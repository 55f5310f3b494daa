"""Archives that tests write, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.writer import ArchiveSink, AuditLogger
from tests.support.judging import Judgement, judge_archive
from tests.support.ticks import CHAIN, tick


def log_ticks(folder: Path, count: int, *, first: int = 0, **options: Any) -> None:
    """Log ticks one by one to the archive of a folder."""
    sink = ArchiveSink(folder / "audit.jsonl", chain=CHAIN, **options)
    with AuditLogger(sink, sync="os") as log:
        for number in range(first, first + count):
            log.log_event(**tick(number))


def stored_events(folder: Path) -> list[AuditEvent]:
    """Read the whole lines of an archive, closed files first."""
    return list(_events(folder))


def _events(folder: Path) -> Iterator[AuditEvent]:
    for path in [*sorted(folder.glob("audit.0*.jsonl")), folder / "audit.jsonl"]:
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            event = decode_line(line.removesuffix("\n"))
            if isinstance(event, AuditEvent):
                yield event


def stored_ticks(folder: Path) -> list[int]:
    """Read the numbers of the ticks in an archive, in the order of the chain."""
    return [int(event.action.removeprefix("tick ")) for event in stored_events(folder)]


def judge(folder: Path) -> Judgement:
    """Verify all files of an archive as one log."""
    return judge_archive(*sorted(folder.glob("audit*.jsonl")))


def is_whole(folder: Path) -> bool:
    """Tell whether an archive verifies without a finding or a notice, but for its open end."""
    judgement = judge(folder)
    return not judgement.beyond_the_unanchored_end and not judgement.notices
