"""Proofs that a log only grew: for any two sizes, by the command and by the script alike."""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import replace

import pytest

from audit_console.core.checkpoints import (
    Checkpoint,
    SignedCheckpoint,
    decode_signed_checkpoint,
    decode_stored_checkpoint,
)
from audit_console.core.codec import Malformed
from audit_console.core.merkle import EMPTY_ROOT, CompactRange
from audit_console.core.prunes import PruneCircumstances, encode_prune
from audit_console.core.vouchers import SignedHead
from audit_console.errors import AuditConsoleError, NotAsSigned, UsageError
from audit_console.integrity.proofs import ConsistencyProof, decode_proof, encode_proof
from audit_console.integrity.proving import prove, prove_growth
from audit_console.integrity.trust import NO_TRUST, Judge
from audit_console.sources.memory import MemorySource
from tests.support.chains import (
    CHAIN,
    branch,
    orchestrator_chain,
    orchestrator_lines,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.retention import BEGIN, aged_chain, plan_of
from tests.support.scripts import script_accepts
from tests.support.stores import Store
from tests.support.tampers import edited, removed, respelled, shuffled
from tests.support.trees import leaves_of, naive_consistency, naive_root
from tests.support.trusting import leaves, log_key, note, stored, trust_in, witness_key

COUNT = 23
CHAINED = v1_chain(COUNT)
WHOLE = v1_lines(CHAINED)
TRUST = trust_in()
SEALED = "audit.example.org/sealed"
KEYS = [str(log_key().verifier), str(witness_key().verifier)]


def signed(size: int, hashes: list[bytes] | None = None, origin: str = CHAIN) -> SignedCheckpoint:
    """Sign what a log was when it had so many events."""
    read = decode_stored_checkpoint(stored(hashes or leaves(CHAINED), size, origin=origin))
    assert isinstance(read, SignedCheckpoint)
    return read


def unsigned(size: int, root: bytes, origin: str = CHAIN) -> SignedCheckpoint:
    checkpoint = Checkpoint(origin, size, root)
    return SignedCheckpoint(checkpoint, note(checkpoint, log=log_key("another")))


def source_of(lines: list[bytes], size: int = 20) -> MemorySource:
    notes = [stored(leaves(CHAINED), size)] if size else []
    return MemorySource(lines, checkpoints=notes, batch_lines=7)


@UNMEASURED
@pytest.mark.parametrize("new", [1, 2, 7, 8, 22, 23])
def test_a_log_is_shown_to_have_grown_from_every_size_to_every_other(new: int) -> None:
    for old in range(1, new + 1):
        proof = prove_growth(source_of(WHOLE, new), signed(old), TRUST)
        assert proof.holds
        assert (proof.old, proof.signed.checkpoint.size) == (signed(old), new)
        assert list(proof.hashes) == naive_consistency(old, leaves(CHAINED)[:new])
        assert decode_proof(encode_proof(proof)) == proof
        assert script_accepts(encode_proof(proof))


@UNMEASURED
def test_the_script_and_the_command_agree_on_any_two_sizes() -> None:
    hashed = leaves_of(70)
    roots = [naive_root(hashed[:size]) for size in range(71)]
    signs = [unsigned(size, roots[size]) for size in range(71)]
    rng = random.Random(9162)

    def both(proof: ConsistencyProof) -> tuple[bool, bool]:
        return proof.holds, script_accepts(encode_proof(proof))

    for new in range(71):
        for old in range(new + 1):
            hashes = tuple(naive_consistency(old, hashed[:new])) if old else ()
            good, other = ConsistencyProof(signs[old], signs[new], hashes), rng.randrange(71)
            assert both(good) == (old > 0, old > 0)
            bad = rng.choice(
                [
                    replace(good, old=unsigned(other, roots[old])),
                    replace(good, signed=unsigned(other, roots[new])),
                    replace(good, old=signs[new], signed=signs[old]),
                    replace(good, hashes=(*hashes, roots[other])),
                    replace(good, hashes=hashes[1:]),
                ]
            )
            holds, accepted = both(bad)
            assert holds == accepted, (old, new, other)
            assert not holds or bad.hashes == hashes


@pytest.mark.parametrize("lines", [WHOLE, shuffled(1)(WHOLE), respelled(5)(WHOLE)])
def test_the_order_and_the_spelling_of_lines_do_not_matter(lines: list[bytes]) -> None:
    assert prove_growth(source_of(lines), signed(9), TRUST).holds


def test_other_chains_and_formats_beside_it_do_not_matter() -> None:
    others = [*v1_lines(v1_chain(5, chain="other")), *orchestrator_lines(orchestrator_chain(50))]
    assert prove_growth(source_of(WHOLE + others), signed(9), TRUST).holds


def test_the_newest_trusted_checkpoint_is_taken() -> None:
    hashes = leaves(CHAINED)
    notes = [stored(hashes, size) for size in (5, 12, 16)]
    notes += [stored(hashes, 21, at=None), "no checkpoint", stored(hashes, 22, log=log_key("x"))]
    for trust, size in ((TRUST, 16), (NO_TRUST, 22)):
        proof = prove_growth(MemorySource(WHOLE, checkpoints=notes), signed(9), trust)
        assert proof.signed.checkpoint.size == size


def test_a_sealed_log_is_shown_to_have_grown_line_by_line() -> None:
    entries = orchestrator_lines(orchestrator_chain(30))
    hashes = [bytes.fromhex(one) for one in _line_hashes(entries)]
    notes = [stored(hashes, 26, origin=SEALED)]
    lines = MemorySource([*entries, *WHOLE], checkpoints=notes)
    proof = prove_growth(lines, signed(11, hashes, SEALED), TRUST)
    assert proof.holds
    cut = MemorySource([*entries[:20], *WHOLE], checkpoints=notes)
    with pytest.raises(NotAsSigned, match="has 20 events, and its checkpoint signs 26"):
        prove_growth(cut, signed(11, hashes, SEALED), TRUST)


def _line_hashes(lines: list[bytes]) -> list[str]:
    [batch] = MemorySource(lines).batches()
    return list(batch.events["line_hash"])


@UNMEASURED
@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (WHOLE[:8], "the log has 8 events, and the old checkpoint signs 9: the end is missing"),
        (WHOLE[:19], "the log has 19 events, and its checkpoint signs 20: the end is missing"),
        (edited(3, action="x")(WHOLE), "first 9 events of the log are not those that the old"),
        (removed(3)(WHOLE), "first 9 events of the log are not those that the old checkpoint"),
        (edited(12, action="x")(WHOLE), "first 20 events of the log are not those that its"),
        (removed(12)(WHOLE), "first 20 events of the log are not those that its checkpoint"),
        ([*WHOLE[:3], b"{", *WHOLE[4:]], "first 9 events of the log are not those"),
        (v1_lines(v1_chain(COUNT, chain="other")), "has 0 events, and the old checkpoint signs 9"),
    ],
)
def test_a_log_that_is_another_one_now(lines: list[bytes], reason: str) -> None:
    with pytest.raises(NotAsSigned, match=reason):
        prove_growth(source_of(lines), signed(9), TRUST)


