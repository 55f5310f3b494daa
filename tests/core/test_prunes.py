from __future__ import annotations

import json
from datetime import timedelta

import pytest

from audit_console.core.checkpoints import Checkpoint
from audit_console.core.codec import Malformed
from audit_console.core.event import format_time
from audit_console.core.prunes import PruneCircumstances, PruneRecord, decode_prune, encode_prune
from audit_console.core.retention import MAX_DAYS
from tests.support.chains import CHAIN
from tests.support.retention import aged_chain, day, plan_of, planned
from tests.support.trees import grown
from tests.support.trusting import leaves, log_key, note

EVENTS = aged_chain(5)
LEAVES = leaves(EVENTS)
NOTE = note(Checkpoint(CHAIN, 5, grown(LEAVES).root()), log=log_key())
COPY: dict[str, str | int] = {"name": "c.zst", "sha256": "0" * 64, "events": 5}


def test_half_a_character_of_a_reason_is_stored_as_one_that_stands_for_it() -> None:
    told = PruneCircumstances(actor="olga\udce9", reason="caf\udce9", applied_at=day(20))
    made = encode_prune(plan_of(EVENTS, 0, 5, 5), grown(LEAVES), told, None)
    assert isinstance(decode_prune(made), PruneRecord)
    assert "caf\ufffd" in made


def record(**values: object) -> str:
    """Print a record of five deleted events, with the hash of its plan."""
    told = PruneCircumstances(
        actor="olga", reason="yearly", applied_at=day(20), checkpoint=str(NOTE), archive=COPY
    )
    made = encode_prune(plan_of(EVENTS, 0, 5, 5), grown(LEAVES), told, None)
    return json.dumps(planned(json.loads(made) | values) | values)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("chain", 7, "TypeError: a text is missing"),
        ("range", "00", "TypeError: range is not a list"),
        ("range", ["00"], "ValueError: a hash is not 64 lower-case hex digits"),
        ("range", [], "ValueError: 0 hashes for a tree of 5 leaves"),
        ("pruned_to", True, "ValueError: a number is not whole or out of range"),
        ("pruned_to", 2**63, "ValueError: a number is not whole or out of range"),
        ("root", "", "ValueError: root is not the root of range"),
        ("actor", 7, "TypeError: a text is missing"),
        ("reason", None, "TypeError: a text is missing"),
        ("first_recorded_at", "never", "ValueError: not an RFC 3339 time in UTC: 'never'"),
        ("last_recorded_at", None, "TypeError: a text is missing"),
        ("policy_days", 100_001, "ValueError: a number is not whole or out of range"),
        ("plan_sha256", None, "ValueError: plan_sha256 is not the hash of its plan"),
        ("plan_sha256", "0" * 64, "ValueError: plan_sha256 is not the hash of its plan"),
        ("archive", "c.zst", "TypeError: archive is not name, sha256 and events"),
        ("archive", {"name": "c.zst"}, "TypeError: archive is not name, sha256 and events"),
        ("archive", COPY | {"sha256": ""}, "ValueError: a hash is not 64 lower-case hex digits"),
        (
            "archive",
            COPY | {"events": 4},
            "ValueError: archive does not hold the events that were deleted",
        ),
        ("checkpoint", ["a"], "TypeError: a text is missing"),
        (
            "checkpoint",
            "a",
            "ValueError: checkpoint: not a signed note: text, an empty line, signatures",
        ),
        (
            "checkpoint",
            str(note(Checkpoint(CHAIN, 4, grown(LEAVES[:4]).root()), log=log_key())),
            "ValueError: checkpoint: it does not cover what was deleted",
        ),
        (
            "checkpoint",
            str(note(Checkpoint("another", 5, grown(LEAVES).root()), log=log_key())),
            "ValueError: checkpoint: it does not cover what was deleted",
        ),
    ],
)
def test_what_is_wrong_with_a_record_is_told(field: str, value: object, reason: str) -> None:
    assert decode_prune(record(**{field: value})) == Malformed(reason)


def test_half_a_character_in_a_record_is_told() -> None:
    members = json.loads(record()) | {"chain": "\ud800"}
    assert decode_prune(json.dumps(members)) == Malformed("half a character stands in it")


@pytest.mark.parametrize("field", json.loads(record()))
def test_no_field_of_a_record_may_be_missing(field: str) -> None:
    members = json.loads(record())
    del members[field]
    assert decode_prune(json.dumps(members)) == Malformed(f"KeyError: '{field}'")


@pytest.mark.parametrize("field", ["checkpoint", "archive"])
def test_a_prune_may_have_neither_checkpoint_nor_copy(field: str) -> None:
    assert isinstance(decode_prune(record(**{field: None})), PruneRecord)


@pytest.mark.parametrize(
    ("values", "keeps"),
    [
        ({}, True),
        ({"cutoff": format_time(day(10))}, True),
        ({"cutoff": format_time(day(10) + timedelta(microseconds=1))}, False),
        ({"last_recorded_at": format_time(day(5))}, False),
        ({"policy_days": 16}, False),
        ({"policy_days": MAX_DAYS}, False),
        ({"applied_at": "0001-01-01T00:00:00.000000Z"}, False),
    ],
)
def test_what_was_deleted_was_older_than_the_cut_off_and_that_than_the_policy(
    values: dict[str, object], keeps: bool
) -> None:
    read = decode_prune(record(**values))
    assert isinstance(read, PruneRecord)
    assert read.keeps_policy == keeps


def test_an_event_tells_of_a_record_by_holding_it_however_it_is_spelled() -> None:
    read = decode_prune(record())
    assert isinstance(read, PruneRecord)
    assert read.is_told_by(record())
    for details in ("{", "{}", '{"a":' * 5000 + "1" + "}" * 5000):
        assert not read.is_told_by(details)


def test_a_record_holds_the_tree_of_what_is_gone() -> None:
    read = decode_prune(record())
    assert isinstance(read, PruneRecord)
    tree = read.tree()
    assert (tree.size, tree.root()) == (5, grown(LEAVES).root())
