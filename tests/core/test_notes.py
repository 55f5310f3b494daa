from __future__ import annotations

import random

import pytest

from audit_console.core.codec import Malformed
from audit_console.core.findings import Code
from audit_console.core.notes import (
    MAX_NOTE_BYTES,
    KeyType,
    Note,
    decode_note,
    is_key_name,
    parse_vkey,
)

PUBLISHED_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
)
SIGNATURE = "— a/b AAAAAAAA\n"


def test_the_published_example_is_read_and_printed_again() -> None:
    note = decode_note(PUBLISHED)
    assert isinstance(note, Note)
    assert note.text == "This is an example message.\n"
    assert str(note) == PUBLISHED
    (signature,) = note.signatures
    key = parse_vkey(PUBLISHED_VKEY)
    assert (signature.name, signature.key_id) == (key.name, key.key_id)
    assert len(signature.signature) == 64
    assert str(key) == PUBLISHED_VKEY
    assert key.key_type is KeyType.LOG


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = decode_note(f"one\n\ntwo\n\n{SIGNATURE}{SIGNATURE}")
    assert isinstance(note, Note)
    assert note.text == "one\n\ntwo\n"
    assert len(note.signatures) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a signed note"),
        ("text\n", "not a signed note"),
        (SIGNATURE, "not a signed note"),
        (f"\n\n{SIGNATURE}", "not a signed note"),
        (f"text\n\n{SIGNATURE[:-1]}", "not a signed note"),
        ("text\n\n\n", "not a signed note"),
        (f"text\n\n{SIGNATURE}x\n", "no signature"),
        (f"te\rxt\n\n{SIGNATURE}", "control characters"),
        (f"te\ud800xt\n\n{SIGNATURE}", "half characters"),
        ("text\n\n- a/b AAAAAAAA\n", "no signature"),
        ("text\n\n— a b AAAAAAAA\n", "no signature"),
        ("text\n\n— a+b AAAAAAAA\n", "no signature"),
        ("text\n\n— a\u2003b AAAAAAAA\n", "no signature"),
        ("text\n\n— a/b AAAA\n", "no signature"),
        ("text\n\n— a/b AAAAAAA\n", "no signature"),
        ("text\n\n— a/b AAAAAAB=\n", "no signature"),
    ],
)
def test_what_is_no_note(text: str, reason: str) -> None:
    note = decode_note(text)
    assert isinstance(note, Malformed)
    assert note.code is Code.MALFORMED
    assert reason in note.reason


@pytest.mark.parametrize(
    "text",
    [
        "x" * (MAX_NOTE_BYTES + 1),
        "é" * MAX_NOTE_BYTES,
        f"text\n\n{SIGNATURE * 33}",
        f"text\n\n{SIGNATURE * 700_000}",
    ],
)
def test_a_note_over_the_limits(text: str) -> None:
    note = decode_note(text)
    assert isinstance(note, Malformed)
    assert note.code is Code.OVERSIZE


def test_a_note_within_the_limits() -> None:
    assert isinstance(decode_note(f"text\n\n{SIGNATURE * 32}"), Note)


def test_a_changed_note_is_another_note_or_none() -> None:
    rng = random.Random(1)
    for _ in range(500):
        at, new = (
            rng.randrange(len(PUBLISHED)),
            chr(rng.choice([9, 10, 32, 43, 65, 0x2014, 0xD800])),
        )
        changed = PUBLISHED[:at] + new + PUBLISHED[at + rng.randrange(2) :]
        note = decode_note(changed)
        assert isinstance(note, Malformed) or str(note) == changed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a verifier key"),
        ("name", "not a verifier key"),
        (PUBLISHED_VKEY.replace("+", " "), "not a verifier key"),
        (PUBLISHED_VKEY[:-4], "not a verifier key"),
        (PUBLISHED_VKEY.replace("530d903a", "530D903A"), "not a verifier key"),
        (PUBLISHED_VKEY.replace("530d903a", "00000000"), "the key id 00000000 is not that"),
        (PUBLISHED_VKEY.replace("foo", "bar"), "the key id 530d903a is not that"),
        (PUBLISHED_VKEY.replace("AekyeR", "AukyeR"), "a key of type 0x02"),
    ],
)
def test_what_is_no_verifier_key(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_vkey(text)


@pytest.mark.parametrize(
    ("name", "good"), [("example.org/a", True), ("", False), ("a b", False), ("a+b", False)]
)
def test_names_of_keys(name: str, good: bool) -> None:
    assert is_key_name(name) is good
