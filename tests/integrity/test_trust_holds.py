"""No change, whatever it is, makes a sealed log pass; no size, however large, takes long."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from audit_console.core.checkpoints import (
    Checkpoint,
    SignedCheckpoint,
    decode_stored_checkpoint,
    encode_stored_checkpoint,
)
from audit_console.core.codec import decode_bytes, encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code, Verdict
from audit_console.core.hashing import as_hashed
from audit_console.core.notes import MAX_SIGNATURES
from audit_console.core.policy import parse_policy
from audit_console.errors import NotAnAuditLog
from audit_console.integrity.trust import Trust
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from tests.support.chains import branch, rehashed, v1_chain, v1_lines
from tests.support.effort import UNMEASURED, effort, every
from tests.support.judging import verify_archive
from tests.support.places import V1_VECTORS, lines_of, text_of
from tests.support.stores import Store
from tests.support.tampers import event_of
from tests.support.trusting import leaves, log_key, note, stored, trust_in

FOLDER = V1_VECTORS.parent
VECTORS = Trust(parse_policy((FOLDER / "policy.txt").read_text("utf-8")))
STORED = (FOLDER / "audit.checkpoints.jsonl").read_bytes()
VECTOR_CHAIN = "audit.example.org/prod"
BITS = [1 << bit for bit in range(8)]
MASKS = [0x01, 0x02, 0x04, 0x08, 0x10, 0x40, 0x80, 0xFF]


def flipped(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def notes_in(data: bytes) -> list[str]:
    lines = data.decode(errors="backslashreplace").split("\n")
    return [line for line in lines if line.strip()]


def trusted(notes: Sequence[str]) -> bool:
    heads = VECTORS.vouchers(notes).heads.values()
    return any(head.trusted for group in heads for head in group)


def passes(lines: Sequence[bytes], notes: Sequence[str], trust: Trust = VECTORS) -> bool:
    source = MemorySource(lines, checkpoints=notes)
    return verify(source, trust=trust, roots=False).verdict is Verdict.PASS


def is_respelled(line: bytes, one: bytes) -> bool:
    """Whether JSON only spells the same event in another way, and its hash tells so."""
    read = decode_bytes(line)
    hashed = as_hashed(read) if isinstance(read, AuditEvent) else None
    return line != one and hashed is not None and encode_line(hashed).encode() == one


def other_spellings(line: bytes, masks: Iterable[int]) -> list[bytes]:
    """Flip every byte of a line; give what the flips that leave its hash right made of it."""
    changed = (flipped(line, at, mask) for at in range(len(line)) for mask in masks)
    return [one for one in changed if is_respelled(one, line)]


@UNMEASURED
@pytest.mark.parametrize("number", [3, 5, 6])
def test_flips_that_leave_an_event_as_it_is_spell_it_differently(number: int) -> None:
    line = lines_of(V1_VECTORS)[number]
    letters = re.compile(rb"(?<=\\u001)b|(?<=1)e(?=\+21)")
    expected = [flipped(line, found.start(), 0x20) for found in letters.finditer(line)]
    assert expected
    assert other_spellings(line, BITS) == expected


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
@pytest.mark.parametrize("store", ["archive", "memory"], indirect=True)
def test_a_flipped_byte_passes_only_as_another_spelling_that_is_told(store: Store) -> None:
    """The log of eight events has escapes and a float; its last newline is flipped too."""
    lines = lines_of(V1_VECTORS)[:8]
    events = [event_of(line) for line in lines]
    notes = [stored(leaves(events), 8, origin=VECTOR_CHAIN)]
    trust = trust_in([log_key(VECTOR_CHAIN)])
    text = text_of(lines)
    letters = [found.start() for found in re.finditer(rb"(?<=\\u001)b", text)]
    trailing = len(text) - 1
    for at, mask in [
        *((at, BITS[at % len(BITS)]) for at in every(173, 0, len(text))),
        *((at, 0x20) for at in letters),
        (trailing, ord("\n") ^ ord(" ")),
    ]:
        changed = flipped(text, at, mask).split(b"\n")
        with closing(store(changed if changed[-1] else changed[:-1], notes)) as source:
            found = verify(source, trust=trust, roots=False)
        same = [is_respelled(one, line) for one, line in zip(changed, lines, strict=False)]
        assert (found.verdict is Verdict.PASS) == any(same), (at, mask)
        assert found.counts.get(Code.NONCANONICAL, 0) == sum(same), (at, mask)


@UNMEASURED
def test_no_flipped_byte_of_a_checkpoint_is_accepted() -> None:
    one = STORED.split(b"\n")[0]
    assert trusted([one.decode()])
    for at in range(len(one)):
        for mask in BITS:
            changed = flipped(one, at, mask).decode(errors="backslashreplace")
            assert not trusted([changed]), (at, mask)


@UNMEASURED
def test_no_byte_of_the_checkpoints_can_be_flipped() -> None:
    lines = lines_of(V1_VECTORS)[:128]
    notes = STORED[: STORED.index(b"\n", STORED.index(b"\n") + 1) + 1]
    assert passes(lines, notes_in(notes))
    for at in every(13, 0, len(notes)):
        mask = MASKS[at % len(MASKS)]
        assert not passes(lines, notes_in(flipped(notes, at, mask))), (at, mask)


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_a_flipped_byte_of_the_whole_log_does_not_pass(tmp_path: Path) -> None:
    text = V1_VECTORS.read_bytes()
    (tmp_path / "audit.checkpoints.jsonl").write_bytes(STORED)
    for at in every(4_001, 0, len(text)):
        mask = MASKS[at % len(MASKS)]
        changed = flipped(text, at, mask)
        (tmp_path / "audit.jsonl").write_bytes(changed)
        source = open_archive([str(tmp_path / "audit.jsonl")], keep=False)
        try:
            passed = verify(source, trust=VECTORS).verdict is Verdict.PASS
        finally:
            source.close()
        pairs = zip(changed.split(b"\n"), text.split(b"\n"), strict=False)
        assert passed == any(is_respelled(one, line) for one, line in pairs), (at, mask)


@UNMEASURED
def test_no_changed_note_is_accepted_and_none_crashes() -> None:
    one = notes_in(STORED)[0]
    rng = random.Random(500)
    others = [*'\\n"— +=Az09{}', "\\u0000", "\n", "é", "\ud800", one[:40]]
    for _ in range(500):
        at, wide = rng.randrange(len(one)), rng.choice([0, 1, 1, 4])
        changed = one[:at] + rng.choice(others) + one[at + wide :]
        assert not trusted([changed]) or _is_the_same(changed, one), changed


def _is_the_same(changed: str, one: str) -> bool:
    """Whether JSON only spells the same note in another way."""
    read = decode_stored_checkpoint(changed)
    return isinstance(read, SignedCheckpoint) and read == decode_stored_checkpoint(one)


COUNT = 10
CHAIN = v1_chain(COUNT)
WHOLE = v1_lines(CHAIN)
NOTES = [stored(leaves(CHAIN), size) for size in (3, 7, COUNT)]
TRUST = trust_in()
PLACES = st.integers(0, COUNT + 3)


class EditedLog(RuleBasedStateMachine):
    """A log that somebody edits at random, hashes computed again or not."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = list(WHOLE)

    @rule(first=PLACES, count=st.integers(1, 4))
    def remove(self, first: int, count: int) -> None:
        del self.lines[first : first + count]

    @rule(at=PLACES, to=PLACES)
    def copy(self, at: int, to: int) -> None:
        if at < len(self.lines):
            self.lines.insert(to, self.lines[at])

    @rule(one=PLACES, other=PLACES)
    def swap(self, one: int, other: int) -> None:
        if max(one, other) < len(self.lines):
            self.lines[one], self.lines[other] = self.lines[other], self.lines[one]

    @rule(first=PLACES)
    def rewrite_from(self, first: int) -> None:
        if first < COUNT:
            self.lines[first:] = v1_lines(branch(CHAIN, first, COUNT - 1))

    @rule(at=PLACES, seq=PLACES)
    def renumber(self, at: int, seq: int) -> None:
        if at < len(self.lines):
            event = rehashed(replace(event_of(self.lines[at]), seq=seq))
            self.lines[at] = v1_lines([event])[0]

    @rule()
    def prolong(self) -> None:
        self.lines += v1_lines(v1_chain(COUNT + 2))[COUNT:]

    @rule()
    def restore(self) -> None:
        self.lines = list(WHOLE)

    @invariant()
    def passes_only_with_every_sealed_event(self) -> None:
        if passes(self.lines, NOTES, TRUST):
            assert set(WHOLE) <= set(self.lines)


