"""What is done to checkpoints, policies, keys and clocks gives exactly its findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from audit_console.core.chain_map import CellState
from audit_console.core.checkpoints import Checkpoint, encode_stored_checkpoint
from audit_console.core.findings import KEEP_PER_CODE, Code, FindingClass, Verdict
from audit_console.core.policy import parse_policy
from audit_console.core.vouchers import Remembered
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from tests.support.chains import BEGIN, CHAIN, branch, event, linked, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import V1_VECTORS
from tests.support.stores import Store
from tests.support.tampers import (
    Lines,
    both,
    branched,
    copied,
    edited,
    forged,
    inserted,
    removed,
    renumbered,
    replaced,
    shuffled,
)
from tests.support.trees import grown
from tests.support.trusting import (
    LATER,
    leaves,
    log_key,
    note,
    stored,
    trust_in,
    witness_key,
)

COUNT = 12
CHAINED = v1_chain(COUNT)
WHOLE = v1_lines(CHAINED)
LEAVES = leaves(CHAINED)
NOTES = [stored(LEAVES, size) for size in (4, 8, COUNT)]
TRUST = trust_in()
OTHER_CHAIN = "audit.example.org/other"

Found = list[tuple[Code, int | None, int | None]]
Check = Callable[[Lines, Sequence[str], Trust], Verification]

pytestmark = pytest.mark.usefixtures("parsers_stay")


@pytest.fixture
def check(store: Store) -> Check:
    """Verify a log with checkpoints beside it."""

    def checked(lines: Lines, notes: Sequence[str], trust: Trust) -> Verification:
        with closing(store(lines, notes)) as source:
            return verify(source, trust=trust, roots=False)

    return checked


def found_in(verification: Verification) -> Found:
    """Every finding but the notices on the order of lines, which need no checkpoint."""
    return [
        (one.code, one.first_seq, one.last_seq)
        for one in verification.findings
        if one.code is not Code.OUT_OF_ORDER
    ]


def at(code: Code, first: int | None = None, last: int | None = None) -> Found:
    return [(code, first, first if last is None else last)]


def test_a_sealed_log_passes(check: Check) -> None:
    verification = check(WHOLE, NOTES, TRUST)
    assert found_in(verification) == []
    assert verification.verdict is Verdict.PASS
    (chain,) = verification.chains
    assert (chain.sealed_size, chain.vouched) == (COUNT, True)
    assert chain.sealed_by is not None
    assert list(chain.sealed_by.cosigned.values()) == [int(LATER.timestamp())]


def test_without_a_policy_nobody_is_trusted(check: Check) -> None:
    verification = check(WHOLE, NOTES, NO_TRUST)
    assert found_in(verification) == at(Code.NO_CHECKPOINT)
    assert "no policy" in verification.findings[0].message
    assert verification.chains[0].sealed_size == 0


def test_events_behind_the_last_checkpoint_are_told(check: Check) -> None:
    verification = check(WHOLE, NOTES[:2], TRUST)
    assert found_in(verification) == at(Code.UNSEALED_TAIL, 8, 11)
    assert verification.verdict is Verdict.PASS
    assert verification.chains[0].sealed_size == 8


@pytest.mark.parametrize(
    ("lines", "sealed"),
    [
        (WHOLE, COUNT),
        (WHOLE[:6], 4),
        (v1_lines(branch(CHAINED, 0, COUNT - 1)), 0),
    ],
    ids=["whole", "cut", "written anew"],
)
def test_the_map_calls_sealed_what_a_checkpoint_agrees_with(
    check: Check, lines: Lines, sealed: int
) -> None:
    verification = check(lines, NOTES, TRUST)
    cells = verification.maps[0].cells
    assert sum(cell.counts[CellState.SEALED] for cell in cells) == sealed
    assert verification.chains[0].covered == sealed


ROOT_MISMATCH = Code.CHECKPOINT_ROOT_MISMATCH
LOG_TAMPERS: dict[str, tuple[Callable[[Lines], Lines], Found]] = {
    "head removed": (removed(0), at(Code.HEAD_MISSING, 0)),
    "middle removed": (removed(5), at(Code.GAP, 5)),
    "tail removed": (removed(11), at(Code.TAIL_TRUNCATED, 11)),
    "second half removed": (removed(6, 11), at(Code.TAIL_TRUNCATED, 6, 11)),
    "everything removed": (lambda _: [], at(Code.CHAIN_MISSING)),
    "another chain in its place": (
        lambda _: v1_lines(v1_chain(COUNT, chain=OTHER_CHAIN)),
        [*at(Code.NO_CHECKPOINT), *at(Code.CHAIN_MISSING)],
    ),
    "edited": (edited(5, action="x"), at(Code.EVENT_HASH_MISMATCH, 5)),
    "last one edited": (edited(11, action="x"), at(Code.EVENT_HASH_MISMATCH, 11)),
    "rehashed in the middle": (
        edited(5, rehash=True, action="x"),
        at(Code.PREVIOUS_HASH_MISMATCH, 6),
    ),
    "rehashed at the tail": (edited(11, rehash=True, action="x"), at(ROOT_MISMATCH, 8, 11)),
    "rewritten from the third on": (
        lambda lines: [*lines[:3], *branched(3, 11, 0)(lines)[:9]],
        at(ROOT_MISMATCH, 0, 3),
    ),
    "rewritten from the tenth on": (
        lambda lines: [*lines[:10], *branched(10, 11, 0)(lines)[:2]],
        at(ROOT_MISMATCH, 8, 11),
    ),
    "rewritten and shuffled": (
        both(lambda lines: [*lines[:10], *branched(10, 11, 0)(lines)[:2]], shuffled(3)),
        at(ROOT_MISMATCH, 8, 11),
    ),
    "rewritten and cut": (
        lambda lines: [*lines[:3], *branched(3, 9, 0)(lines)[:7]],
        [*at(Code.TAIL_TRUNCATED, 10, 11), *at(ROOT_MISMATCH, 0, 3)],
    ),
    "rewritten and prolonged": (
        lambda lines: branched(0, 14, 0)(lines)[:15],
        [*at(ROOT_MISMATCH, 0, 3), *at(Code.UNSEALED_TAIL, 12, 14)],
    ),
    "shuffled": (shuffled(1), []),
    "reversed": (lambda lines: lines[::-1], []),
    "forged": (forged(5, 6), at(Code.FORK, 5)),
    "forged before the true one": (forged(5, 5), at(Code.FORK, 5)),
    "forked to the end": (branched(5, 11, COUNT), at(Code.FORK, 5, 11)),
    "a line twice": (copied(5, 6), at(Code.DUPLICATE_SEQ, 5)),
    "the file twice": (lambda lines: lines + lines, at(Code.DUPLICATE_SEQ, 0, 11)),
    "last one made garbage": (replaced(11, b"\xff"), at(Code.MALFORMED)),
    "one made garbage": (replaced(5, b"\xff"), at(Code.MALFORMED)),
    "garbage added": (inserted(5, b"\xff"), at(Code.MALFORMED)),
    "moved to another chain": (
        edited(11, chain=OTHER_CHAIN),
        at(Code.EVENT_HASH_MISMATCH, 11),
    ),
    "renumbered and rehashed": (
        both(removed(9), renumbered(9, -1, rehash=True)),
        [
            *at(Code.PREVIOUS_HASH_MISMATCH, 9),
            *at(Code.PREVIOUS_HASH_MISMATCH, 10),
            *at(Code.TAIL_TRUNCATED, 11),
        ],
    ),
    "prolonged rightly": (
        lambda _: v1_lines(v1_chain(COUNT + 3)),
        at(Code.UNSEALED_TAIL, 12, 14),
    ),
}


@UNMEASURED
@pytest.mark.parametrize("name", LOG_TAMPERS)
def test_a_tamper_of_a_sealed_log(check: Check, name: str) -> None:
    tamper, expected = LOG_TAMPERS[name]
    verification = check(tamper(list(WHOLE)), NOTES, TRUST)
    assert found_in(verification) == expected
    faults = {FindingClass.FAULT, FindingClass.INCOMPLETE}
    passes = not any(one.finding_class in faults for one in verification.findings)
    assert (verification.verdict is Verdict.PASS) == passes


def other_root(size: int, *, at_time: bool = True) -> str:
    checkpoint = Checkpoint(CHAIN, size, bytes(32))
    witnesses = [(witness_key(), LATER)] if at_time else []
    return encode_stored_checkpoint(note(checkpoint, log=log_key(), witnesses=witnesses))


def resigned(size: int, number: int) -> str:
    """A checkpoint by another key under the name of the log."""
    return stored(LEAVES, size, log=log_key(number=number))


def with_text(one: str, old: str, new: str) -> str:
    changed = one.replace(old, new, 1)
    assert changed != one
    return changed


UNTRUSTED = at(Code.UNTRUSTED_CHECKPOINT)
BAD = at(Code.CHECKPOINT_BAD_SIGNATURE)
FOREIGN = stored(LEAVES, 5, origin=OTHER_CHAIN)
NOTE_TAMPERS: dict[str, tuple[list[str], Found]] = {
    "all stripped": ([], at(Code.NO_CHECKPOINT)),
    "the last one stripped": (NOTES[:2], at(Code.UNSEALED_TAIL, 8, 11)),
    "the first ones stripped": (NOTES[2:], []),
    "in another order": (NOTES[::-1], []),
    "replayed": ([*NOTES, NOTES[0]], []),
    "cosignatures stripped of all": ([stored(LEAVES, COUNT, at=None)], UNTRUSTED),
    "one not cosigned yet": (
        [*NOTES[:2], stored(LEAVES, COUNT, at=None)],
        [(Code.UNSEALED_TAIL, 8, 11)],
    ),
    "the log's signature stripped": (
        [
            *NOTES[:2],
            encode_stored_checkpoint(
                note(
                    Checkpoint(CHAIN, COUNT, grown(LEAVES).root()),
                    witnesses=[(witness_key(), LATER)],
                )
            ),
        ],
        [*UNTRUSTED, *at(Code.UNSEALED_TAIL, 8, 11)],
    ),
    "forged by a foreign key": ([*NOTES, resigned(10, 2)], UNTRUSTED),
    "only by a foreign key": ([resigned(COUNT, 2)], UNTRUSTED),
    "of another log": ([*NOTES, FOREIGN], UNTRUSTED),
    "of another log, renamed": (
        [*NOTES, with_text(FOREIGN, OTHER_CHAIN, CHAIN)],
        BAD,
    ),
    "the size changed": ([with_text(NOTES[0], "\\n4\\n", "\\n5\\n"), *NOTES[1:]], BAD),
    "only one, its size changed": ([with_text(NOTES[2], "\\n12\\n", "\\n11\\n")], BAD),
    "the tree head changed": ([other_root(COUNT)], at(ROOT_MISMATCH, 0, 11)),
    "two views": ([*NOTES, other_root(8)], at(Code.SPLIT_VIEW, 0, 7)),
    "two views, one of them not cosigned": (
        [*NOTES, other_root(8, at_time=False)],
        at(Code.SPLIT_VIEW, 0, 7),
    ),
    "of more events than there are": (
        [*NOTES, other_root(9 * 10**18)],
        at(Code.TAIL_TRUNCATED, 12, 9 * 10**18 - 1),
    ),
    "of no event": ([other_root(0), *NOTES], at(ROOT_MISMATCH)),
    "of no event, rightly": ([stored(LEAVES, 0)], at(Code.NO_CHECKPOINT)),
    "garbage": (["{", *NOTES], at(Code.MALFORMED)),
    "only garbage": (["{"], at(Code.MALFORMED)),
    "a note that is too large": (
        [json.dumps({"note": "x" * 70_000}), *NOTES],
        at(Code.OVERSIZE),
    ),
}


@pytest.mark.parametrize("name", NOTE_TAMPERS)
def test_a_tamper_of_the_checkpoints(check: Check, name: str) -> None:
    notes, expected = NOTE_TAMPERS[name]
    verification = check(WHOLE, notes, TRUST)
    assert found_in(verification) == expected


def _swapped_keys() -> str:
    """The key of the log as the witness's, and the other way round."""
    log, witness = log_key().verifier, witness_key().verifier
    return "\n".join(
        (
            f"log {replace(log, public=witness.public)}",
            f"witness w {replace(witness, public=log.public)}",
            "quorum w\n",
        )
    )


