"""The life of the service when nobody breaks in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from audit_console.demo.actors import MODELS, STEPS, Actor, Details, Draft

START = datetime(2026, 10, 5, tzinfo=UTC)
END = datetime(2026, 11, 23, tzinfo=UTC)
PAYMENT_SECRET = "prod/payments-db"  # noqa: S105 - the name of a made-up secret
NIGHTLY_WORKFLOW = "ledger-reconciliation"
VICTIM = "marek.novak"


class _Person(NamedTuple):
    """Someone who works here: from where, with what, how much and as what."""

    user: str
    addresses: Sequence[str]
    agents: Sequence[str]
    tasks_per_day: int
    role: str


_OFFICE = ("198.51.100.10", "198.51.100.11")
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) Version/18.1 Safari/605.1.15"
_CLI = "flowctl/1.14.2 (linux; amd64)"
_SDK = "flow-sdk-python/3.2.0"

_PEOPLE = (
    _Person("alice.moreau", (*_OFFICE, "10.20.7.31"), (_FIREFOX, _CLI), 16, "engineer"),
    _Person("bob.tanaka", (*_OFFICE, "192.0.2.44"), (_CHROME,), 11, "analyst"),
    _Person("carla.jensen", (*_OFFICE, "2001:db8:42::1c"), (_SAFARI, _CLI), 14, "engineer"),
    _Person("david.okafor", _OFFICE, (_CHROME,), 7, "analyst"),
    _Person("elif.demir", (*_OFFICE, "10.20.7.8"), (_FIREFOX, _CLI), 13, "admin"),
    _Person("farid.haddad", (*_OFFICE, "192.0.2.181"), (_CHROME, _SDK), 18, "engineer"),
    _Person("grace.lin", ("2001:db8:42::77", *_OFFICE), (_SAFARI,), 9, "analyst"),
    _Person("henrik.berg", (*_OFFICE, "10.20.7.55"), (_FIREFOX,), 8, "engineer"),
    _Person("inês.costa", _OFFICE, (_CHROME,), 9, "analyst"),
    _Person("kofi.mensah", ("192.0.2.90", *_OFFICE), (_CHROME, _CLI), 15, "engineer"),
    _Person("lucia.rossi", (*_OFFICE, "10.20.7.12"), (_SAFARI, _CLI), 9, "admin"),
    _Person(VICTIM, (*_OFFICE, "10.20.7.40"), (_FIREFOX,), 12, "engineer"),
    _Person("noor.aziz", _OFFICE, (_CHROME,), 8, "analyst"),
    _Person("øyvind.dahl", ("192.0.2.17", *_OFFICE), (_FIREFOX, _SDK), 14, "engineer"),
)
_WORKFLOWS = {
    "invoice-extraction": 30,
    "support-triage": 24,
    "contract-summary": 12,
    "résumé-screening": 4,
    "churn-report": 6,
    "kb-indexing": 9,
    "fraud-scoring": 14,
    "email-drafts": 11,
    "translation-日本語": 2,
    "price-monitor": 8,
    "meeting-notes": 5,
}
_SECRETS = {
    "openai-api-key": 30,
    "smtp-password": 12,
    "warehouse-dsn": 20,
    "s3-archive": 9,
    "webhook-signing": 9,
    PAYMENT_SECRET: 2,
}
_PERMISSIONS = {
    "workflow:run": 40,
    "workflow:read": 30,
    "workflow:update": 10,
    "report:read": 16,
    "secret:read": 4,
}
_SETTINGS: Mapping[str, Sequence[object]] = {
    "limits.max_tokens": (4096, 8192, 16384, 32768),
    "retry.attempts": (2, 3, 5),
    "features.streaming": (True, False),
    "models.default": MODELS,
    "alerts.recipients": (["ops@example.org"], ["ops@example.org", "oncall@example.org"]),
}
_EDIT_NOTES = ("", 'quoted "prompt" | v2', "tune prompts\nand limits", "größere Texte")
_STRANGERS_A_DAY = 3
_STRANGERS = {"admin": 30, "root": 20, "test": 8, "oracle": 3, "backup": 2}


def everyday(rng: random.Random) -> Iterator[Draft]:
    """Give all that happens from `START` to before `END`, in no order."""
    for part in (_people, _scheduler, _services, _deployments, _machine, _strangers):
        yield from (draft for draft in part(rng) if START <= draft.at < END)


def _days() -> Iterator[datetime]:
    return (START + timedelta(days=day) for day in range((END - START).days))


def _pick(rng: random.Random, weighted: Mapping[str, int]) -> str:
    return rng.choices(tuple(weighted), tuple(weighted.values()))[0]


# --- people ----------------------------------------------------------------------------


def _people(rng: random.Random) -> Iterator[Draft]:
    for day in _days():
        for person in _PEOPLE:
            present = 0.06 if day.weekday() >= 5 else 0.93
            if rng.random() < present:
                yield from _working_day(rng, person, day)


def _working_day(rng: random.Random, person: _Person, day: datetime) -> Iterator[Draft]:
    actor = Actor(rng, person.user, rng.choice(person.addresses), rng.choice(person.agents))
    arrival = day + timedelta(hours=rng.triangular(6.6, 10.2, 8.2))
    yield from _arrival(actor, arrival)
    for _ in range(max(1, round(rng.gauss(person.tasks_per_day, 2.5)))):
        after = timedelta(hours=rng.triangular(0.02, 9.5, rng.choice((1.6, 6.4))))
        task = rng.choices(_TASKS, _TASK_WEIGHTS[person.role])[0]
        yield from task(actor, arrival + after)


def _arrival(actor: Actor, at: datetime) -> Iterator[Draft]:
    mistyped = actor.rng.choices((0, 1, 2, 4), (88, 9, 2, 0.4))[0]
    for _ in range(mistyped):
        yield actor.signs_in(at, mfa=False, error="invalid credentials")
        at += timedelta(seconds=actor.rng.uniform(3, 11))
    yield actor.signs_in(at, mfa=actor.rng.random() < 0.9)


def _run(actor: Actor, at: datetime) -> Iterator[Draft]:
    return actor.runs(at, _pick(actor.rng, _WORKFLOWS))


def _permission_check(actor: Actor, at: datetime) -> Iterator[Draft]:
    permission = _pick(actor.rng, _PERMISSIONS)
    names = _SECRETS if permission == "secret:read" else _WORKFLOWS
    allowed = actor.rng.random() > 0.035
    yield actor.asks(at, permission, _pick(actor.rng, names), allowed=allowed)


def _workflow_edit(actor: Actor, at: datetime) -> Iterator[Draft]:
    rng = actor.rng
    workflow = _pick(rng, _WORKFLOWS)
    changes = {
        "version": {"from": rng.randrange(1, 40), "to": rng.randrange(40, 80)},
        "steps": [{"name": rng.choice(STEPS), "model": rng.choice(MODELS), "temperature": 0.2}],
        "note": rng.choice(_EDIT_NOTES),
    }
    yield actor.does(at, "workflow_update", ("workflow", workflow), changes)
    if rng.random() < 0.2:
        yield from _trial(actor, at + timedelta(minutes=rng.uniform(1, 9)), workflow)


def _trial(actor: Actor, at: datetime, workflow: str) -> Iterator[Draft]:
    """Try something on a copy and throw the copy away."""
    copy = f"{workflow}-draft-{actor.rng.randrange(100, 999)}"
    yield actor.does(at, "workflow_create", ("workflow", copy), {"workflow_name": copy})
    at += timedelta(hours=actor.rng.uniform(0.2, 3))
    yield actor.does(at, "workflow_delete", ("workflow", copy))


def _secret_access(actor: Actor, at: datetime) -> Iterator[Draft]:
    yield actor.reads_secret(at, _pick(actor.rng, _SECRETS))


def _setting_change(actor: Actor, at: datetime) -> Iterator[Draft]:
    name = actor.rng.choice(tuple(_SETTINGS))
    old, new = actor.rng.sample(_SETTINGS[name], 2)
    details: Details = {"old_value": old, "new_value": new}
    error = "permission denied" if actor.rng.random() < 0.05 else None
    yield actor.does(at, "config_change", ("configuration", name), details, error)


def _key_change(actor: Actor, at: datetime) -> Iterator[Draft]:
    key = f"ak_{actor.rng.getrandbits(32):08x}"
    yield actor.makes_key(at, key, ["workflow:run"])
    if actor.rng.random() < 0.6:
        at += timedelta(hours=actor.rng.uniform(1, 70))
        reason = actor.rng.choice(("rotation", "left the team", "no longer needed"))
        yield actor.does(at, "api_key_revoke", ("api_key", key), {"reason": reason})


_Task = Callable[[Actor, datetime], Iterator[Draft]]
_TASKS: tuple[_Task, ...] = (
    _run,
    _permission_check,
    _workflow_edit,
    _secret_access,
    _setting_change,
    _key_change,
)
_TASK_WEIGHTS = {
    "engineer": (60, 14, 12, 6, 1, 1),
    "analyst": (70, 28, 1, 0, 0, 0),
    "admin": (25, 22, 8, 10, 12, 3),
}


# --- machines --------------------------------------------------------------------------


def _scheduler(rng: random.Random) -> Iterator[Draft]:
    """A run every quarter of an hour, the reconciliation at three in the night."""
    scheduler = Actor(rng, "svc-scheduler", "10.0.4.11", "flow-scheduler/2.8.1")
    for quarter in range((END - START) // timedelta(minutes=15)):
        nightly = quarter % 96 == 12
        workflow = NIGHTLY_WORKFLOW if nightly else _pick(rng, _WORKFLOWS)
        at = START + timedelta(minutes=15 * quarter, seconds=rng.uniform(0.1, 4))
        yield from scheduler.runs(at, workflow, most_steps=4)


def _services(rng: random.Random) -> Iterator[Draft]:
    """The ingest workers sign in every hour; the backup reads its secret at night."""
    backup = Actor(rng, "svc-backup", "10.0.5.7", "restic-hook/0.17")
    for day in _days():
        for hour in range(24):
            ingest = Actor(rng, "svc-ingest", f"10.0.4.{rng.randrange(21, 24)}", _SDK)
            at = day + timedelta(hours=hour, minutes=rng.uniform(0, 2))
            yield ingest.shows_key(at, "ak_ingest01")
            yield ingest.reads_secret(at + timedelta(seconds=1.2), "warehouse-dsn")
        at = day + timedelta(hours=1, minutes=30, seconds=rng.uniform(0, 20))
        yield backup.shows_key(at, "ak_backup01")
        yield backup.reads_secret(at + timedelta(seconds=2.4), "s3-archive")


def _deployments(rng: random.Random) -> Iterator[Draft]:
    for day in _days():
        for _ in range(0 if day.weekday() >= 5 else rng.randint(2, 7)):
            address = f"10.0.8.{rng.randrange(20, 52)}"
            at = day + timedelta(hours=rng.triangular(8, 19, 15))
            yield from _deployment(Actor(rng, "ci-runner", address, "flow-deploy/4"), at)


def _deployment(actor: Actor, at: datetime) -> Iterator[Draft]:
    rng = actor.rng
    commit, pipeline = f"{rng.getrandbits(160):040x}", rng.randrange(10_000, 99_999)
    yield actor.shows_key(at, "ak_deploy01")
    for workflow in rng.sample(tuple(_WORKFLOWS), rng.randint(1, 4)):
        at += timedelta(seconds=rng.uniform(0.4, 3))
        yield actor.asks(at, "workflow:update", workflow, allowed=True)
        at += timedelta(milliseconds=rng.randrange(30, 300))
        changes = {"commit": commit, "pipeline": pipeline, "dry_run": False}
        yield actor.does(at, "workflow_update", ("workflow", workflow), changes)


def _machine(rng: random.Random) -> Iterator[Draft]:
    """What the service says of itself, without a user, an address or a request."""
    restart = datetime(2026, 11, 12, 12, 4, 9, tzinfo=UTC)
    yield _report(rng, START, "Service started", {"version": "3.2.0"})
    yield _report(rng, restart, "Service stopped", {"signal": 15})
    yield _report(rng, restart + timedelta(seconds=41), "Service started", {"version": "3.2.1"})
    for day in _days():
        yield _report(rng, day + timedelta(seconds=2), "Encryption key rotated", None)
        for hour in range(24):
            at = day + timedelta(hours=hour, minutes=5)
            load = {"queue": rng.randrange(40), "workers": {"busy": rng.randrange(9), "total": 8}}
            yield _report(rng, at, "Health report", load)


def _report(rng: random.Random, at: datetime, action: str, details: Details | None) -> Draft:
    at += timedelta(milliseconds=rng.uniform(1, 900))
    server = Actor(rng, None, None, None)
    draft = server.does(at, "system_event", ("system", "flow-server"), details, action=action)
    return replace(draft, request=None)


# --- strangers -------------------------------------------------------------------------


def _strangers(rng: random.Random) -> Iterator[Draft]:
    """Those who try a name from the internet and go away; one name is a terminal's command."""
    for _ in range(_STRANGERS_A_DAY * (END - START).days):
        agent = rng.choice((None, "curl/8.5.0", "Go-http-client/1.1", "zgrab/0.x"))
        yield _knock(rng, _pick(rng, _STRANGERS), agent)
    yield _knock(rng, "mallory\x1b[31m", "sqlmap/1.9")


def _knock(rng: random.Random, name: str, agent: str | None) -> Draft:
    stranger = Actor(rng, name, f"203.0.113.{rng.randrange(70, 250)}", agent)
    at = START + (END - START) * rng.random()
    return replace(stranger.signs_in(at, mfa=None, error="unknown user"), request=None)
