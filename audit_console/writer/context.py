"""What is said once for all events of a request, a task or a thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

Said = Mapping[str, Any]
"""Fields of an event by their names; one that is None is not said."""

_CONTEXT: ContextVar[Said] = ContextVar("audit_console.writer", default=MappingProxyType({}))


@contextmanager
def context(
    *,
    user_id: str | None = None,
    ip_address: str | None = None,
    user_agent: str | None = None,
    request_id: str | None = None,
    details: Mapping[str, object] | None = None,
) -> Iterator[None]:
    """Say something of all events that are logged inside the block.

    It holds for the thread or task that enters the block and for the tasks that it starts.
    Blocks nest, and the nearest word wins: what a call says itself, then the inner block,
    then the outer one. Members of `details` are joined by the same rule.
    """
    said = {
        "user_id": user_id,
        "ip_address": ip_address,
        "user_agent": user_agent,
        "request_id": request_id,
        "details": details,
    }
    token = _CONTEXT.set(_joined(_CONTEXT.get(), said))
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def in_context(said: Said) -> Said:
    """Add to what a call says what the blocks around it say."""
    around = _CONTEXT.get()
    return _joined(around, said) if around else said


def _joined(outer: Said, inner: Said) -> Said:
    joined = {**outer, **{name: value for name, value in inner.items() if value is not None}}
    far, near = outer.get("details"), inner.get("details")
    if isinstance(far, Mapping) and isinstance(near, Mapping):
        joined["details"] = {**far, **near}
    return joined
