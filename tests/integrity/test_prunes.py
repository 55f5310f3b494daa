"""Logs whose beginning retention deleted, and prune records that do not hold."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from audit_console.core.codec import Malformed, canonical_details
from audit_console.core.event import AuditEvent, format_time
from audit_console.core.findings import Code, FindingClass, Verdict
from audit_console.core.notes import NoteSignature
from audit_console.core.prunes import PruneRecord, decode_prune, read_prunes
from audit_console.core.vouchers import Remembered
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.memory import MemorySource
from tests.support.chains import CHAIN, event, linked, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.pruned import (
    APPLIED,
    CUTOFF,
    EARLY,
    LATE,
    OLD,
    Pruned,
    Record,
    pruned,
    record,
)
from tests.support.retention import planned
from tests.support.stores import Store, Texts
from tests.support.tampers import Lines
from tests.support.trees import grown
from tests.support.trusting import leaves, log_key, stored, trust_in

Seal = tuple[int, datetime | None]
"""Size of a checkpoint, and when it was cosigned."""

TRUST = trust_in()

pytestmark = pytest.mark.usefixtures("parsers_stay")

KEPT_FOR = (
    f"That events of {CHAIN} had to be kept for no more than {{}} days: "
    "its prunes say so of themselves."
)

BACKED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}
"""What a rightly pruned log gives as long as no checkpoint is read."""


class Check(Protocol):
    def __call__(
        self, lines: Lines, records: Texts, notes: Texts = (), trust: Trust = NO_TRUST
    ) -> Verification: ...


class SealedCheck(Protocol):
    def __call__(
        self, log: Pruned, seals: list[Seal], trust: Trust = TRUST, first: int = 12
    ) -> Verification: ...


@pytest.fixture
def check(store: Store) -> Check:
    """Verify a log with prune records, and checkpoints, beside it."""

    def checked(
        lines: Lines, records: Texts, notes: Texts = (), trust: Trust = NO_TRUST
    ) -> Verification:
        with closing(store(lines, notes, records)) as source:
            return verify(source, trust=trust)

    return checked


@UNMEASURED
@pytest.mark.parametrize("boundary", [1, 2, 12, 13, 32, 39])
def test_a_pruned_log_verifies_and_keeps_its_tree_head(check: Check, boundary: int) -> None:
    log = pruned(boundary)
    result = check(log.lines(boundary), log.records)
    assert dict(result.counts) == BACKED
    assert result.verdict is Verdict.INCOMPLETE
    assert result.chains[0].root == grown(leaves(log.whole[:41])).root()
    assert result.chains[0].first_seq == boundary


@pytest.mark.parametrize(("first", "end", "read"), [(12, 41, 20), (0, 41, 20), (0, 12, 10)])
def test_a_stopped_reading_accuses_no_prune(first: int, end: int, read: int) -> None:
    """What tells of a prune stands at the end, of the log as of the copies of what went."""
    log = pruned(12)
    source = MemorySource(
        log.lines(first)[: end - first], batch_lines=read, prune_records=log.records
    )
    stop = threading.Event()
    result = verify(source, stop=stop, on_progress=lambda _: stop.set())
    assert result.status.stopped
    assert result.verdict is Verdict.INCOMPLETE
    assert result.counts[Code.RANGE_NOT_COVERED] == 1
    assert result.faults == 0


def test_without_its_record_the_head_is_missing(check: Check) -> None:
    found = dict(check(pruned(12).lines(12), ()).counts)
    assert found == {Code.HEAD_MISSING: 1, Code.NO_CHECKPOINT: 1}


def test_an_event_of_another_type_tells_of_no_prune(check: Check) -> None:
    log = pruned(12)
    *kept, told = log.whole[12:]
    other = linked([replace(told, event_type="config_change")], kept[-1].event_hash or "")
    found = dict(check(v1_lines([*kept, *other]), log.records).counts)
    assert found == dict(check(v1_lines(kept), log.records).counts) != BACKED


def test_events_missing_behind_the_boundary(check: Check) -> None:
    log = pruned(12)
    found = dict(check(log.lines(14), log.records).counts)
    expected = BACKED | {Code.HEAD_MISSING: 1}
    del expected[Code.PRUNED_PREFIX]
    assert found == expected


def test_events_below_the_boundary(check: Check) -> None:
    log = pruned(12)
    result = check(log.lines(8), log.records)
    below = [one for one in result.findings if one.code is Code.EVENT_BELOW_PRUNE_BOUNDARY]
    assert [(one.first_seq, one.last_seq) for one in below] == [(8, 11)]
    assert result.verdict is Verdict.FAIL


def test_the_first_kept_event_must_link_to_the_last_deleted_one(check: Check) -> None:
    log = pruned(12)
    rewritten = linked(log.whole[12:], "a" * 64)
    found = dict(check(v1_lines(rewritten), log.records).counts)
    assert found == BACKED | {Code.PREVIOUS_HASH_MISMATCH: 1}


def test_a_prune_that_no_event_tells_of(check: Check) -> None:
    log = pruned(12)
    lines = log.lines(12)[:-1]
    assert dict(check(lines, log.records).counts) == BACKED | {Code.PRUNE_RECORD_NOT_IN_CHAIN: 1}


def test_a_record_changed_after_it_was_told(check: Check) -> None:
    log = pruned(12)
    changed = log.records[0].replace('"actor":"operator"', '"actor":"mallory"')
    found = dict(check(log.lines(12), (changed,)).counts)
    assert found == BACKED | {Code.PRUNE_RECORD_NOT_IN_CHAIN: 1}


TOO_EARLY: dict[str, Record] = {
    "a younger cut-off": {"cutoff": "2026-11-01T00:00:00.000000Z"},
    "younger events": {"last_recorded_at": format_time(CUTOFF)},
    "more days": {"policy_days": 91},
}


@UNMEASURED
@pytest.mark.parametrize("early", TOO_EARLY)
def test_events_deleted_before_their_time(check: Check, early: str) -> None:
    log = pruned(12, lambda told: told.update(TOO_EARLY[early]))
    found = dict(check(log.lines(12), log.records).counts)
    assert found == BACKED | {Code.RETENTION_POLICY_VIOLATED: 1}


@UNMEASURED
def test_a_later_prune_does_not_hide_for_how_few_days_events_were_kept(check: Check) -> None:
    first = canonical_details(planned(record(OLD, 12) | {"policy_days": 0}))
    log = pruned(20, lambda told: told.update(record(OLD, 20, begin=12, before=first)))
    result = check(log.lines(20), (first, *log.records))
    assert dict(result.counts) == BACKED
    assert KEPT_FOR.format(0) in result.cannot_show
    assert KEPT_FOR.format(90) in check(pruned(12).lines(12), pruned(12).records).cannot_show


def test_a_later_prune_does_not_hide_an_early_one(check: Check) -> None:
    first = canonical_details(planned(record(OLD, 12) | TOO_EARLY["a younger cut-off"]))
    log = pruned(20, lambda told: told.update(record(OLD, 20, begin=12, before=first)))
    result = check(log.lines(20), (first, *log.records))
    assert dict(result.counts) == BACKED | {Code.RETENTION_POLICY_VIOLATED: 1}
    early = [one for one in result.findings if one.code is Code.RETENTION_POLICY_VIOLATED]
    assert ["(seq 0 to 11)" in one.message for one in early] == [True]


def test_a_prune_that_was_told_of_before_it_was_applied(check: Check) -> None:
    skewed = pruned(12, told_at=APPLIED - timedelta(minutes=5))
    assert dict(check(skewed.lines(12), skewed.records).counts) == BACKED
    dated = pruned(12, told_at=APPLIED - timedelta(minutes=6))
    found = dict(check(dated.lines(12), dated.records).counts)
    assert found == BACKED | {Code.PRUNE_RECORD_INVALID: 1}
    last = pruned(12, told_at=datetime.max.replace(tzinfo=UTC))
    assert dict(check(last.lines(12), last.records).counts) == BACKED


@UNMEASURED
def test_the_first_event_that_tells_of_a_prune_says_when(check: Check) -> None:
    log = pruned(12, told_at=APPLIED - timedelta(days=1))
    again = replace(log.whole[40], seq=41, id=event(41).id, recorded_at=format_time(APPLIED))
    told_again = linked([again], log.whole[40].event_hash or "")
    lines = v1_lines([*log.whole[12:], *told_again])
    for ordered in (lines, [*lines[:-2], lines[-1], lines[-2]]):
        found = dict(check(ordered, log.records).counts)
        found.pop(Code.OUT_OF_ORDER, None)
        assert found == BACKED | {Code.PRUNE_RECORD_INVALID: 1}


def test_the_time_of_an_edited_event_accuses_no_prune(check: Check) -> None:
    log = pruned(12)
    edited = replace(log.whole[40], recorded_at="2026-11-01T00:00:00.000000Z")
    found = dict(check(v1_lines([*log.whole[12:40], edited]), log.records).counts)
    assert found == BACKED | {Code.EVENT_HASH_MISMATCH: 1}


FAULTS: dict[str, Callable[[Record], object]] = {
    "other version": lambda told: told.update(v=2),
    "wrong count": lambda told: told.update(events=11),
    "nothing pruned": lambda told: told.update(pruned_from=12),
    "number as text": lambda told: told.update(pruned_to="12"),
    "truth as number": lambda told: told.update(pruned_from=False),
    "negative": lambda told: told.update(policy_days=-1),
    "too many hashes": lambda told: told.update(range=["0" * 64] * 3),
    "range is no list": lambda told: told.update(range=7),
    "no hash": lambda told: told.update(last_event_hash="xyz"),
    "other root": lambda told: told.update(root=base64.b64encode(b"\0" * 32).decode()),
    "no time": lambda told: told.update(cutoff="yesterday"),
    "not the first": lambda told: told.update(pruned_from=3, events=9),
    "follows nothing": lambda told: told.update(previous_prune="0" * 64),
    "field gone": lambda told: told.pop("range"),
    "nobody": lambda told: told.pop("actor"),
    "no plan": lambda told: told.update(plan_sha256=None),
    "events of no time": lambda told: told.update(first_recorded_at="never"),
    "no note": lambda told: told.update(checkpoint="a note"),
    "no archive": lambda told: told.update(archive="a copy"),
    "more days than there are": lambda told: told.update(policy_days=10**18),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_inconsistent_record_excuses_nothing(check: Check, fault: str) -> None:
    log = pruned(12, FAULTS[fault])
    found = dict(check(log.lines(12), log.records).counts)
    expected = {Code.PRUNE_RECORD_INVALID: 1, Code.HEAD_MISSING: 1, Code.NO_CHECKPOINT: 1}
    assert found == expected


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "\ud800", '{"range":' + "[" * 5000])
def test_rubbish_is_an_invalid_record(text: str) -> None:
    assert isinstance(decode_prune(text), Malformed)


def test_the_last_leaf_of_an_odd_range_is_the_last_event() -> None:
    told = planned(record(v1_chain(40), 13) | {"last_event_hash": "a" * 64})
    assert isinstance(decode_prune(json.dumps(told)), Malformed)


def test_records_follow_one_another() -> None:
    chain = v1_chain(40)
    first = canonical_details(record(chain, 12))
    second = canonical_details(record(chain, 20, begin=12, before=first))
    assert read_prunes([first, second]).invalid == ()
    assert read_prunes([first, second]).of(CHAIN)[-1].pruned_to == 20
    assert [number for number, _ in read_prunes([second]).invalid] == [1]
    unlinked = canonical_details(record(chain, 20, begin=12, before="another"))
    assert [number for number, _ in read_prunes([first, unlinked]).invalid] == [2]


def test_details_that_are_no_json_tell_of_nothing() -> None:
    told = decode_prune(canonical_details(record(v1_chain(40), 12)))
    assert isinstance(told, PruneRecord)
    assert not told.is_told_by("{")


SEALED_END = {Code.PRUNED_PREFIX: 1}
NOT_BACKED = SEALED_END | {Code.PRUNE_NOT_BACKED: 1}


@pytest.fixture
def check_sealed(check: Check) -> SealedCheck:
    """Verify a log of which the first 12 events were pruned, with checkpoints beside it."""

    def checked(
        log: Pruned, seals: list[Seal], trust: Trust = TRUST, first: int = 12
    ) -> Verification:
        notes = [stored(leaves(log.whole), size, at=moment) for size, moment in seals]
        return check(log.lines(first), log.records, notes, trust)

    return checked


BACKINGS: dict[str, tuple[list[Seal], dict[Code, int]]] = {
    "cosigned before the cut-off": ([(20, EARLY), (41, LATE)], SEALED_END),
    "cosigned at the boundary": ([(12, EARLY), (41, LATE)], SEALED_END),
    "cosigned too late": ([(20, LATE), (41, LATE)], NOT_BACKED),
    "cosigned early, but not all of it": ([(11, EARLY), (41, LATE)], NOT_BACKED),
    "not cosigned": ([(20, None), (41, LATE)], NOT_BACKED),
}


@UNMEASURED
@pytest.mark.parametrize("name", BACKINGS)
def test_a_prune_is_backed_by_a_cosignature_from_before_the_cut_off(
    check_sealed: SealedCheck, name: str
) -> None:
    seals, expected = BACKINGS[name]
    result = check_sealed(pruned(12), seals)
    assert dict(result.counts) == expected
    assert (result.verdict is Verdict.PASS) == (expected == SEALED_END)
    unbacked = [one for one in result.findings if one.code is Code.PRUNE_NOT_BACKED]
    assert all(one.finding_class is FindingClass.FAULT for one in unbacked)
    left = "seq 11" if name == "cosigned early, but not all of it" else "seq 0 to 11"
    assert all(f"({left})" in one.message for one in unbacked)


@UNMEASURED
def test_without_witnesses_a_checkpoint_from_before_the_prune_backs_it(
    check_sealed: SealedCheck,
) -> None:
    trust = trust_in(witnesses=())
    backed = check_sealed(pruned(12), [(20, None), (41, None)], trust)
    assert (dict(backed.counts), backed.verdict) == (SEALED_END, Verdict.PASS)
    late = check_sealed(pruned(12), [(41, None)], trust)
    assert (dict(late.counts), late.verdict) == (NOT_BACKED, Verdict.INCOMPLETE)


def noted(size: int, *, hashes: list[bytes] | None = None, at: datetime | None = EARLY) -> Pruned:
    """Make a pruned log whose record holds a checkpoint, by the log's own key."""
    line = stored(hashes or leaves(OLD), size, at=at)
    return pruned(12, lambda told: told.update(checkpoint=json.loads(line)["note"]))


