"""The orchestrator's events: action, resource, result and details as its own logger has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from audit_console.core.event import AuditEvent
from audit_console.errors import EventRefused
from audit_console.writer import AuditLogger
from audit_console.writer.testing import MemorySink

MOMENT = datetime(2026, 11, 23, 3, 51, 42, 166_415, tzinfo=UTC)
PERMISSION = {"permission": "write", "allowed": False}

Call = Callable[[Any], Any]
CALLS: dict[str, tuple[Call, tuple[Any, ...]]] = {
    "login": (
        lambda log: log.log_auth_attempt("alice", success=True),
        ("authentication", "User authentication attempt", "user", "alice", "success", None, None),
    ),
    "failed login": (
        lambda log: log.log_auth_attempt("alice", success=False),
        (
            *("authentication", "User authentication attempt", "user", "alice"),
            *("failure", "Authentication failed", None),
        ),
    ),
    "failed login, reason": (
        lambda log: log.log_auth_attempt("alice", success=False, result_error="locked"),
        (
            *("authentication", "User authentication attempt", "user", "alice"),
            *("failure", "locked", None),
        ),
    ),
    "permission": (
        lambda log: log.log_authorization("alice", "write", "doc-1", allowed=True),
        (
            *("authorization", "Authorization check: write", "user", "doc-1"),
            *("success", None, PERMISSION | {"allowed": True}),
        ),
    ),
    "no permission": (
        lambda log: log.log_authorization("alice", "write", "doc-1", allowed=False),
        (
            *("authorization", "Authorization check: write", "user", "doc-1"),
            *("failure", "Permission denied: write", PERMISSION),
        ),
    ),
    "execution": (
        lambda log: log.log_workflow_execution(
            "wf-1", "alice", duration_ms=12, result="failure", result_error="no quota"
        ),
        (
            *("workflow_execution", "Workflow executed", "workflow", "wf-1"),
            *("failure", "no quota", {"duration_ms": 12}),
        ),
    ),
    "creation": (
        lambda log: log.log_workflow_create("wf-1", "Nightly", "alice"),
        (
            *("workflow_create", "Workflow created", "workflow", "wf-1"),
            *("success", None, {"workflow_name": "Nightly"}),
        ),
    ),
    "update": (
        lambda log: log.log_workflow_update("wf-1", "alice", changes={"given": 1, "own": 2}),
        (
            *("workflow_update", "Workflow updated", "workflow", "wf-1"),
            *("success", None, {"given": 1, "own": 2}),
        ),
    ),
    "deletion": (
        lambda log: log.log_workflow_delete("wf-1", "alice"),
        ("workflow_delete", "Workflow deleted", "workflow", "wf-1", "success", None, None),
    ),
    "secret": (
        lambda log: log.log_secret_access("db/password", "alice", accessed_at=MOMENT),
        (
            *("secret_access", "Secret accessed", "secret", "db/password"),
            *("success", None, {"accessed_at": "2026-11-23T03:51:42.166415Z"}),
        ),
    ),
    "setting": (
        lambda log: log.log_config_change("limit", "alice", old_value=None, new_value="9"),
        (
            *("config_change", "Configuration changed", "configuration", "limit"),
            *("success", None, {"old_value": None, "new_value": "9"}),
        ),
    ),
    "new key": (
        lambda log: log.log_api_key_create("key-1", "alice", scopes=("read", "write")),
        (
            *("api_key_create", "API key created", "api_key", "key-1"),
            *("success", None, {"scopes": ["read", "write"]}),
        ),
    ),
    "revoked key": (
        lambda log: log.log_api_key_revoke("key-1", "alice", reason="leaked"),
        (
            *("api_key_revoke", "API key revoked", "api_key", "key-1"),
            *("success", None, {"reason": "leaked"}),
        ),
    ),
    "step": (
        lambda log: log.log_step_execution(
            "wf-1", "step-2", "alice", duration_ms=3, result="partial_success"
        ),
        (
            *("step_execution", "Step executed: step-2", "step", "step-2"),
            *("partial_success", None, {"workflow_id": "wf-1", "duration_ms": 3}),
        ),
    ),
}


def told(event: AuditEvent) -> tuple[Any, ...]:
    return (
        *(event.event_type, event.action, event.resource_type, event.resource_id),
        *(event.result, event.result_error),
        None if event.details is None else json.loads(event.details),
    )


@pytest.mark.parametrize(("call", "expected"), CALLS.values(), ids=CALLS)
def test_a_call_logs_the_orchestrators_event(call: Call, expected: tuple[Any, ...]) -> None:
    with AuditLogger(MemorySink()) as log:
        event = call(log).event
    assert told(event) == expected
    assert event.user_id == "alice"


@pytest.mark.parametrize(("call", "expected"), CALLS.values(), ids=CALLS)
def test_a_call_can_be_awaited(call: Call, expected: tuple[Any, ...]) -> None:
    async def log_it(log: AuditLogger) -> AuditEvent:
        event: AuditEvent = (await call(log.aio)).event
        return event

    with AuditLogger(MemorySink()) as log:
        assert told(asyncio.run(log_it(log))) == expected


def test_every_method_that_logs_is_tried() -> None:
    names = {name for name in dir(AuditLogger) if name.startswith("log_")}
    tried = {name for call, _ in CALLS.values() for name in call.__code__.co_names}
    assert names - {"log_event", "log_events"} <= tried


def test_circumstances_go_with_every_call() -> None:
    with AuditLogger(MemorySink()) as log:
        sealed = log.log_api_key_revoke(
            "key-1",
            reason="leaked",
            details={"reason": "mine", "ticket": 7},
            ip_address="10.0.0.7",
            user_agent="curl",
            request_id="req-1",
            timestamp=MOMENT,
        )
    assert sealed is not None
    event = sealed.event
    assert event.details == '{"reason":"leaked","ticket":7}'
    assert (event.ip_address, event.user_agent, event.request_id) == ("10.0.0.7", "curl", "req-1")
    assert (event.timestamp, event.user_id) == ("2026-11-23T03:51:42.166415Z", None)


def test_a_secret_was_read_now_unless_a_time_is_given() -> None:
    with AuditLogger(MemorySink()) as log:
        before = datetime.now(UTC)
        sealed = log.log_secret_access("db/password")
    assert sealed is not None
    accessed_at = datetime.fromisoformat(json.loads(sealed.event.details or "")["accessed_at"])
    assert before <= accessed_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (
            lambda log: log.log_auth_attempt("alice", success=True, result_error="no"),
            "result_error is the message of a failure",
        ),
        (
            lambda log: log.log_secret_access("key", accessed_at=datetime(2026, 1, 1)),  # noqa: DTZ001
            "accessed_at has no time zone",
        ),
        (
            lambda log: log.log_workflow_delete("wf-1", details=[1]),
            "details is of type list, not a dict",
        ),
        (
            lambda log: log.log_workflow_update("wf-1", changes=[1]),
            "changes is of type list, not a dict",
        ),
        (
            lambda log: log.log_api_key_revoke("key-1", reason="x", details=[1]),
            "details is of type list, not a dict",
        ),
    ],
)
def test_a_call_that_cannot_be_stored_is_refused(call: Call, reason: str) -> None:
    sink = MemorySink()
    with AuditLogger(sink) as log, pytest.raises(EventRefused, match=reason):
        call(log)
    assert sink.events == []