TestEditedLog = EditedLog.TestCase
TestEditedLog.settings = settings(effort(20), stateful_step_count=8)


def checked(lines: Sequence[bytes], notes: Sequence[str]) -> Verification:
    return verify(MemorySource(lines, checkpoints=notes), trust=TRUST)


def test_ten_megabytes_of_signatures_are_one_finding() -> None:
    line = note_text(NOTES[2]).rstrip("\n").split("\n")[-1]
    one = note_text(NOTES[2])
    huge = json.dumps({"note": f"{one}{(line + chr(10)) * 90_000}"})
    assert len(huge) > 10_000_000
    found = checked(WHOLE, [huge])
    assert found.counts == {Code.OVERSIZE: 1}


def test_as_many_signatures_as_may_be_are_read() -> None:
    one = note_text(NOTES[2])
    strangers = "".join(f"— stranger/{number} AAAAAAAA\n" for number in range(MAX_SIGNATURES - 2))
    found = checked(WHOLE, [json.dumps({"note": f"{one}{strangers}"})])
    assert found.verdict is Verdict.PASS


@UNMEASURED
def test_many_findings_are_counted_and_few_are_listed() -> None:
    found = checked(WHOLE, ["{"] * 20_000)
    assert found.counts == {Code.MALFORMED: 20_000}
    assert len(found.findings) == 1_000


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_a_million_unreadable_lines_are_counted_and_few_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(WHOLE[0] + b"\n" + b"\xff\n" * 1_000_000 + WHOLE[2] + b"\n")
    found = verify_archive(path)
    assert found.counts == {Code.MALFORMED: 1_000_000, Code.NO_CHECKPOINT: 1}
    listed = [one.line for one in found.findings if one.code is Code.MALFORMED]
    assert listed == list(range(2, 1_002))
    assert found.verified == 2