@UNMEASURED
def test_the_checkpoint_of_a_prune_record_backs_it(check_sealed: SealedCheck) -> None:
    result = check_sealed(noted(20), [(41, LATE)])
    assert (dict(result.counts), result.verdict) == (SEALED_END, Verdict.PASS)
    alone = check_sealed(noted(20), [])
    assert dict(alone.counts) == SEALED_END | {Code.UNSEALED_TAIL: 1}
    late = check_sealed(noted(20, at=LATE), [(41, LATE)])
    assert dict(late.counts) == NOT_BACKED


@UNMEASURED
def test_the_checkpoint_of_a_prune_record_is_held_to_the_log(check_sealed: SealedCheck) -> None:
    other = noted(20, hashes=leaves(v1_chain(20)))
    split = check_sealed(other, [(20, EARLY), (41, LATE)])
    assert dict(split.counts) == SEALED_END | {Code.SPLIT_VIEW: 1}
    alone = check_sealed(other, [(41, LATE)])
    assert dict(alone.counts) == SEALED_END | {Code.CHECKPOINT_ROOT_MISMATCH: 1}


@UNMEASURED
def test_a_bad_signature_in_a_prune_record_is_told_once(check: Check) -> None:
    note = json.loads(stored(leaves(OLD), 20, at=EARLY))["note"]
    text, signatures = note.split("\n\n")
    key = log_key().verifier
    forged = f"{text}\n\n{NoteSignature(key.name, key.key_id, bytes(64))}"
    assert signatures
    log = pruned(12, lambda told: told.update(checkpoint=forged))
    notes = [stored(leaves(log.whole), size, at=at) for size, at in ((20, EARLY), (41, LATE))]
    copy = json.dumps({"note": forged})
    for beside in (notes, [*notes, copy]):
        found = dict(check(log.lines(12), log.records, beside, TRUST).counts)
        assert found == SEALED_END | {Code.CHECKPOINT_BAD_SIGNATURE: 1}


