"""From drafts to one sealed chain."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from operator import itemgetter

from audit_console.core.codec import canonical_details
from audit_console.core.entry import encode_content
from audit_console.core.event import format_time
from audit_console.core.sealing import Head, Sealed, Unsealed, seal
from audit_console.demo.actors import Draft
from audit_console.demo.break_in import break_in, without_deleted_workflow
from audit_console.demo.everyday import everyday

CHAIN = "audit.example.org/demo"

_SEED = 20_261_121


def sealed_demo() -> Iterator[Sealed]:
    """Give the log before it was tampered with: one whole chain, every hash right."""
    rng = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    drafts = [*without_deleted_workflow(everyday(rng)), *break_in(rng)]
    arrivals = sorted(((draft.at + _delay(rng), draft) for draft in drafts), key=itemgetter(0))
    head: Head | None = None
    for recorded_at, draft in arrivals:
        event_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        unsealed = [_unsealed(draft, event_id)]
        now = format_time(recorded_at)
        for sealed in seal(unsealed, chain=CHAIN, head=head, recorded_at=now):
            head = sealed.head
            yield sealed


def _delay(rng: random.Random) -> timedelta:
    """Mostly milliseconds; now and then a program was offline and delivered later."""
    if rng.random() < 0.002:
        return timedelta(seconds=rng.uniform(2, 40))
    return timedelta(microseconds=rng.randrange(180, 9_000))


def _unsealed(draft: Draft, event_id: str) -> Unsealed:
    result = "partial_success" if draft.partial else "success"
    resource_type, resource_id = draft.resource
    content = encode_content(
        event_type=draft.event_type,
        user_id=draft.user,
        action=draft.action,
        resource_type=resource_type,
        resource_id=resource_id,
        result="failure" if draft.error else result,
        result_error=draft.error,
        details=None if draft.details is None else canonical_details(draft.details),
        ip_address=draft.address,
        user_agent=draft.agent,
        request_id=draft.request,
    )
    return Unsealed(event_id, format_time(draft.at), content)
