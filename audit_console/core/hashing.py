"""What the hash of an event covers under each scheme, and whether it holds."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from decimal import Decimal

from audit_console.core.codec import canonical_details, encode_entry, end_line
from audit_console.core.event import AuditEvent, Scheme


def leaf_hash(entry: bytes) -> str:
    """Hash an entry as an RFC 6962 Merkle leaf, in lower-case hex."""
    return hashlib.sha256(b"\x00" + entry).hexdigest()


def event_hash(event: AuditEvent) -> str | None:
    """Compute the hash that an event should carry; None where its scheme has none."""
    if event.scheme is Scheme.V1:
        return leaf_hash(encode_entry(event).encode())
    if event.scheme is Scheme.ORCHESTRATOR:
        return hashlib.sha256(orchestrator_entry(event).encode()).hexdigest()
    return None


def orchestrator_entry(event: AuditEvent) -> str:
    """Print what the orchestrator hashes: eight fields, the failure's message not among them."""
    return "|".join(
        (
            event.id,
            event.timestamp.removesuffix("Z").removesuffix("+00:00") + "+00:00",
            event.event_type,
            event.action,
            event.resource_type,
            event.resource_id,
            event.result,
            event.previous_hash or "",
        )
    )


@dataclass(frozen=True, slots=True)
class HashCheck:
    """The hash computed from a line, and whether the line is in canonical form."""

    computed: str | None
    canonical: bool


def check_hash(event: AuditEvent, text: str) -> HashCheck:
    """Compute the hash of `event` as read from the line `text`.

    A v1 line in another JSON spelling is encoded again before it is hashed:
    with `details` as they stand, and by the writer's rule if that does not match.
    """
    if event.scheme is not Scheme.V1:
        return HashCheck(event_hash(event), canonical=True)
    entry = encode_entry(event)
    computed = leaf_hash(entry.encode())
    if computed != event.event_hash and _by_rule(event) is not None:
        return HashCheck(event.event_hash, canonical=False)
    return HashCheck(computed, canonical=end_line(entry, event.event_hash) == text)


def as_hashed(event: AuditEvent) -> AuditEvent | None:
    """Give a v1 event with its `details` in the spelling that its hash covers, if there is one."""
    return event if event_hash(event) == event.event_hash else _by_rule(event)


def _by_rule(event: AuditEvent) -> AuditEvent | None:
    """Give an event with its `details` as the writer prints them, if that is what was hashed."""
    if event.details is None:
        return None
    details = _respell(event.details)
    if details == event.details:
        return None
    printed = replace(event, details=details)
    return printed if event_hash(printed) == event.event_hash else None


def is_by_rule(details: str) -> bool:
    """Tell whether details stand as the writer prints them, so that no other spelling may hold."""
    return _respell(details) == details


def _respell(details: str) -> str:
    """Print details by the writer's rule; as they stand where that cannot be the same content."""
    try:
        respelled = canonical_details(_DECODER.decode(details))
        respelled.encode()
    except (ValueError, ArithmeticError):
        return details
    return respelled


def _unambiguous(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a key stands twice: which value counts depends on the reader")
    return found


def _exact(digits: str) -> float:
    number = float(digits)
    is_plain = len(digits) <= sys.float_info.dig and 1e-200 < abs(number) < 1e200
    if not is_plain and Decimal(digits) != Decimal(repr(number)):
        raise ValueError("more digits than a float keeps: a reader of them all sees another number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unambiguous, parse_float=_exact)
