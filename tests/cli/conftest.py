"""Logs that the program is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time, parse_time
from audit_console.core.hashing import event_hash
from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import Keys, make_keys


def chain(length: int) -> list[AuditEvent]:
    """A short whole chain."""
    events: list[AuditEvent] = []
    previous = GENESIS_HASH
    for seq in range(length):
        moment = format_time(parse_time(f"2026-11-01T00:00:{seq % 60:02}Z"))
        event = AuditEvent(
            scheme=Scheme.V1,
            chain="audit.example.org/test",
            seq=seq,
            id=f"00000000-0000-4000-8000-{seq:012}",
            recorded_at=moment,
            timestamp=moment,
            event_type="authentication",
            action="User authentication attempt",
            resource_type="user",
            resource_id=f"user-{seq}",
            result="success",
            user_id="alice",
            previous_hash=previous,
        )
        sealed = replace(event, event_hash=event_hash(event))
        previous = sealed.event_hash or ""
        events.append(sealed)
    return events


@pytest.fixture
def whole_log(tmp_path: Path) -> Path:
    """Forty events, nothing wrong, no checkpoint."""
    path = tmp_path / "whole.jsonl"
    text = "".join(f"{encode_line(event)}\n" for event in chain(40))
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def sealed_log(whole_log: Path, keys: Keys) -> Path:
    """The whole log with one checkpoint, signed and cosigned."""
    made = run_here(
        "checkpoint", "create", str(whole_log), "--key", keys.log, "--cosign", keys.console
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == ""
    assert "checkpoint export" in spoken_line(made)
    return whole_log
