"""Proofs of single events: true in any order of the log, and spoiled by any change."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.codec import Malformed
from audit_console.errors import AuditConsoleError, UsageError
from audit_console.integrity.proofs import InclusionProof, decode_proof, encode_proof
from audit_console.integrity.proving import prove
from audit_console.sources.archive import blocks, open_archive
from audit_console.sources.memory import MemorySource
from tests.support.chains import CHAIN, orchestrator_chain, orchestrator_lines, v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.scripts import script_accepts
from tests.support.tampers import edited, respelled, shuffled
from tests.support.trusting import leaves, stored, trust_in

COUNT = 23
CHAINED = v1_chain(COUNT)
WHOLE = v1_lines(CHAINED)
NOTES = [stored(leaves(CHAINED), size) for size in (9, 20)]
TRUST = trust_in()


def source_of(lines: list[bytes]) -> MemorySource:
    return MemorySource(lines, checkpoints=NOTES, batch_lines=7)


@UNMEASURED
@pytest.mark.parametrize("seq", [0, 8, 9, 15, 19])
@pytest.mark.parametrize("seed", [None, 1])
def test_every_event_under_a_checkpoint_is_proven(seq: int, seed: int | None) -> None:
    lines = WHOLE if seed is None else shuffled(seed)(WHOLE)
    proof = prove(source_of(lines), CHAINED[seq].id, TRUST)
    assert proof.holds
    assert (proof.index, proof.signed.checkpoint.size) == (seq, 20)
    assert decode_proof(encode_proof(proof)) == proof


def test_a_respelled_event_is_proven_as_it_was_written() -> None:
    proof = prove(source_of(respelled(5)(WHOLE)), CHAINED[5].id, TRUST)
    assert proof.line.encode() == WHOLE[5]


@UNMEASURED
def test_other_chains_and_formats_beside_it_do_not_matter() -> None:
    others = [*v1_lines(v1_chain(5, chain="other")), *orchestrator_lines(orchestrator_chain(5))]
    for lines in (shuffled(3)(WHOLE + others), WHOLE + others, others + WHOLE):
        assert prove(source_of(lines), CHAINED[7].id, TRUST).holds


def test_what_is_not_proven() -> None:
    for no_id in ("", "x", "\udcff"):
        with pytest.raises(UsageError, match="no event with the id"):
            prove(source_of(WHOLE), no_id, TRUST)
    with pytest.raises(UsageError, match="no checkpoint covers"):
        prove(source_of(WHOLE), CHAINED[21].id, TRUST)
    with pytest.raises(AuditConsoleError, match="are not those that its checkpoint signs"):
        prove(source_of(WHOLE[:11] + WHOLE[12:]), CHAINED[3].id, TRUST)
    with pytest.raises(AuditConsoleError, match="not as its hash covers it"):
        prove(source_of(edited(3, action="x")(WHOLE)), CHAINED[3].id, TRUST)


@UNMEASURED
@pytest.mark.parametrize("block_bytes", [1_300, 1 << 20])
def test_events_of_an_archive_are_proven_as_those_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(blocks, "FIRST_BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(blocks, "LARGEST_BLOCK_BYTES", block_bytes)
    others = v1_lines(v1_chain(5, chain="other"))
    lines = [*respelled(15)(WHOLE), *others, *orchestrator_lines(orchestrator_chain(5))]
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(lines))
    (tmp_path / "audit.checkpoints.jsonl").write_text("\n".join(NOTES) + "\n", encoding="utf-8")

    def proven(event_id: str) -> InclusionProof:
        with closing(open_archive([str(path)], keep=True)) as source:
            return prove(source, event_id, TRUST)

    for seq in (0, 7, 15, 19):
        assert proven(CHAINED[seq].id) == prove(source_of(lines), CHAINED[seq].id, TRUST)
    for no_id in ("", "\n{", 'x","', CHAINED[7].action):
        with pytest.raises(UsageError, match="no event with the id"):
            proven(no_id)


def test_a_checkpoint_of_a_chain_covers_no_line_beside_it(tmp_path: Path) -> None:
    others = orchestrator_chain(5)
    (tmp_path / "audit.jsonl").write_bytes(text_of(WHOLE))
    (tmp_path / "other.jsonl").write_bytes(text_of(orchestrator_lines(others)))
    (tmp_path / "audit.checkpoints.jsonl").write_text("\n".join(NOTES) + "\n", encoding="utf-8")
    with (
        closing(open_archive([str(tmp_path)], keep=True)) as source,
        pytest.raises(UsageError, match="no checkpoint covers"),
    ):
        prove(source, str(others[2]["id"]), TRUST)


def test_no_changed_proof_is_accepted_and_none_crashes() -> None:
    proof = prove(source_of(WHOLE), CHAINED[7].id, TRUST)
    text = encode_proof(proof)
    rng = random.Random(7)
    others = [*'0189abcf"\\{}[],:—', "\\u0000", "null", "9" * 500, "\ud800", ""]
    for _ in range(500):
        at, wide = rng.randrange(len(text)), rng.choice([0, 1, 1, 5])
        changed = text[:at] + rng.choice(others) + text[at + wide :]
        read = decode_proof(changed)
        accepted = isinstance(read, InclusionProof) and read.holds and _is_trusted(read)
        assert not accepted or read == proof, changed


def _is_trusted(proof: InclusionProof) -> bool:
    heads = TRUST.vouchers([str(proof.signed.note)]).heads.values()
    return any(head.trusted for group in heads for head in group)


def hashes_spelled(spell: Callable[[str], str]) -> list[str]:
    """Give the hashes of the proof of event 7, the first of them spelled in another way."""
    first, *others = prove(source_of(WHOLE), CHAINED[7].id, TRUST).hashes
    return [spell(first.hex()), *(one.hex() for one in others)]


SPELLINGS = [
    str.upper,
    lambda text: f"{text[:10]} {text[10:]}",
    lambda text: f" {text}",
    lambda text: f"{text}\n",
    lambda text: text[:-2],
    lambda text: f"{text}00",
]


@UNMEASURED
@pytest.mark.parametrize(
    "change",
    [
        *({"hashes": hashes_spelled(spell)} for spell in SPELLINGS),
        {"hashes": "".join(hashes_spelled(str))},
        {"hashes": dict.fromkeys(hashes_spelled(str))},
        {"schema": "audit-console/proof/2"},
        {"schema": ["audit-console/proof/1"]},
        {"schema": "other"},
        {"line": 7},
        {"line": "\ud800"},
        {"hashes": [7]},
        {"hashes": ["xy"]},
        {"index": True},
        {"index": "7"},
        {"covers": "all"},
        {"size": 21},
        {"chain": "other"},
        {"checkpoint": "x"},
        {"checkpoint": None},
    ],
)
def test_what_is_no_proof(change: dict[str, object]) -> None:
    text = encode_proof(prove(source_of(WHOLE), CHAINED[7].id, TRUST))
    changed = json.dumps(json.loads(text) | change)
    assert isinstance(decode_proof(changed), Malformed)
    assert script_accepts(text)
    assert not script_accepts(changed)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 5000])
def test_rubbish_is_no_proof(text: str) -> None:
    assert isinstance(decode_proof(text), Malformed)
    assert not script_accepts(text)


def test_what_is_no_text_is_told_in_words() -> None:
    assert decode_proof("") == Malformed("not a proof: no JSON in UTF-8")
    text = encode_proof(prove(source_of(WHOLE), CHAINED[7].id, TRUST))
    half = json.dumps(json.loads(text) | {"line": "\ud800"})
    assert decode_proof(half) == Malformed("not a proof: half a character stands in it")


def test_an_event_is_proven_at_its_own_place_only() -> None:
    proof = prove(source_of(WHOLE), CHAINED[7].id, TRUST)
    for other in (
        replace(proof, index=6),
        replace(proof, hashes=proof.hashes[:-1]),
        replace(proof, covers="line"),
        replace(proof, line=WHOLE[6].decode()),
        replace(proof, line="{}"),
    ):
        assert not other.holds
    assert proof.signed.checkpoint.origin == CHAIN
