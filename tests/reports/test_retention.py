"""What a preview of retention says to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from audit_console.core.findings import Code, finding
from audit_console.core.retention import KeepLonger, RetentionPolicy
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.reports.retention import (
    RENDERERS,
    headline_of,
    meaning_for_verification,
    render_html,
    render_json,
    render_text,
)
from audit_console.retention.preview import Preview
from audit_console.retention.previewing import preview
from audit_console.sources.memory import MemorySource
from tests.support.chains import linked, orchestrator_chain, orchestrator_lines, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.reading import read_whole
from tests.support.retention import aged_chain, day, hold, limits
from tests.support.trusting import leaves, stored, trust_in

EVENTS = aged_chain(30)
RULES = RetentionPolicy(days=10, longer=(KeepLonger("user:user-2", 14),))


def made(
    cutoff: float = 20, *, notes: Iterable[int] = (), trust: Trust = NO_TRUST, held: bool = True
) -> Preview:
    checkpoints = [stored(leaves(EVENTS), size, at=None) for size in notes]
    source = read_whole(MemorySource(v1_lines(EVENTS), checkpoints=checkpoints))
    holds = [hold("user:user-5")] if held else []
    return preview(source, limits(cutoff, policy=RULES, holds=holds), trust=trust)


def test_text_says_what_goes_and_what_stops_it() -> None:
    text = render_text(made())
    assert text.splitlines()[0] == "PREVIEW: 5 of 30 events would go"
    for part in (
        "source    memory (memory)",
        "read      30 lines: 30 events, 0 unreadable",
        "window    2026-08-01T00:00:00.000000Z to 2026-08-30T00:00:00.000000Z",
        "seq 0 to 4",
        "under hold h1 of legal: user:user-5 (case 7)",
        "3 of the events that are old enough, from seq 5 on",
        "kept 14 days: user:user-2",
        "seq 5 to 30, the last of which tells of the prune",
        "not here; nothing is deleted before it is",
        "PRUNE_NOT_BACKED",
        "Nothing was written to the log.",
    ):
        assert part in text


def test_faults_are_told() -> None:
    sound = replace(made(), faults=())
    assert "no fault among what goes" in render_text(sound)
    assert json.loads(render_json(sound))["faults"] == []
    broken = replace(made(), faults=(finding(Code.GAP, "a gap"), finding(Code.GAP, "another")))
    assert "NO: GAP; this plan is refused" in render_text(broken)
    assert "What goes does not verify: it is evidence, and stays" in render_text(broken)
    assert "does not verify" not in render_text(sound)
    assert (
        headline_of(broken) == "PREVIEW: 5 of 30 events are older than the cut-off, and none can go"
    )
    assert meaning_for_verification(broken) == "The log stays as it is."
    assert "the last of which tells of the prune" not in render_text(broken)
    assert "Older than the cut-off, by type" in render_text(broken)
    assert json.loads(render_json(broken))["faults"] == ["GAP"]


def test_checkpoints_that_cover_it_are_listed() -> None:
    few = made(12, notes=[20], trust=trust_in(witnesses=()), held=False)
    assert "over the first 20 events, trusted" in render_text(few)
    assert "PRUNE_NOT_BACKED" not in render_text(few)
    many = made(12, notes=range(1, 31), held=False)
    assert "and 12 more" in render_text(many)
    assert len(json.loads(render_json(many))["checkpoints"]) == 22


def test_what_no_checkpoint_backs_is_told_and_what_follows() -> None:
    part = made(12, notes=[7], trust=trust_in(witnesses=()), held=False)
    assert "covers seq 7 to 8, so that nothing can show any more" in meaning_for_verification(part)
    assert "FAILS" not in meaning_for_verification(part)
    strict = made(12, notes=[7], trust=trust_in(), held=False)
    assert "covers seq 0 to 8" in meaning_for_verification(strict)
    assert "a fault, and the log FAILS from then on" in meaning_for_verification(strict)
    assert json.loads(render_json(part))["backed_to"] == 7


def test_what_is_not_listed_is_counted() -> None:
    each = linked(replace(one, user_id=f"user {one.seq}") for one in EVENTS)
    source = read_whole(MemorySource(v1_lines(each)))
    found = preview(source, limits(25))
    text = render_text(found)
    assert "\n   1  user 0\n" in text
    assert "\n  15  in 15 more values\n" in text
    assert len(json.loads(render_json(found))["by"]["user"]["rows"]) == 25


def test_json_has_what_a_program_needs() -> None:
    found = made()
    said = json.loads(render_json(found))
    assert said["schema"] == "audit-console/retention-preview/1"
    assert found.plan is not None
    assert said["plan"]["plan_sha256"] == found.plan.sha256
    assert (said["events"], said["kept"], said["last_seq"]) == (5, 25, 29)
    assert said["by_day"][0] == {"day": "2026-08-01", "events": 1}
    assert said["stops"][0]["first_seq"] == 5
    assert said["previous_prune"] is None


def test_counts_stand_one_under_the_other() -> None:
    many = replace(made(), days=((day(0), 9), (day(1), 12_345_678)))
    assert "           9  2026-08-01\n  12,345,678  2026-08-02\n" in render_text(many)
    assert '<tr><th scope="row">12,345,678</th><td>2026-08-02</td></tr>' in render_html(many)


def test_nothing_to_delete() -> None:
    nothing = made(0)
    assert headline_of(nothing) == "NOTHING to delete: all 30 events stay"
    assert meaning_for_verification(nothing) == "The log stays as it is."
    assert json.loads(render_json(nothing))["plan"] is None
    assert render_text(nothing)


def test_a_log_without_an_event_is_of_no_format() -> None:
    source = read_whole(MemorySource([]))
    empty = preview(source, limits(90))
    assert headline_of(empty) == "NOTHING to delete: the log has no event"
    assert meaning_for_verification(empty) == "The log stays as it is."


def test_a_hold_that_stops_nothing_is_told_too() -> None:
    source = MemorySource(v1_lines(EVENTS))
    list(source.batches())
    found = preview(source, limits(12, holds=[hold("user:nobody", "h7")]))
    assert found.stops == ()
    printed = " ".join(render_text(found).split())
    assert "Legal holds in force h7: user:nobody reason case 7 owner legal since 2026-08" in printed
    (told,) = json.loads(render_json(found))["holds"]
    assert (told["id"], told["query"], told["owner"]) == ("h7", "user:nobody", "legal")


def test_of_a_store_that_was_asked_nothing_is_said_to_be_read() -> None:
    whole = made()
    assert whole.status is not None
    assert json.loads(render_json(whole))["read"] == {"lines": 30, "events": 30, "malformed": 0}
    asked = replace(whole, status=replace(whole.status, complete=False))
    assert "read  " not in render_text(asked)
    assert json.loads(render_json(asked))["read"] is None


def test_of_a_table_bytes_are_said_about_or_not_known() -> None:
    of_table = replace(made(), bytes=None)
    assert "bytes     not known of a table without statistics" in render_text(of_table)
    sized = replace(of_table, about_bytes=12_345)
    assert "bytes     about 12,345, free for new rows" in render_text(sized)
    told = json.loads(render_json(sized))
    assert (told["bytes"], told["about_bytes"]) == (None, 12_345)


def test_a_log_in_the_orchestrators_format() -> None:
    source = read_whole(MemorySource(orchestrator_lines(orchestrator_chain(9))))
    found = preview(source, limits(500, holds=[hold("user:user-2")]))
    text = " ".join(render_text(found).split())
    assert "9 of 9 events are older than the cut-off, and none can go" in text
    assert "audit-console seal SOURCE --key FILE" in text
    assert "1 of the events that are old enough" in text
    assert "What stops it The format of the log: see what it means" in text
    assert "Older than the cut-off, by type" in text
    assert "What goes" not in text


HOSTILE = "\x1b[31m<script>\u202e\x9b\x07\x7f\n"


@UNMEASURED
@pytest.mark.parametrize("form", RENDERERS)
def test_hostile_text_steers_nothing(form: str) -> None:
    each = linked(replace(one, user_id=HOSTILE, resource_id=HOSTILE) for one in EVENTS)
    source = read_whole(MemorySource(v1_lines(each)))
    printed = RENDERERS[form](preview(source, limits(12, holds=[hold("user:alice")])))
    assert not set(printed) & (set(HOSTILE) - set("[31m<script>\n"))
    assert form != "html" or "<script" not in printed
