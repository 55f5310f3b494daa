from __future__ import annotations

import base64
import json

import pytest

from audit_console.core.checkpoints import (
    Checkpoint,
    SignedCheckpoint,
    decode_checkpoint,
    decode_stored_checkpoint,
    encode_stored_checkpoint,
)
from audit_console.core.codec import Malformed
from audit_console.core.findings import Code
from tests.support.places import V1_VECTORS

ROOT = bytes(range(32))
TEXT = str(Checkpoint("example.org/log", 7, ROOT))
SIGNED = f"{TEXT}\n— a/b AAAAAAAA\n"


def test_the_checkpoints_of_the_vectors() -> None:
    expected = json.loads((V1_VECTORS.parent / "expected.json").read_text("utf-8"))
    stored = (V1_VECTORS.parent / "audit.checkpoints.jsonl").read_text("utf-8").splitlines()
    read = [decode_stored_checkpoint(line) for line in stored]
    for line, one in zip(stored, read, strict=True):
        assert isinstance(one, SignedCheckpoint)
        size = str(one.checkpoint.size)
        assert base64.b64encode(one.checkpoint.root).decode() == expected["root_base64"][size]
        assert str(one.checkpoint) == one.note.text
        assert json.loads(encode_stored_checkpoint(one.note)) == json.loads(line)


def test_lines_behind_the_tree_head_are_kept() -> None:
    checkpoint = Checkpoint("example.org/log", 0, ROOT, ("one", "two"))
    assert decode_checkpoint(str(checkpoint)) == checkpoint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "origin, size and tree head"),
        ("example.org/log\n7\n", "origin, size and tree head"),
        (f"\n7\n{TEXT.splitlines()[2]}\n", "origin, size and tree head"),
        (f"{TEXT}\nx\n", "origin, size and tree head"),
        (TEXT.replace("7", "07"), "the size"),
        (TEXT.replace("7", "-7"), "the size"),
        (TEXT.replace("7", "7 "), "the size"),
        (TEXT.replace("7", "\u0667"), "the size"),
        (TEXT.replace("7", "9223372036854775809"), "the size"),
        (TEXT.replace("7", "9" * 5000), "the size"),
        (TEXT.replace("=", ""), "the tree head"),
        ("example.org/log\n7\nAAAA\n", "the tree head"),
    ],
)
def test_what_is_no_checkpoint(text: str, reason: str) -> None:
    read = decode_checkpoint(text)
    assert isinstance(read, Malformed)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", Code.MALFORMED),
        ("{}", Code.MALFORMED),
        ('{"note":7}', Code.MALFORMED),
        ('{"note":"x"}', Code.MALFORMED),
        (json.dumps({"note": "text\n\n— a/b AAAAAAAA\n"}), Code.MALFORMED),
        (json.dumps({"note": SIGNED, "size": 9}), Code.MALFORMED),
        ('{"note":' + "[" * 5000, Code.MALFORMED),
        ('{"note":"' + "x" * 10_000_000, Code.OVERSIZE),
        (json.dumps({"note": SIGNED + "— a/b AAAAAAAA\n" * 40}), Code.OVERSIZE),
        ("text", Code.MALFORMED),
    ],
)
def test_what_is_no_stored_checkpoint(line: str, code: Code) -> None:
    read = decode_stored_checkpoint(line)
    assert isinstance(read, Malformed)
    assert read.code is code


def test_a_note_is_read_with_or_without_its_object() -> None:
    read = decode_stored_checkpoint(SIGNED)
    assert isinstance(read, SignedCheckpoint)
    assert decode_stored_checkpoint(encode_stored_checkpoint(read.note)) == read