def test_a_log_that_was_written_anew_and_signed_anew() -> None:
    anew = branch(CHAINED, 0, COUNT - 1)
    lines = MemorySource(v1_lines(anew), checkpoints=[stored(leaves(anew), 20)])
    with pytest.raises(NotAsSigned, match="are not those that the old checkpoint signs"):
        prove_growth(lines, signed(20), TRUST)


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        (signed(21), "no checkpoint beside the log covers the 21 events of the old one"),
        (signed(9, origin="other"), "the old checkpoint is of other, and this log is not"),
        (unsigned(0, EMPTY_ROOT), "signs no event"),
    ],
)
def test_an_old_checkpoint_that_shows_nothing_of_this_log(
    old: SignedCheckpoint, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        prove_growth(source_of(WHOLE), old, TRUST)


def test_an_old_checkpoint_that_was_altered() -> None:
    good = signed(9)
    text = str(good.note).replace("\n9\n", "\n8\n")
    altered = decode_signed_checkpoint(text)
    assert isinstance(altered, SignedCheckpoint)
    with pytest.raises(NotAsSigned, match=f"the signature of {CHAIN} under the old checkpoint"):
        prove_growth(source_of(WHOLE), altered, TRUST)


def test_an_old_checkpoint_of_nobody_known_is_shown_and_not_trusted() -> None:
    old = unsigned(9, naive_root(leaves(CHAINED)[:9]))
    proof = prove_growth(source_of(WHOLE), old, TRUST)
    assert proof.holds
    assert [_is_trusted(one) for one in (proof.old, proof.signed)] == [False, True]


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_growth_is_shown_wherever_the_log_lies(store: Store) -> None:
    notes = [stored(leaves(CHAINED), 20)]
    with closing(store(WHOLE, notes)) as source:
        proof = prove_growth(source, signed(9), TRUST)
    assert list(proof.hashes) == naive_consistency(9, leaves(CHAINED)[:20])
    for lines, reason in ((WHOLE[:8], "the end is missing"), (removed(3)(WHOLE), "not those")):
        with closing(store(lines, notes)) as source, pytest.raises(NotAsSigned, match=reason):
            prove_growth(source, signed(9), TRUST)


@UNMEASURED
@pytest.mark.parametrize("boundary", [1, 6, 8, 13])
def test_a_pruned_log_shows_what_goes_back_to_what_was_deleted_and_no_further(
    boundary: int,
) -> None:
    chain = aged_chain(COUNT)
    hashes = leaves(chain)
    deleted = CompactRange()
    deleted.extend(hashes[:boundary])
    told = PruneCircumstances(actor="olga", reason="yearly", applied_at=BEGIN)
    record = encode_prune(plan_of(chain, 0, boundary, boundary), deleted, told, None)

    def pruned(size: int, lines: list[bytes]) -> MemorySource:
        notes = [stored(hashes, size)]
        return MemorySource(lines, checkpoints=notes, prune_records=[record], batch_lines=4)

    for new in (16, COUNT):
        for old in range(boundary, new + 1):
            source = pruned(new, v1_lines(chain[boundary:]))
            proof = prove_growth(source, signed(old, hashes), TRUST)
            assert proof.holds
            assert list(proof.hashes) == naive_consistency(old, hashes[:new])
    for old in {1, boundary - 1} - {0, boundary}:
        with pytest.raises(UsageError, match=f"retention deleted the first {boundary}"):
            prove_growth(pruned(20, v1_lines(chain[boundary:])), signed(old, hashes), TRUST)
    for event in (chain[boundary], chain[17], chain[19]):
        included = prove(pruned(20, v1_lines(chain[boundary:])), event.id, TRUST)
        assert included.holds
        assert script_accepts(encode_proof(included))
    not_deleted = prove(pruned(20, v1_lines(chain)), chain[0].id, TRUST)
    assert not_deleted.holds


@UNMEASURED
def test_no_changed_proof_is_accepted_and_none_crashes() -> None:
    proof = prove_growth(source_of(WHOLE, 23), signed(11), TRUST)
    text = encode_proof(proof)
    rng, texts = random.Random(11), _signed_texts(text)
    others = [*'0189abcf"\\{}[],:—', "\\u0000", "null", "9" * 500, "\ud800", ""]
    for number in range(500):
        at, wide = rng.randrange(len(text)), rng.choice([0, 1, 1, 5])
        changed = text[:at] + rng.choice(others) + text[at + wide :]
        read = decode_proof(changed)
        accepted = (
            isinstance(read, ConsistencyProof)
            and read.holds
            and _is_trusted(read.old)
            and _is_trusted(read.signed)
        )
        assert not accepted or read == proof, changed
        if number % 10 == 0:
            assert not script_accepts(changed, *KEYS) or _signed_texts(changed) == texts, changed


def _is_trusted(signed: SignedCheckpoint) -> bool:
    judged = Judge(TRUST.policy).judge(signed)
    return isinstance(judged, SignedHead) and judged.trusted


def _signed_texts(proof: str) -> list[str]:
    values = json.loads(proof)
    return [values[key].rpartition("\n\n")[0] for key in ("old_checkpoint", "checkpoint")]


@UNMEASURED
def test_the_script_wants_every_key_under_both_checkpoints() -> None:
    proof = prove_growth(source_of(WHOLE), signed(9), TRUST)
    assert script_accepts(encode_proof(proof), *KEYS)
    nobody = unsigned(9, naive_root(leaves(CHAINED)[:9]))
    text = encode_proof(replace(proof, old=nobody))
    assert script_accepts(text)
    for key in KEYS:
        assert not script_accepts(text, key)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other"},
        {"schema": "audit-console/proof/1"},
        {"schema": ["audit-console/consistency/1"]},
        {"hashes": [7]},
        {"hashes": ["xy"]},
        {"hashes": [f" {one.hex()}" for one in naive_consistency(9, leaves(CHAINED)[:20])]},
        {"hashes": [one.hex().upper() for one in naive_consistency(9, leaves(CHAINED)[:20])]},
        {"hashes": "ab"},
        {"checkpoint": "x"},
        {"checkpoint": None},
        {"old_checkpoint": "x"},
        {"old_checkpoint": 7},
    ],
)
def test_what_is_no_proof(change: dict[str, object]) -> None:
    proof = prove_growth(source_of(WHOLE), signed(9), TRUST)
    text = json.dumps(json.loads(encode_proof(proof)) | change)
    assert isinstance(decode_proof(text), Malformed)
    assert not script_accepts(text)


def test_checkpoints_of_two_logs_are_no_proof() -> None:
    root = naive_root(leaves(CHAINED)[:9])
    proof = prove_growth(source_of(WHOLE), signed(9), TRUST)
    foreign = replace(proof, old=unsigned(9, root, "other"))
    assert not foreign.holds
    assert not script_accepts(encode_proof(foreign))


def test_an_error_says_what_to_do() -> None:
    with pytest.raises(AuditConsoleError) as error:
        prove_growth(source_of(WHOLE, 0), signed(9), TRUST)
    assert "checkpoint create" in error.value.hint
