"""What an application gives by mistake is said in one line, where it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_console.errors import UsageError
from audit_console.writer import ArchiveSink, AuditLogger, PostgresSink, Rotation, Signing
from audit_console.writer.retention import RetentionManager
from audit_console.writer.testing import MemorySink

CHAIN = "log.example/app"


def archive(path: Path) -> ArchiveSink:
    return ArchiveSink(path / "log.jsonl", chain=CHAIN)


MISTAKES: list[tuple[Callable[[Any, Path], object], str]] = [
    (lambda wrong, _: ArchiveSink(wrong, chain=CHAIN), "path is of type object"),
    (lambda wrong, path: ArchiveSink(path / "log.jsonl", chain=wrong), "chain is of type object"),
    (
        lambda wrong, path: ArchiveSink(path / "log.jsonl", chain=CHAIN, rotation=wrong),
        "rotation is of type object",
    ),
    (
        lambda wrong, path: ArchiveSink(path / "log.jsonl", chain=CHAIN, patience=wrong),
        "patience is of type object",
    ),
    (lambda wrong, _: Rotation.size(wrong), "max_bytes is of type object"),
    (lambda wrong, _: PostgresSink(wrong, chain=CHAIN), "dsn is of type object"),
    (lambda wrong, _: AuditLogger(wrong), r"sink is of type object, which has no append\(\)"),
    (lambda wrong, _: AuditLogger(MemorySink(), sync=wrong), "sync is <object"),
    (lambda wrong, _: AuditLogger(MemorySink(), when_full=wrong), "when_full is <object"),
    (lambda wrong, _: AuditLogger(MemorySink(), queue_events=wrong), "queue_events is of type"),
    (lambda wrong, _: AuditLogger(MemorySink(), retries=wrong), "retries is of type object"),
    (lambda wrong, _: AuditLogger(MemorySink(), signing=wrong), "signing is of type object"),
    (lambda wrong, _: Signing(wrong), "key is of type object"),
    (lambda wrong, _: Signing("key", every_events=wrong), "every_events is of type object"),
    (lambda wrong, _: Signing("key", every_seconds=wrong), "every_seconds is of type object"),
    (lambda wrong, _: RetentionManager(wrong), "sink is of type object"),
    (lambda wrong, path: RetentionManager(archive(path), days=wrong), "is not a number of days"),
    (lambda wrong, path: RetentionManager(archive(path), longer=wrong), "longer is of type"),
    (
        lambda wrong, path: RetentionManager(archive(path), longer={"user:x": wrong}),
        "is not a number of days",
    ),
    (lambda wrong, path: RetentionManager(archive(path), actor=wrong), "actor is of type object"),
    (lambda wrong, path: RetentionManager(archive(path), reason=wrong), "reason is of type"),
    (
        lambda wrong, path: RetentionManager(archive(path)).start_background_cleanup(wrong),
        "interval is of type object",
    ),
]


@pytest.mark.parametrize(("make", "said"), MISTAKES)
def test_an_argument_of_another_type_is_named(
    make: Callable[[Any, Path], object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        make(object(), tmp_path)
    assert "\n" not in str(refused.value)


def test_words_that_are_known_are_listed() -> None:
    wrong: Any = "allways"
    with pytest.raises(UsageError, match="sync is 'allways'") as refused:
        AuditLogger(MemorySink(), sync=wrong)
    assert refused.value.hint == "one of: always, batch, os"
