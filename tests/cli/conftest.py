"""Logs that the program is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.core.event import AuditEvent, Scheme, format_time, parse_time
from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import CHAIN, Keys, make_keys
from tests.support.chains import linked, v1_lines
from tests.support.places import text_of


def chain(length: int) -> list[AuditEvent]:
    """A short whole chain."""
    return linked(map(_event, range(length)))


def _event(seq: int) -> AuditEvent:
    moment = format_time(parse_time(f"2026-11-01T00:00:{seq % 60:02}Z"))
    return AuditEvent(
        scheme=Scheme.V1,
        chain=CHAIN,
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
    )


@pytest.fixture
def whole_log(tmp_path: Path) -> Path:
    """Forty events, nothing wrong, no checkpoint."""
    path = tmp_path / "whole.jsonl"
    path.write_bytes(text_of(v1_lines(chain(40))))
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
