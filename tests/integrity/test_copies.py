"""Copies of what retention deleted, verified without the log, and logs that pass for copies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pytest

from audit_console.core.codec import canonical_details
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code, Verdict
from audit_console.core.prunes import merged_records
from audit_console.core.vouchers import Remembered
from audit_console.errors import PruneRefused
from audit_console.integrity.proving import prove
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.retention.previewing import preview
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.writer.check import check_files
from tests.support.chains import CHAIN, linked, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.pruned import (
    EARLY,
    ENDS,
    LATE,
    OLD,
    RECORDS,
    Record,
    pruned,
    record,
    records_of,
)
from tests.support.retention import limits, planned
from tests.support.stores import Store, Texts
from tests.support.tampers import Lines
from tests.support.trees import grown
from tests.support.trusting import leaves, stored, trust_in

pytestmark = pytest.mark.usefixtures("parsers_stay")

LINES = v1_lines(OLD)

UNSEALED = {Code.NO_CHECKPOINT: 1}
ANCHORED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}
SEALED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1}
NOBODY: Trust = trust_in(witnesses=())


class Check(Protocol):
    def __call__(
        self, lines: Lines, records: Texts, notes: Texts = (), trust: Trust = NO_TRUST
    ) -> Verification: ...


@pytest.fixture
def check(store: Store) -> Check:
    def checked(
        lines: Lines, records: Texts, notes: Texts = (), trust: Trust = NO_TRUST
    ) -> Verification:
        with closing(store(lines, notes, records)) as source:
            return verify(source, trust=trust)

    return checked


@pytest.mark.parametrize("known", [2, 3], ids=["by its own prune", "and by later ones"])
def test_a_copy_alone_is_anchored_where_it_begins(check: Check, known: int) -> None:
    result = check(LINES[12:20], RECORDS[:known])
    assert (dict(result.counts), result.verdict) == (ANCHORED, Verdict.INCOMPLETE)
    (chain,) = result.chains
    assert (chain.first_seq, chain.last_seq, chain.verified) == (12, 19, 8)
    assert chain.root == grown(leaves(OLD[:20])).root()
    assert [one.pruned_to for one in result.prunes] == [12]
    (prefix,) = [one for one in result.findings if one.code is Code.PRUNED_PREFIX]
    assert (prefix.first_seq, prefix.last_seq) == (0, 11)
    assert ["here are copies" in one for one in result.cannot_show].count(True) == 1


@UNMEASURED
@pytest.mark.parametrize("known", [1, 2, 3])
def test_the_first_copy_is_a_whole_beginning(check: Check, known: int) -> None:
    result = check(LINES[:12], RECORDS[:known])
    assert dict(result.counts) == UNSEALED
    assert result.prunes == ()


def test_all_copies_together_are_one_whole_chain(check: Check) -> None:
    whole = check(LINES[:32], RECORDS)
    assert (dict(whole.counts), whole.chains[0].verified) == (UNSEALED, 32)
    assert dict(check(LINES[12:32], RECORDS).counts) == ANCHORED


def test_no_copy_is_remembered_as_its_log(check: Check) -> None:
    assert check(LINES[:12], RECORDS).trees == ()
    assert check(LINES[12:20], RECORDS).trees == ()


@UNMEASURED
@pytest.mark.parametrize("trust", [trust_in(), NOBODY], ids=["witnesses", "nobody"])
def test_a_trusted_checkpoint_over_a_copy_vouches_for_all_but_its_prune(
    check: Check, trust: Trust
) -> None:
    for size, expected in ((20, SEALED), (16, SEALED | {Code.UNSEALED_TAIL: 1})):
        result = check(LINES[12:20], RECORDS, [stored(leaves(OLD), size, at=LATE)], trust)
        assert (dict(result.counts), result.verdict) == (expected, Verdict.INCOMPLETE)
        (left,) = [one for one in result.findings if one.code is Code.PRUNE_NOT_BACKED]
        assert "the log alone can tell (seq 0 to 11)" in left.message


def test_a_trusted_checkpoint_over_the_first_copy_vouches_for_it(check: Check) -> None:
    result = check(LINES[:12], RECORDS, [stored(leaves(OLD), 12, at=LATE)], trust_in())
    assert (dict(result.counts), result.verdict) == ({}, Verdict.PASS)


def test_a_log_that_passes_for_a_copy_never_passes_by_its_own_checkpoint(check: Check) -> None:
    sealed = [stored(leaves(OLD), 40, at=LATE)]
    for trust in (trust_in(), NOBODY):
        result = check(LINES[12:], records_of((12, 40)), sealed, trust)
        assert (dict(result.counts), result.verdict) == (SEALED, Verdict.INCOMPLETE)


def test_a_checkpoint_from_before_a_copy_does_not(check: Check) -> None:
    before = [stored(leaves(OLD), 8, at=EARLY)]
    result = check(LINES[12:20], RECORDS, before, NOBODY)
    open_points = SEALED | {Code.UNSEALED_TAIL: 1}
    assert (dict(result.counts), result.verdict) == (open_points, Verdict.INCOMPLETE)


def with_note(size: int) -> Callable[[Record], object]:
    note = json.loads(stored(leaves(OLD), size, at=LATE))["note"]
    return lambda told: told.update(checkpoint=note)


def test_a_checkpoint_in_a_record_may_go_on_behind_a_copy(check: Check) -> None:
    result = check(LINES[12:20], records_of(ENDS, with_note(40)), (), NOBODY)
    assert dict(result.counts) == ANCHORED
    over_it = check(LINES[12:20], records_of(ENDS, with_note(16)), (), NOBODY)
    assert dict(over_it.counts) == SEALED | {Code.UNSEALED_TAIL: 1}
    beside = check(
        LINES[12:20], records_of(ENDS, with_note(40)), [stored(leaves(OLD), 40, at=LATE)], NOBODY
    )
    assert beside.counts[Code.TAIL_TRUNCATED] == 1


def test_records_of_several_folders_are_one_history() -> None:
    assert merged_records([RECORDS[:1], RECORDS[:2], RECORDS]) == RECORDS
    assert merged_records([RECORDS, RECORDS[:2]]) == RECORDS
    assert merged_records([RECORDS[:1] * 2]) == RECORDS[:1] * 2


# What is wrong with a copy is told once.

DAMAGES: dict[str, tuple[Lines, dict[Code, int]]] = {
    "its beginning is missing": (LINES[14:20], {Code.HEAD_MISSING: 1}),
    "its end is missing": (LINES[12:18], {Code.PRUNED_PREFIX: 1, Code.GAP: 1}),
    "one of three is missing": ([*LINES[:12], *LINES[20:32]], {Code.GAP: 1}),
    "its last line is unreadable": (
        [*LINES[12:19], LINES[19].replace(b'"result":"', b'"result":"?')],
        {Code.PRUNED_PREFIX: 1, Code.MALFORMED: 1},
    ),
    "an event was edited": (
        [LINES[12], *v1_lines([replace(OLD[13], action="x")]), *LINES[14:20]],
        {Code.PRUNED_PREFIX: 1, Code.EVENT_HASH_MISMATCH: 1},
    ),
    "its first event was edited": (
        [*v1_lines([replace(OLD[12], action="x")]), *LINES[13:20]],
        {Code.EVENT_HASH_MISMATCH: 1},
    ),
    "its last event was edited": (
        [*LINES[12:19], *v1_lines([replace(OLD[19], action="x")])],
        {Code.PRUNED_PREFIX: 1, Code.EVENT_HASH_MISMATCH: 1},
    ),
    "it does not follow what was deleted": (
        v1_lines(linked(OLD[12:20], "a" * 64)),
        {Code.PRUNED_PREFIX: 1, Code.PREVIOUS_HASH_MISMATCH: 1, Code.PRUNE_RECORD_INVALID: 1},
    ),
    "it was written anew": (
        v1_lines(linked([replace(OLD[12], action="x"), *OLD[13:20]], OLD[11].event_hash or "")),
        {Code.PRUNED_PREFIX: 1, Code.PRUNE_RECORD_INVALID: 1},
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_copy(check: Check, damage: str) -> None:
    lines, expected = DAMAGES[damage]
    result = check(lines, RECORDS)
    unanchored = {Code.PRUNE_NOT_BACKED, Code.NO_CHECKPOINT}
    found = {code: many for code, many in result.counts.items() if code not in unanchored}
    assert (found, result.verdict) == (expected, Verdict.FAIL)


def test_what_was_deleted_before_its_time_is_told_by_later_copies(check: Check) -> None:
    records = records_of(ENDS, lambda told: told.update(policy_days=91))
    expected = ANCHORED | {Code.RETENTION_POLICY_VIOLATED: 1}
    assert dict(check(LINES[12:20], records).counts) == expected


def test_copies_in_which_nothing_says_where_they_begin(check: Check) -> None:
    assert dict(check(LINES[12:20], ()).counts) == UNSEALED | {Code.HEAD_MISSING: 1}


# Who deletes the beginning of a log cannot hide it behind forged records.

LOG = pruned(12).whole
"""A log whose beginning somebody deletes, and writes records that no event tells of."""


@pytest.mark.parametrize("ends", [(12,), (12, 40)], ids=["its beginning", "all but the newest"])
def test_a_log_with_forged_records_fails(check: Check, ends: Sequence[int]) -> None:
    log = linked([*LOG[:40], replace(LOG[40], details=None)])
    result = check(v1_lines(log[12:]), records_of(ends, events=log))
    assert result.counts[Code.PRUNE_RECORD_NOT_IN_CHAIN] >= 1
    assert result.verdict is Verdict.FAIL
    assert not any("here are copies" in one for one in result.cannot_show)


def seen(size: int, events: list[AuditEvent], trust: Trust = NO_TRUST) -> Trust:
    known = Remembered(CHAIN, size, grown(leaves(events[:size])).root(), LATE)
    return replace(trust, remembered={CHAIN: known})


Beyond = tuple[list[str], Trust, Code]
BEYOND: dict[str, Beyond] = {
    "the console saw more": ([], seen(41, LOG), Code.ROLLBACK),
    "more was signed": ([stored(leaves(LOG), 41, at=LATE)], NOBODY, Code.TAIL_TRUNCATED),
    "the policy names witnesses": ([], trust_in(), Code.PRUNE_NOT_BACKED),
}


@UNMEASURED
@pytest.mark.parametrize("name", BEYOND)
def test_a_log_that_passes_for_a_copy_fails_where_more_is_known(check: Check, name: str) -> None:
    notes, trust, code = BEYOND[name]
    result = check(LINES[12:], records_of((12, 40)), notes, trust)
    assert (result.counts[code], result.verdict) == (1, Verdict.FAIL)


@UNMEASURED
def test_a_log_that_passes_for_a_copy_is_open_at_best(check: Check) -> None:
    for trust in (NO_TRUST, seen(40, OLD)):
        result = check(LINES[12:], records_of((12, 40)), (), trust)
        assert result.counts[Code.PRUNE_NOT_BACKED] == 1
        assert result.verdict is Verdict.INCOMPLETE
        assert any("here are copies" in one for one in result.cannot_show)


def test_a_record_of_more_than_there_is_hides_no_missing_end(check: Check) -> None:
    past = linked([*OLD, *v1_chain(60)[40:]])
    result = check(LINES[12:], records_of((12, 50), events=past))
    assert (result.counts[Code.GAP], result.verdict) == (1, Verdict.FAIL)


def test_a_forged_past_is_not_what_was_signed(check: Check) -> None:
    other = linked([replace(OLD[0], action="another past"), *OLD[1:]])
    told = record(OLD, 12) | {name: record(other, 12)[name] for name in ("range", "root")}
    first = canonical_details(planned(told))
    second = canonical_details(record(OLD, 20, begin=12, before=first))
    notes = [stored(leaves(OLD), 20, at=LATE)]
    result = check(LINES[12:20], [first, second], notes, NOBODY)
    assert result.counts[Code.CHECKPOINT_ROOT_MISMATCH] == 1
    assert result.verdict is Verdict.FAIL


# What else is asked of copies.


def test_records_of_a_chain_that_is_not_there(check: Check) -> None:
    result = check([], RECORDS)
    assert dict(result.counts) == {Code.EMPTY: 1}


@pytest.mark.parametrize("known", [1, 2, 3])
def test_an_event_of_a_copy_is_proven_by_a_checkpoint_over_it(known: int) -> None:
    notes = [stored(leaves(OLD), 20, at=LATE)]
    source = MemorySource(LINES[12:20], checkpoints=notes, prune_records=RECORDS[:known])
    assert prove(source, OLD[15].id, NOBODY).holds


def test_copies_are_not_pruned() -> None:
    source = MemorySource(LINES[12:20], prune_records=RECORDS)
    verify(source)
    with pytest.raises(PruneRefused, match="what is here are copies of what retention deleted"):
        preview(source, limits(12))


def test_the_check_of_the_writer_knows_copies(tmp_path: Path) -> None:
    files = []
    for number, (begin, end) in enumerate(pairwise((0, *ENDS)), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append(folder / f"copy.{begin:012d}.jsonl")
        files[-1].write_bytes(text_of(LINES[begin:end]))
        (folder / "copy.prunes.jsonl").write_text("\n".join(RECORDS[:number]), encoding="utf-8")
    assert dict(check_files(files[1:2]).findings.counts) == ANCHORED
    assert dict(check_files(files).findings.counts) == UNSEALED
    with closing(open_archive(list(map(str, reversed(files))), keep=False)) as source:
        assert dict(verify(source).counts) == UNSEALED