NEW_LOG, NEW_WITNESS = log_key(number=2), witness_key(2)
POLICIES: dict[str, tuple[Trust, Found]] = {
    "no witness asked for": (trust_in(witnesses=()), []),
    "another log's": (
        trust_in([log_key(OTHER_CHAIN)]),
        [*UNTRUSTED, *at(Code.CHAIN_MISSING)],
    ),
    "both logs": (trust_in([log_key(), log_key(OTHER_CHAIN)]), at(Code.CHAIN_MISSING)),
    "another key of the log": (trust_in([NEW_LOG]), UNTRUSTED),
    "expired keys beside the new one": (trust_in([NEW_LOG, log_key()]), []),
    "another witness": (trust_in(witnesses=[NEW_WITNESS]), UNTRUSTED),
    "one witness more": (trust_in(witnesses=[witness_key(), NEW_WITNESS]), UNTRUSTED),
    "keys swapped": (
        Trust(parse_policy(_swapped_keys())),
        UNTRUSTED,
    ),
}


@pytest.mark.parametrize("name", POLICIES)
def test_another_policy(check: Check, name: str) -> None:
    trust, expected = POLICIES[name]
    assert found_in(check(WHOLE, NOTES, trust)) == expected


@pytest.mark.parametrize(("ahead", "expected"), [(5, []), (6, [11])])
def test_a_clock_pushed_ahead(check: Check, ahead: int, expected: list[int]) -> None:
    cosigned = BEGIN + timedelta(hours=1)
    late = cosigned + timedelta(minutes=ahead)
    stamp = late.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    chain = linked([*CHAINED[:11], replace(event(11), recorded_at=stamp)])
    notes = [stored(leaves(chain), size, at=cosigned) for size in (8, COUNT)]
    found = found_in(check(v1_lines(chain), notes, TRUST))
    assert found == [(Code.EVENT_NEWER_THAN_COSIGNATURE, seq, seq) for seq in expected]


