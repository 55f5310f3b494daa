"""Keys, policies and checkpoints of logs made for tests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from audit_console.core.checkpoints import Checkpoint, encode_stored_checkpoint
from audit_console.core.event import AuditEvent
from audit_console.core.notes import KeyType, Note
from audit_console.core.policy import parse_policy
from audit_console.integrity.trust import Trust
from audit_console.signing import SigningKey
from tests.support.chains import BEGIN, CHAIN
from tests.support.trees import grown

WITNESS_NAME = "console.example.org/auditor"
LATER = BEGIN + timedelta(days=1)
"""When the witness cosigns, unless said otherwise."""


def log_key(chain: str = CHAIN, number: int = 1) -> SigningKey:
    """Make a key of a log, the same one each time."""
    return SigningKey(chain, KeyType.LOG, hashlib.sha256(f"{chain}{number}".encode()).digest())


def witness_key(number: int = 1) -> SigningKey:
    """Make a key of a witness, the same one each time."""
    name = WITNESS_NAME if number == 1 else f"{WITNESS_NAME}{number}"
    return SigningKey(name, KeyType.WITNESS, hashlib.sha256(f"w{number}".encode()).digest())


def policy_text(
    logs: Iterable[SigningKey] = (), witnesses: Sequence[SigningKey] | None = None
) -> str:
    """Write a policy that trusts these keys; all of the witnesses must have cosigned."""
    logs = list(logs) or [log_key()]
    if witnesses is None:
        witnesses = [witness_key()]
    lines = [f"log {key.verifier}" for key in logs]
    lines += [f"witness w{number} {key.verifier}" for number, key in enumerate(witnesses, 1)]
    names = " ".join(f"w{number}" for number in range(1, len(witnesses) + 1))
    lines += [f"group everyone all {names}", "quorum everyone"] if witnesses else ["quorum none"]
    return "\n".join(lines) + "\n"


def trust_in(
    logs: Iterable[SigningKey] = (), witnesses: Sequence[SigningKey] | None = None
) -> Trust:
    """Trust these keys, and nothing that was seen before."""
    return Trust(parse_policy(policy_text(logs, witnesses)))


def leaves(events: Iterable[AuditEvent]) -> list[bytes]:
    """Give the Merkle leaves of v1 events."""
    return [bytes.fromhex(one.event_hash or "") for one in events]


def note(
    checkpoint: Checkpoint,
    *,
    log: SigningKey | None = None,
    witnesses: Iterable[tuple[SigningKey, datetime]] = (),
) -> Note:
    """Sign a checkpoint as these logs and witnesses."""
    text = str(checkpoint)
    signed = () if log is None else (log.sign(text),)
    cosigned = (key.cosign(text, int(at.timestamp())) for key, at in witnesses)
    return Note(text, (*signed, *cosigned))


def stored(
    hashes: Sequence[bytes],
    size: int,
    *,
    origin: str = CHAIN,
    log: SigningKey | None = None,
    at: datetime | None = LATER,
) -> str:
    """Print a good checkpoint over the first leaves as it is stored; without `at` not cosigned."""
    checkpoint = Checkpoint(origin, size, grown(list(hashes[:size])).root())
    witnesses = [] if at is None else [(witness_key(), at)]
    made = note(checkpoint, log=log or log_key(origin), witnesses=witnesses)
    return encode_stored_checkpoint(made)


def root_text(hashes: Sequence[bytes], size: int) -> str:
    """Print a tree head as a checkpoint does."""
    return base64.b64encode(grown(list(hashes[:size])).root()).decode()
