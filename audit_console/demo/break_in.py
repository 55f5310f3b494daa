"""The night of 20 November, and the return a day later."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit_console.demo.actors import Actor, Draft
from audit_console.demo.everyday import NIGHTLY_WORKFLOW, PAYMENT_SECRET, VICTIM

INTRUDER_ADDRESS = "203.0.113.66"
STOLEN_KEY = "ak_9f31c7d2"

_ENTERED = datetime(2026, 11, 20, 2, 23, 52, 318_204, tzinfo=UTC)
_DELETED = _ENTERED + timedelta(minutes=13, seconds=34, milliseconds=87)
_RETURNED = datetime(2026, 11, 21, 3, 12, 40, 902_511, tzinfo=UTC)
_GUESSES = 151
_REFUSED = ("prod/root-ca", "prod/signing-key", "prod/admin-token", "prod/ledger-db")


def without_deleted_workflow(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Let everyday runs of the workflow fail, without steps, once the intruder deleted it."""
    for draft in drafts:
        kind, name = draft.resource
        if draft.at < _DELETED or not name.startswith(NIGHTLY_WORKFLOW):
            yield draft
        elif kind == "workflow":
            yield replace(draft, details=None, error="workflow not found")


def break_in(rng: random.Random) -> Iterator[Draft]:
    """Give the intruder's events in their order."""
    intruder = Actor(rng, VICTIM, INTRUDER_ADDRESS, "python-requests/2.31.0")
    yield from _guesses(intruder)
    at = _ENTERED + timedelta(seconds=72)
    for name in _REFUSED:
        at += timedelta(seconds=rng.uniform(6, 25))
        yield intruder.asks(at, "secret:read", name, allowed=False)
    yield intruder.reads_secret(_ENTERED + timedelta(minutes=7, seconds=31.44), PAYMENT_SECRET)
    scopes = ["workflow:run", "secret:read"]
    yield intruder.makes_key(_ENTERED + timedelta(minutes=9, seconds=5.02), STOLEN_KEY, scopes)
    yield intruder.does(_DELETED, "workflow_delete", ("workflow", NIGHTLY_WORKFLOW))
    yield from _return(replace(intruder, agent="curl/8.5.0"))


def _guesses(intruder: Actor) -> Iterator[Draft]:
    """One password about every five seconds; the last one is right."""
    for remaining in range(_GUESSES - 1, 0, -1):
        before = timedelta(seconds=remaining * 5 + intruder.rng.uniform(0, 4))
        yield intruder.signs_in(_ENTERED - before, mfa=False, error="invalid credentials")
    yield intruder.signs_in(_ENTERED, mfa=False)


def _return(intruder: Actor) -> Iterator[Draft]:
    yield intruder.shows_key(_RETURNED, STOLEN_KEY)
    yield from intruder.runs(_RETURNED + timedelta(seconds=9), "invoice-extraction")
    at = _RETURNED + timedelta(minutes=3, seconds=1.7)
    yield intruder.asks(at, "secret:read", "prod/ledger-db", allowed=False)
