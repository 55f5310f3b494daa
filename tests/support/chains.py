"""Logs made for tests: chains of format v1 and of the orchestrator's, hashes right."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit_console.core.codec import encode_line
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time
from audit_console.core.hashing import event_hash

CHAIN = "audit.example.org/test"
BEGIN = datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC)


def event(seq: int, chain: str = CHAIN) -> AuditEvent:
    """Make an unsealed v1 event whose fields are all there and tell its place."""
    moment = BEGIN + timedelta(seconds=min(seq, 10**9))
    return AuditEvent(
        scheme=Scheme.V1,
        chain=chain,
        seq=seq,
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{chain}#{seq}")),
        recorded_at=format_time(moment + timedelta(milliseconds=3)),
        timestamp=format_time(moment),
        event_type="config_change",
        user_id=f"user-{seq % 7}",
        action=f"change {seq}",
        resource_type="configuration",
        resource_id=f"setting/{seq % 5}",
        result="failure",
        result_error="rate limit",
        details=f'{{"attempt":{seq},"model":"m-1"}}',
        ip_address="203.0.113.9",
        user_agent="python-httpx/0.27",
        request_id=f"req-{seq}",
        previous_hash=GENESIS_HASH,
        event_hash=GENESIS_HASH,
    )


def rehashed(event: AuditEvent) -> AuditEvent:
    """Give an event the hash of its content."""
    return replace(event, event_hash=event_hash(event))


def linked(events: Iterable[AuditEvent], previous_hash: str = GENESIS_HASH) -> list[AuditEvent]:
    """Link events to one another and hash them, as they stand."""
    chain = []
    for one in events:
        sealed = rehashed(replace(one, previous_hash=previous_hash))
        previous_hash = sealed.event_hash or ""
        chain.append(sealed)
    return chain


def v1_chain(count: int, *, chain: str = CHAIN) -> list[AuditEvent]:
    """Make a whole chain of format v1."""
    return linked(event(seq, chain) for seq in range(count))


def branch(chain: Sequence[AuditEvent], first: int, last: int) -> list[AuditEvent]:
    """Make other events for the places `first` to `last` of a chain, linked before them."""
    before = chain[first - 1].event_hash or "" if first else GENESIS_HASH
    return linked((replace(one, action="another past") for one in chain[first : last + 1]), before)


def v1_lines(events: Iterable[AuditEvent]) -> list[bytes]:
    """Print v1 events as the lines of a log."""
    return [encode_line(one).encode() for one in events]


Entry = dict[str, object]
"""An event in the orchestrator's JSONL, as its line says it."""

_COVERED = ("event_type", "action", "resource_type", "resource_id")


def orchestrator_entry(number: int) -> Entry:
    """Make an unsealed event as the orchestrator writes it, with nanoseconds."""
    moment = (BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"orchestrator#{number}")),
        "timestamp": f"{moment}731Z",
        "event_type": "WorkflowExecution",
        "user_id": f"user-{number}",
        "action": f"run {number}",
        "resource_type": "ApiKey",
        "resource_id": f"key-{number}",
        "result": {"Failure": "no quota"} if number % 3 else "Success",
        "details": {"tokens": number},
        "ip_address": "",
        "user_agent": None,
        "request_id": None,
        "previous_hash": None,
        "event_hash": None,
    }


def orchestrator_hash(entry: Entry) -> str:
    """Hash an entry as the orchestrator does; written apart from the code under test."""
    names = {"WorkflowExecution": "workflow_execution", "ApiKey": "api_key"}
    result = "failure" if isinstance(entry["result"], dict) else "success"
    covered = [names.get(str(entry[key]), str(entry[key])) for key in _COVERED]
    moment = str(entry["timestamp"]).replace("Z", "+00:00")
    text = "|".join([str(entry["id"]), moment, *covered, result, str(entry["previous_hash"] or "")])
    return hashlib.sha256(text.encode()).hexdigest()


def orchestrator_sealed(entries: Iterable[Entry], previous_hash: str | None = None) -> list[Entry]:
    """Link and hash entries; the first one links to `previous_hash`."""
    sealed = []
    for entry in entries:
        one = entry | {"previous_hash": previous_hash}
        one["event_hash"] = previous_hash = orchestrator_hash(one)
        sealed.append(one)
    return sealed


def orchestrator_chain(count: int, *, first: int = 0) -> list[Entry]:
    """Make a whole chain as one process of the orchestrator writes it."""
    return orchestrator_sealed(orchestrator_entry(first + number) for number in range(count))


def orchestrator_lines(entries: Iterable[Entry]) -> list[bytes]:
    """Print entries as the lines of a log."""
    return [
        json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() for entry in entries
    ]