def test_a_forged_record_of_a_sealed_log(check: Check) -> None:
    true = pruned(12)
    other = [replace(one, action="another past") for one in true.whole[:12]]
    forged = record(linked([*other, *true.whole[12:]]), 12)
    last = replace(true.whole[40], details=canonical_details(forged))
    rest = linked([*true.whole[12:40], last], str(forged["last_event_hash"]))
    log = Pruned([*true.whole[:12], *rest], (canonical_details(forged),))
    notes = [stored(leaves(true.whole), size, at=EARLY) for size in (20, 41)]
    expected = SEALED_END | {Code.CHECKPOINT_ROOT_MISMATCH: 1}
    assert dict(check(log.lines(12), log.records, notes, TRUST).counts) == expected


def test_a_missing_record_of_a_sealed_log(check_sealed: SealedCheck) -> None:
    log = replace(pruned(12), records=())
    result = check_sealed(log, [(20, EARLY), (41, LATE)])
    assert dict(result.counts) == {Code.HEAD_MISSING: 1}


def test_a_replayed_record_of_a_sealed_log(check_sealed: SealedCheck) -> None:
    log = pruned(12)
    result = check_sealed(replace(log, records=log.records * 2), [(20, EARLY), (41, LATE)])
    assert dict(result.counts) == SEALED_END | {Code.PRUNE_RECORD_INVALID: 1}