@UNMEASURED
@pytest.mark.parametrize("ahead", [0, 3, 8, 10])
def test_a_clock_pushed_ahead_for_a_while(check: Check, ahead: int) -> None:
    stamp = (LATER + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    fast = [replace(one, recorded_at=stamp) if one.seq == ahead else one for one in CHAINED]
    chain = linked(fast)
    notes = [stored(leaves(chain), size) for size in (8, 9, COUNT)]
    clock = [(Code.CLOCK_BACKWARDS, ahead + 1, ahead + 1)]
    assert found_in(check(v1_lines(chain), notes, TRUST)) == [
        *sorted([*clock, (Code.EVENT_NEWER_THAN_COSIGNATURE, ahead, ahead)])
    ]
    unsealed = found_in(check(v1_lines(chain), [stored(leaves(chain), ahead)] * (ahead > 0), TRUST))
    assert Code.EVENT_NEWER_THAN_COSIGNATURE not in {code for code, _, _ in unsealed}


def seen(size: int, hashes: Sequence[bytes] = LEAVES) -> dict[str, Remembered]:
    return {CHAIN: Remembered(CHAIN, size, grown(list(hashes[:size])).root(), LATER)}


MEMORIES: dict[str, tuple[Lines, list[str], Trust, Found]] = {
    "holds": (WHOLE, [], Trust(remembered=seen(12)), []),
    "holds, and the log grew": (
        WHOLE,
        [],
        Trust(remembered=seen(9)),
        at(Code.UNSEALED_TAIL, 9, 11),
    ),
    "does not stand for the key that the policy names": (
        WHOLE,
        [],
        replace(TRUST, remembered=seen(12)),
        at(Code.NO_CHECKPOINT),
    ),
    "rolled back to an older copy": (
        WHOLE[:8],
        NOTES[:2],
        replace(TRUST, remembered=seen(12)),
        at(Code.ROLLBACK, 8, 11),
    ),
    "rolled back without a policy": (
        WHOLE[:8],
        [],
        Trust(remembered=seen(12)),
        at(Code.ROLLBACK, 8, 11),
    ),
    "cut, as the checkpoints tell already": (
        WHOLE[:8],
        NOTES,
        replace(TRUST, remembered=seen(12)),
        at(Code.TAIL_TRUNCATED, 8, 11),
    ),
    "rewritten without a policy": (
        v1_lines(linked([*CHAINED[:3], *(replace(one, action="x") for one in CHAINED[3:])])),
        [],
        Trust(remembered=seen(10)),
        at(Code.HISTORY_REWRITTEN, 0, 9),
    ),
    "rewritten, as the checkpoints tell already": (
        v1_lines(linked([*CHAINED[:3], *(replace(one, action="x") for one in CHAINED[3:])])),
        NOTES,
        replace(TRUST, remembered=seen(10)),
        at(ROOT_MISMATCH, 0, 3),
    ),
    "edited": (
        edited(5, action="x")(WHOLE),
        [],
        Trust(remembered=seen(12)),
        at(Code.EVENT_HASH_MISMATCH, 5),
    ),
    "last one made garbage": (
        replaced(11, b"\xff")(WHOLE),
        [],
        Trust(remembered=seen(12)),
        at(Code.MALFORMED),
    ),
}


@UNMEASURED
@pytest.mark.parametrize("name", MEMORIES)
def test_what_the_console_remembers(check: Check, name: str) -> None:
    lines, notes, trust, expected = MEMORIES[name]
    assert found_in(check(list(lines), notes, trust)) == expected


def test_what_is_remembered_of_other_logs_is_told_to_nobody(check: Check) -> None:
    other = {OTHER_CHAIN: replace(seen(12)[CHAIN], chain=OTHER_CHAIN)}
    verification = check(WHOLE, [], Trust(remembered=seen(12) | other))
    assert verification.vouchers.remembered == seen(12)


def test_the_vectors_pass_with_their_policy() -> None:
    trust = Trust(parse_policy((V1_VECTORS.parent / "policy.txt").read_text("utf-8")))
    source = open_archive([str(V1_VECTORS.parent)], keep=False)
    verification = verify(source, trust=trust)
    assert verification.verdict is Verdict.PASS
    assert verification.counts == {}
    assert verification.chains[0].sealed_size == 200
    assert verification.cannot_show == (
        "That what was logged is what happened, or that all that happened was logged.",
    )


def test_checkpoints_kept_elsewhere_count_too(check: Check) -> None:
    verification = check(WHOLE[:6], NOTES[:1], replace(TRUST, checkpoints=NOTES[2:]))
    assert found_in(verification) == at(Code.TAIL_TRUNCATED, 6, 11)


def apart(*numbers: int, size: int = COUNT) -> list[str]:
    """Notes over one tree: one by the log, then one by each of these witnesses alone."""
    checkpoint = Checkpoint(CHAIN, size, grown(LEAVES[:size]).root())
    by_witnesses = [note(checkpoint, witnesses=[(witness_key(one), LATER)]) for one in numbers]
    return [
        encode_stored_checkpoint(one) for one in (note(checkpoint, log=log_key()), *by_witnesses)
    ]


TWO_WITNESSES = trust_in(witnesses=[witness_key(1), witness_key(2)])


@pytest.mark.parametrize("order", [1, -1])
def test_witnesses_that_signed_apart_count_together(check: Check, order: int) -> None:
    verification = check(WHOLE, apart(1, 2)[::order], TWO_WITNESSES)
    assert found_in(verification) == []
    assert verification.verdict is Verdict.PASS
    (sealed_by,) = verification.vouchers.heads[CHAIN]
    assert set(sealed_by.cosigned) == {"w1", "w2"}
    alone = encode_stored_checkpoint(sealed_by.note)
    assert check(WHOLE, [alone], TWO_WITNESSES).verdict is Verdict.PASS


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_cosignatures_by_one_witness_the_first_counts(check: Check, order: int) -> None:
    early = BEGIN - timedelta(hours=1)
    notes = [stored(LEAVES, COUNT), stored(LEAVES, COUNT, at=early)]
    verification = check(WHOLE, notes[::order], TRUST)
    assert found_in(verification) == at(Code.EVENT_NEWER_THAN_COSIGNATURE, 11)
    (head,) = verification.vouchers.heads[CHAIN]
    assert list(head.cosigned.values()) == [int(early.timestamp())]


def test_a_witness_that_signed_elsewhere_counts_with_those_beside_the_log(check: Check) -> None:
    log, first, second = apart(1, 2)
    elsewhere = replace(TWO_WITNESSES, checkpoints=[second])
    assert check(WHOLE, [log, first], elsewhere).verdict is Verdict.PASS


@UNMEASURED
@pytest.mark.parametrize(
    "notes",
    [
        apart(1),
        apart(1, 3),
        apart(1, 1),
        [*apart(1), *apart(2, size=8)],
    ],
    ids=["one", "one and a stranger", "one twice", "of another size"],
)
def test_witnesses_of_different_trees_or_unknown_ones_do_not_add_up(
    check: Check, notes: list[str]
) -> None:
    verification = check(WHOLE, notes, TWO_WITNESSES)
    assert found_in(verification) == UNTRUSTED
    assert verification.chains[0].covered == 0


def test_bad_checkpoints_are_all_counted_and_the_first_ones_listed(check: Check) -> None:
    bad = with_text(NOTES[0], "\\n4\\n", "\\n5\\n")
    many = KEEP_PER_CODE + 2
    verification = check(WHOLE, [bad] * many + ["{"] * many + NOTES, TRUST)
    assert verification.counts == {Code.CHECKPOINT_BAD_SIGNATURE: many, Code.MALFORMED: many}
    assert [one.code for one in verification.findings] == [
        *[Code.CHECKPOINT_BAD_SIGNATURE] * KEEP_PER_CODE,
        *[Code.MALFORMED] * KEEP_PER_CODE,
    ]
    assert verification.verdict is Verdict.FAIL
