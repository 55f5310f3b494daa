"""What someone does, written down as events that are not sealed yet."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit_console.core.event import format_time

Details = Mapping[str, object]

STEPS = ("fetch", "classify", "extract", "summarise", "validate", "store", "notify")
MODELS = ("gpt-5", "claude-opus-4", "mistral-large", "llama-4-70b")

_STEP_ERRORS = ("rate limit exceeded", "model timed out after 60 s", "output is not valid JSON")
_ACTIONS = {
    "api_key_create": "API key created",
    "api_key_revoke": "API key revoked",
    "config_change": "Configuration changed",
    "secret_access": "Secret accessed",
    "workflow_create": "Workflow created",
    "workflow_delete": "Workflow deleted",
    "workflow_execution": "Workflow executed",
    "workflow_update": "Workflow updated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it is sealed. With an `error` its result is a failure."""

    at: datetime
    user: str | None
    address: str | None
    agent: str | None
    event_type: str
    action: str
    resource: tuple[str, str]
    details: Details | None = None
    request: str | None = None
    error: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """A user at one place with one program."""

    rng: random.Random
    user: str | None
    address: str | None
    agent: str | None

    def does(  # noqa: PLR0913 - the fields of an event
        self,
        at: datetime,
        event_type: str,
        resource: tuple[str, str],
        details: Details | None = None,
        error: str | None = None,
        *,
        action: str | None = None,
        request: str | None = None,
    ) -> Draft:
        """Do one thing, under a request of its own if none is given."""
        return Draft(
            at=at,
            user=self.user,
            address=self.address,
            agent=self.agent,
            event_type=event_type,
            action=action or _ACTIONS[event_type],
            resource=resource,
            details=details,
            request=request or self._new_request(),
            error=error,
        )

    def signs_in(self, at: datetime, *, mfa: bool | None, error: str | None = None) -> Draft:
        """Try a password."""
        details: Details = {"method": "password"} | ({} if mfa is None else {"mfa": mfa})
        resource = ("user", self.user or "")
        action = "User authentication attempt"
        return self.does(at, "authentication", resource, details, error, action=action)

    def shows_key(self, at: datetime, key: str) -> Draft:
        """Authenticate with an API key."""
        details = {"method": "api_key"}
        action = "API key authentication"
        return self.does(at, "authentication", ("api_key", key), details, action=action)

    def asks(self, at: datetime, permission: str, resource_id: str, *, allowed: bool) -> Draft:
        """Have a permission checked."""
        resource_type = "secret" if permission.startswith("secret") else "workflow"
        details = {"permission": permission, "allowed": allowed}
        error = None if allowed else "permission denied"
        resource = (resource_type, resource_id)
        action = f"Authorization check: {permission}"
        return self.does(at, "authorization", resource, details, error, action=action)

    def reads_secret(self, at: datetime, name: str) -> Draft:
        """Read a secret."""
        details = {"accessed_at": format_time(at), "version": self.rng.randrange(1, 9)}
        return self.does(at, "secret_access", ("secret", name), details)

    def makes_key(self, at: datetime, key: str, scopes: Sequence[str]) -> Draft:
        """Create an API key."""
        details = {"scopes": list(scopes), "expires_in_days": 90}
        return self.does(at, "api_key_create", ("api_key", key), details)

    def runs(self, at: datetime, workflow: str, *, most_steps: int = 7) -> Iterator[Draft]:
        """Run a workflow: its steps as they end, then the run, under one request."""
        request, clock, tokens, failure = self._new_request(), at, 0, None
        for name in STEPS[: self.rng.randint(2, most_steps)]:
            step = self._step(clock, workflow, name, request)
            yield step
            clock, failure = step.at, step.error
            tokens += self.rng.randrange(200, 6900)
            if failure:
                break
        elapsed = round((clock - at).total_seconds() * 1000)
        details = {"duration_ms": elapsed, "tokens": tokens, "cost_usd": round(tokens * 4e-6, 6)}
        run = self.does(
            clock + timedelta(milliseconds=self.rng.randrange(2, 40)),
            "workflow_execution",
            ("workflow", workflow),
            details,
            failure and f"step failed: {failure}",
            request=request,
        )
        yield replace(run, partial=True) if self.rng.random() < 0.02 else run

    def _step(self, at: datetime, workflow: str, name: str, request: str) -> Draft:
        duration = self.rng.lognormvariate(6.6, 0.9)
        failure = self.rng.choice(_STEP_ERRORS) if self.rng.random() < 0.011 else None
        return self.does(
            at + timedelta(milliseconds=duration),
            "step_execution",
            ("step", f"{workflow}/{name}"),
            self._step_details(workflow, int(duration)),
            failure,
            action=f"Step executed: {name}",
            request=request,
        )

    def _step_details(self, workflow: str, duration: int) -> Details | None:
        rng = self.rng
        if rng.random() < 0.06:
            return None
        details: dict[str, object] = {"workflow_id": workflow, "duration_ms": duration}
        if rng.random() < 0.7:
            details["model"] = rng.choices(MODELS, (50, 34, 13, 3))[0]
            details["tokens"] = {"in": rng.randrange(180, 6000), "out": rng.randrange(20, 900)}
        if rng.random() < 0.04:
            details["retries"] = [
                {"attempt": number, "reason": rng.choice(_STEP_ERRORS)}
                for number in range(1, rng.randint(2, 4))
            ]
        return details

    def _new_request(self) -> str:
        return f"req-{self.rng.getrandbits(48):012x}"