@pytest.mark.parametrize("begin", [0, 1])
def test_many_events_that_fail_their_hashes_are_counted_and_few_are_listed(begin: int) -> None:
    count = 1_500
    chain = v1_chain(count)
    edited = [replace(event, action="edited") for event in chain[begin:]]
    found = verify(MemorySource(v1_lines([*chain[:begin], *edited])))
    assert found.counts[Code.EVENT_HASH_MISMATCH] == count - begin
    listed = [one.first_seq for one in found.findings if one.code is Code.EVENT_HASH_MISMATCH]
    assert listed == list(range(begin, begin + 1_000))
    assert (found.verified, found.failed) == (begin, count - begin)
    assert found.counts[Code.NO_CHECKPOINT] == 1


@UNMEASURED
@pytest.mark.usefixtures("parsers_stay")
def test_one_line_many_times_is_one_finding(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of([*WHOLE, *[WHOLE[0]] * 30_000]))
    assert verify_archive(path).counts == {Code.DUPLICATE_SEQ: 1, Code.NO_CHECKPOINT: 1}


@pytest.mark.parametrize("size", [9 * 10**18, (1 << 63) - 1, 1 << 63])
def test_a_far_size_is_not_walked(size: int) -> None:
    far = encode_stored_checkpoint(
        note(Checkpoint(log_key().verifier.name, size, bytes(32)), log=log_key())
    )
    found = checked(WHOLE, [*NOTES, far])
    assert found.counts == {Code.TAIL_TRUNCATED: 1}


def note_text(line: str) -> str:
    return str(json.loads(line)["note"])


def test_a_log_of_nothing_but_a_flipped_start_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(b"x" * 100 + b"\n")
    (tmp_path / "audit.checkpoints.jsonl").write_bytes(STORED)
    source = open_archive([str(tmp_path / "audit.jsonl")], keep=False)
    with pytest.raises(NotAnAuditLog):
        verify(source, trust=VECTORS)
    source.close()
