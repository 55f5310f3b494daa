"""The events of the orchestrator: one method for each, with its action and details."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypedDict, TypeVar, Unpack

from audit_console.writer.intake import Circumstances, EventFields, require_object, time_text

Logged = TypeVar("Logged")


class Outcome(TypedDict, total=False):
    """How something ended: `success` (the default), `failure` or `partial_success`."""

    result: str
    result_error: str | None


class OutcomeAndCircumstances(Outcome, Circumstances):
    """What may be said of an event that can end in several ways."""


Given = TypeVar("Given", Circumstances, OutcomeAndCircumstances)


class OrchestratorEvents(ABC, Generic[Logged]):
    """One method for each kind of event that the orchestrator knows.

    Every method takes `ip_address`, `user_agent`, `request_id`, `details` and `timestamp` too
    (see `Circumstances`). A member of `details` that the method names itself is the method's.
    Where `user_id` may be left out, it is the context's.

    All of them raise EventRefused for a value that cannot be stored, and SinkUnavailable or
    ChainBroken where the event is stored at once and that fails.
    """

    @abstractmethod
    def log_event(self, **fields: Unpack[EventFields]) -> Logged:
        """Log an event of any kind."""

    def log_auth_attempt(
        self,
        user_id: str,
        *,
        success: bool,
        result_error: str | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that someone tried to log in."""
        return self.log_event(
            event_type="authentication",
            action="User authentication attempt",
            resource_type="user",
            resource_id=user_id,
            user_id=user_id,
            **_outcome(success, result_error or (None if success else "Authentication failed")),
            **circumstances,
        )

    def log_authorization(
        self,
        user_id: str,
        permission: str,
        resource_id: str,
        *,
        allowed: bool,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a permission was checked."""
        return self.log_event(
            event_type="authorization",
            action=f"Authorization check: {permission}",
            resource_type="user",
            resource_id=resource_id,
            user_id=user_id,
            **_outcome(allowed, None if allowed else f"Permission denied: {permission}"),
            **_with_details(circumstances, {"permission": permission, "allowed": allowed}),
        )

    def log_workflow_execution(
        self,
        workflow_id: str,
        user_id: str | None = None,
        *,
        duration_ms: int,
        **ended: Unpack[OutcomeAndCircumstances],
    ) -> Logged:
        """Log that a workflow ran."""
        return self.log_event(
            event_type="workflow_execution",
            action="Workflow executed",
            resource_type="workflow",
            resource_id=workflow_id,
            user_id=user_id,
            **_with_details(ended, {"duration_ms": duration_ms}),
        )

    def log_workflow_create(
        self,
        workflow_id: str,
        workflow_name: str,
        user_id: str | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a workflow was created."""
        return self.log_event(
            event_type="workflow_create",
            action="Workflow created",
            resource_type="workflow",
            resource_id=workflow_id,
            user_id=user_id,
            **_with_details(circumstances, {"workflow_name": workflow_name}),
        )

    def log_workflow_update(
        self,
        workflow_id: str,
        user_id: str | None = None,
        *,
        changes: Mapping[str, object],
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a workflow was changed; the changes become the details."""
        return self.log_event(
            event_type="workflow_update",
            action="Workflow updated",
            resource_type="workflow",
            resource_id=workflow_id,
            user_id=user_id,
            **_with_details(circumstances, changes, "changes"),
        )

    def log_workflow_delete(
        self,
        workflow_id: str,
        user_id: str | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a workflow was deleted."""
        return self.log_event(
            event_type="workflow_delete",
            action="Workflow deleted",
            resource_type="workflow",
            resource_id=workflow_id,
            user_id=user_id,
            **circumstances,
        )

    def log_secret_access(
        self,
        secret_key: str,
        user_id: str | None = None,
        *,
        accessed_at: datetime | None = None,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a secret was read, by its name; `accessed_at` is now unless given."""
        moment = datetime.now(UTC) if accessed_at is None else accessed_at
        return self.log_event(
            event_type="secret_access",
            action="Secret accessed",
            resource_type="secret",
            resource_id=secret_key,
            user_id=user_id,
            **_with_details(circumstances, {"accessed_at": time_text("accessed_at", moment)}),
        )

    def log_config_change(
        self,
        config_key: str,
        user_id: str | None = None,
        *,
        old_value: str | None,
        new_value: str,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that a setting was changed.

        Both values are stored as they are: keep a secret out of them.
        """
        return self.log_event(
            event_type="config_change",
            action="Configuration changed",
            resource_type="configuration",
            resource_id=config_key,
            user_id=user_id,
            **_with_details(circumstances, {"old_value": old_value, "new_value": new_value}),
        )

    def log_api_key_create(
        self,
        key_id: str,
        user_id: str | None = None,
        *,
        scopes: Sequence[str],
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that an API key was created, by its name, never the key itself."""
        return self.log_event(
            event_type="api_key_create",
            action="API key created",
            resource_type="api_key",
            resource_id=key_id,
            user_id=user_id,
            **_with_details(circumstances, {"scopes": list(scopes)}),
        )

    def log_api_key_revoke(
        self,
        key_id: str,
        user_id: str | None = None,
        *,
        reason: str,
        **circumstances: Unpack[Circumstances],
    ) -> Logged:
        """Log that an API key was revoked."""
        return self.log_event(
            event_type="api_key_revoke",
            action="API key revoked",
            resource_type="api_key",
            resource_id=key_id,
            user_id=user_id,
            **_with_details(circumstances, {"reason": reason}),
        )

    def log_step_execution(
        self,
        workflow_id: str,
        step_id: str,
        user_id: str | None = None,
        *,
        duration_ms: int,
        **ended: Unpack[OutcomeAndCircumstances],
    ) -> Logged:
        """Log that a step of a workflow ran."""
        return self.log_event(
            event_type="step_execution",
            action=f"Step executed: {step_id}",
            resource_type="step",
            resource_id=step_id,
            user_id=user_id,
            **_with_details(ended, {"workflow_id": workflow_id, "duration_ms": duration_ms}),
        )


def _outcome(succeeded: bool, error: str | None) -> Outcome:
    return {"result": "success" if succeeded else "failure", "result_error": error}


def _with_details(given: Given, own: Mapping[str, object], name: str = "details") -> Given:
    said = given.get("details") or {}
    require_object("details", said)
    require_object(name, own)
    return {**given, "details": {**said, **own}}