REPLAYED: dict[str, Callable[[Record], object]] = {
    "as it was": lambda _: None,
    "forged": lambda told: told.update(record(v1_chain(12), 12)),
    "too early": lambda told: told.update(policy_days=91),
}


@UNMEASURED
@pytest.mark.parametrize("change", REPLAYED)
def test_a_record_that_nothing_tells_of_and_that_deleted_nothing_is_one_finding(
    check: Check, change: str
) -> None:
    replayed = pruned(12, REPLAYED[change]).records
    notes = [stored(leaves(OLD), 40, at=APPLIED)]
    result = check(v1_lines(OLD), replayed, notes, TRUST)
    assert dict(result.counts) == {Code.PRUNE_RECORD_NOT_IN_CHAIN: 1}
    assert result.prunes == ()
    assert result.chains[0].root == grown(leaves(OLD)).root()


@UNMEASURED
def test_a_second_record_that_deleted_nothing_leaves_the_first_one(check: Check) -> None:
    log = pruned(12)
    second = canonical_details(record(OLD, 20, begin=12, before=log.records[0]))
    notes = [stored(leaves(log.whole), size, at=at) for size, at in ((20, EARLY), (41, LATE))]
    result = check(log.lines(12), (*log.records, second), notes, TRUST)
    assert dict(result.counts) == SEALED_END | {Code.PRUNE_RECORD_NOT_IN_CHAIN: 1}
    assert [one.pruned_to for one in result.prunes] == [12]
    early = planned(record(OLD, 20, begin=12, before=log.records[0]) | TOO_EARLY["more days"])
    again = check(log.lines(12), (*log.records, canonical_details(early)), notes, TRUST)
    assert dict(again.counts) == SEALED_END | {Code.PRUNE_RECORD_NOT_IN_CHAIN: 1}


