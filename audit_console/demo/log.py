"""From drafts to one sealed chain."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter

from audit_console.core.codec import canonical_details
from audit_console.core.event import GENESIS_HASH, AuditEvent, Scheme, format_time
from audit_console.core.hashing import event_hash
from audit_console.demo.actors import Draft
from audit_console.demo.break_in import break_in, without_deleted_workflow
from audit_console.demo.everyday import everyday

CHAIN = "audit.example.org/demo"

_SEED = 20_261_122


def demo_events() -> Iterator[AuditEvent]:
    """Give the log before it was tampered with: one whole chain, every hash right."""
    rng = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    drafts = [*without_deleted_workflow(everyday(rng)), *break_in(rng)]
    arrivals = sorted(((draft.at + _delay(rng), draft) for draft in drafts), key=itemgetter(0))
    previous_hash = GENESIS_HASH
    for seq, (recorded_at, draft) in enumerate(arrivals):
        event_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        event = _unsealed(draft, event_id, recorded_at, seq, previous_hash)
        sealed = replace(event, event_hash=event_hash(event))
        previous_hash = sealed.event_hash or ""
        yield sealed


def _delay(rng: random.Random) -> timedelta:
    """Mostly milliseconds; now and then a program was offline and delivered later."""
    if rng.random() < 0.002:
        return timedelta(seconds=rng.uniform(2, 40))
    return timedelta(microseconds=rng.randrange(180, 9_000))


def _unsealed(
    draft: Draft, event_id: str, recorded_at: datetime, seq: int, previous_hash: str
) -> AuditEvent:
    result = "partial_success" if draft.partial else "success"
    resource_type, resource_id = draft.resource
    return AuditEvent(
        scheme=Scheme.V1,
        chain=CHAIN,
        seq=seq,
        id=event_id,
        recorded_at=format_time(recorded_at),
        timestamp=format_time(draft.at),
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
        previous_hash=previous_hash,
    )
