"""The logs that are measured: deterministic, generated once, kept in the user's cache."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from platformdirs import user_cache_path

from audit_console.core.codec import canonical_details, encode_entry
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time
from audit_console.core.hashing import leaf_hash

GENERATION = 1
"""Goes up when the generator changes, so that no older log is measured."""

EVENT_TYPES = (
    "authentication",
    "authorization",
    "workflow_execution",
    "secret_access",
    "config_change",
    "step_execution",
    "system_event",
)
USER_AGENTS = ("python-httpx/0.27", "Mozilla/5.0 (X11; Linux x86_64)")
MODELS = ("large", "medium", "small")


def log_of(events: int) -> Path:
    """Give the path of a v1 log with this many events, writing it on first use."""
    directory = user_cache_path("audit-console") / "benchmarks"
    path = directory / f"events-{GENERATION}-{events}.jsonl"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(events))
        unfinished.rename(path)
    return path


def _lines(events: int) -> Iterator[str]:
    choose = random.Random(GENERATION)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    previous_hash = GENESIS_HASH
    for seq in range(events):
        moment += timedelta(microseconds=choose.randrange(1, 4_000_000))
        event = replace(_event(choose, seq, format_time(moment)), previous_hash=previous_hash)
        entry = encode_entry(event)
        previous_hash = leaf_hash(entry.encode())
        yield f'{entry},"event_hash":"{previous_hash}"}}\n'


def _event(choose: random.Random, seq: int, time: str) -> AuditEvent:
    failed = choose.random() < 0.1
    return AuditEvent(
        scheme=Scheme.V1,
        chain="audit.example.org/benchmark",
        seq=seq,
        id=str(uuid.UUID(int=choose.getrandbits(128), version=4)),
        recorded_at=time,
        timestamp=time,
        event_type=choose.choice(EVENT_TYPES),
        user_id=None if choose.random() < 0.01 else f"user-{int(choose.paretovariate(1.1)) % 5000}",
        action=f"action {choose.randrange(300)}",
        resource_type="workflow",
        resource_id=f"wf-{choose.randrange(20_000)}",
        result="failure" if failed else "success",
        result_error='rate limit "burst" exceeded' if failed else None,
        details=_details(choose),
        ip_address=f"10.{choose.randrange(3)}.{choose.randrange(256)}.{choose.randrange(256)}",
        user_agent=choose.choice(USER_AGENTS),
        request_id=f"req-{seq:08x}",
    )


def _details(choose: random.Random) -> str | None:
    if choose.random() < 0.2:
        return None
    tokens = {"in": choose.randrange(5000), "out": choose.randrange(900)}
    details = {"ms": choose.randrange(9000), "model": choose.choice(MODELS), "tokens": tokens}
    return canonical_details(details)
