from __future__ import annotations

import base64
import json

import pytest

from audit_console.core.codec import Malformed
from audit_console.core.prunes import PruneRecord, decode_prune
from tests.support.chains import CHAIN
from tests.support.trees import grown, leaves_of

LEAVES = leaves_of(5)
RECORD: dict[str, object] = {
    "v": 1,
    "chain": CHAIN,
    "pruned_from": 0,
    "pruned_to": 5,
    "events": 5,
    "last_event_hash": LEAVES[-1].hex(),
    "range": [one.hex() for one in grown(LEAVES).hashes],
    "root": base64.b64encode(grown(LEAVES).root()).decode(),
    "cutoff": "2026-08-25T00:00:00.000000Z",
    "applied_at": "2026-11-23T00:00:00.000000Z",
    "policy_days": 90,
    "previous_prune": None,
}


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
    ],
)
def test_what_is_wrong_with_a_record_is_told(field: str, value: object, reason: str) -> None:
    assert decode_prune(json.dumps(RECORD | {field: value})) == Malformed(reason)


def test_a_record_holds_the_tree_of_what_is_gone() -> None:
    record = decode_prune(json.dumps(RECORD))
    assert isinstance(record, PruneRecord)
    tree = record.tree()
    assert (tree.size, tree.root()) == (5, grown(LEAVES).root())
