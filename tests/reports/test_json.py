"""The machine's report keeps to its schema."""

from __future__ import annotations

import base64
import json

from audit_console.reports.json import render_json
from tests.reports.builders import (
    CHAIN,
    EDITED,
    ORCHESTRATOR_CHAIN,
    REMOVED,
    UNANCHORED,
    finding,
    report,
    verification,
)

REQUIRED = {
    "": {
        "schema",
        "verdict",
        "exit_code",
        "source",
        "chains",
        "findings",
        "counts",
        "cannot_show",
    },
    "source": {"label", "kind", "files"},
    "file": {"name", "bytes", "sha256", "lines"},
    "chain": {
        "chain",
        "scheme",
        "first_seq",
        "last_seq",
        "events",
        "verified",
        "failed",
        "not_checked",
        "head_hash",
        "root",
        "sealed_size",
        "uncovered_fields",
    },
    "finding": {
        "code",
        "class",
        "severity",
        "chain",
        "first_seq",
        "last_seq",
        "line",
        "event_id",
        "stored",
        "computed",
        "message",
    },
}


def test_it_has_every_key_of_the_schema() -> None:
    document = json.loads(render_json(report(verification(EDITED, REMOVED, UNANCHORED))))
    assert document["schema"] == "audit-console/verification/1"
    assert REQUIRED[""] <= document.keys()
    assert REQUIRED["source"] <= document["source"].keys()
    assert all(REQUIRED["file"] <= file.keys() for file in document["source"]["files"])
    assert all(REQUIRED["chain"] <= chain.keys() for chain in document["chains"])
    assert all(REQUIRED["finding"] <= each.keys() for each in document["findings"])


def test_it_says_what_the_verification_says() -> None:
    document = json.loads(render_json(report(verification(EDITED, REMOVED, UNANCHORED))))
    assert (document["verdict"], document["exit_code"]) == ("FAIL", 1)
    assert document["counts"] == {"EVENT_HASH_MISMATCH": 1, "GAP": 1, "NO_CHECKPOINT": 1}
    assert [each["class"] for each in document["findings"]] == ["F", "F", "I"]
    assert document["findings"][0] == {
        "code": "EVENT_HASH_MISMATCH",
        "class": "F",
        "severity": 5,
        "chain": CHAIN.chain,
        "first_seq": 12,
        "last_seq": 12,
        "file": "audit.jsonl",
        "line": 13,
        "event_id": EDITED.event_id,
        "stored": "01" * 32,
        "computed": "02" * 32,
        "message": EDITED.message,
    }
    assert document["integrity"] == {
        "standing": "faulty",
        "faults": ["EVENT_HASH_MISMATCH"],
        "open": [],
    }
    assert document["made_at"] == "2026-11-23T04:12:09.000000Z"


def test_a_root_is_base64_and_absent_where_there_is_none() -> None:
    checked = verification(UNANCHORED, chains=(CHAIN, ORCHESTRATOR_CHAIN))
    first, second = json.loads(render_json(report(checked)))["chains"]
    assert base64.b64decode(first["root"]) == bytes(range(32))
    assert second["root"] is None
    assert second["uncovered_fields"] == list(ORCHESTRATOR_CHAIN.uncovered_fields)


def test_the_same_input_gives_the_same_bytes() -> None:
    made = report(verification(EDITED, REMOVED, UNANCHORED))
    assert render_json(made) == render_json(made)


def test_log_text_is_exact_and_cannot_steer_a_terminal() -> None:
    hostile = "\x1b]0;title\x07 \x7f \x9b31m \u202e \u200b é"
    printed = render_json(report(verification(finding(EDITED.code, hostile)), label=hostile))
    assert json.loads(printed)["findings"][0]["message"] == hostile
    assert json.loads(printed)["source"]["label"] == hostile
    assert all(character == "\n" or " " <= character <= "~" for character in printed)