def test_more_deleted_than_a_record_of_a_sealed_log_says(check_sealed: SealedCheck) -> None:
    result = check_sealed(pruned(12), [(20, EARLY), (41, LATE)], first=14)
    assert dict(result.counts) == {Code.HEAD_MISSING: 1}


def seen_before(size: int, trust: Trust = TRUST, events: list[AuditEvent] = OLD) -> Trust:
    """Let the console remember the first events of a log."""
    seen = Remembered(CHAIN, size, grown(leaves(events[:size])).root(), LATE)
    return replace(trust, remembered={CHAIN: seen})


def test_what_the_console_saw_of_deleted_events_is_no_contradiction(
    check_sealed: SealedCheck,
) -> None:
    result = check_sealed(pruned(12), [(20, EARLY), (41, LATE)], seen_before(9))
    assert (dict(result.counts), result.verdict) == (SEALED_END, Verdict.PASS)
    days, unmatched, _ = result.cannot_show
    assert (days, "began with the 9 events" in unmatched) == (KEPT_FOR.format(90), True)
    assert result.chains[0].unmatched is not None
    assert result.trees == ()


def test_without_witnesses_a_prune_of_what_the_console_saw_stays_open(
    check_sealed: SealedCheck,
) -> None:
    nobody = trust_in(witnesses=())
    seals: list[Seal] = [(20, None), (41, None)]
    result = check_sealed(pruned(12), seals, seen_before(9, nobody))
    assert (dict(result.counts), result.verdict) == (NOT_BACKED, Verdict.INCOMPLETE)
    assert result.trees == ()
    unbacked = check_sealed(pruned(12), seals[1:], seen_before(9, nobody))
    assert dict(unbacked.counts) == NOT_BACKED
    behind = check_sealed(pruned(12), seals, seen_before(12, nobody))
    assert (dict(behind.counts), len(behind.trees)) == (SEALED_END, 1)


def test_the_range_of_a_prune_record_is_held_to_what_the_console_saw(
    check_sealed: SealedCheck,
) -> None:
    nobody = trust_in(witnesses=())
    seals: list[Seal] = [(20, None), (41, None)]
    same = check_sealed(pruned(12), seals, seen_before(8, nobody))
    days, _ = same.cannot_show
    assert (dict(same.counts), days, len(same.trees)) == (SEALED_END, KEPT_FOR.format(90), 1)
    rewritten = check_sealed(pruned(12), seals, seen_before(8, nobody, v1_chain(8)))
    assert dict(rewritten.counts) == SEALED_END | {Code.HISTORY_REWRITTEN: 1}
