"""Keys: made, kept to their owner, and true to the vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit_console.core.checkpoints import SignedCheckpoint, decode_stored_checkpoint
from audit_console.core.notes import KeyType, Note, NoteSignature, decode_note, parse_vkey
from audit_console.errors import KeyFileError, UsageError
from audit_console.signing import SigningKey, cosigned_at, is_signed, load_key, new_key
from tests.core.test_notes import PUBLISHED, PUBLISHED_VKEY
from tests.support.disk import fill_disk
from tests.support.places import V1_VECTORS

EXPECTED = json.loads((V1_VECTORS.parent / "expected.json").read_text("utf-8"))
STORED = (V1_VECTORS.parent / "audit.checkpoints.jsonl").read_text("utf-8").splitlines()


def vector_keys() -> tuple[SigningKey, SigningKey]:
    log = SigningKey("audit.example.org/prod", KeyType.LOG, bytes.fromhex(EXPECTED["log_seed_hex"]))
    witness = SigningKey(
        "console.example.org/auditor",
        KeyType.WITNESS,
        bytes.fromhex(EXPECTED["witness_seed_hex"]),
    )
    return log, witness


def test_the_keys_of_the_vectors() -> None:
    log, witness = vector_keys()
    assert str(log.verifier) == EXPECTED["log_vkey"]
    assert str(witness.verifier) == EXPECTED["witness_vkey"]


@pytest.mark.parametrize("line", STORED)
def test_the_signatures_of_the_vectors_hold_and_come_out_again(line: str) -> None:
    log, witness = vector_keys()
    read = decode_stored_checkpoint(line)
    assert isinstance(read, SignedCheckpoint)
    signed, cosigned = read.note.signatures
    text = read.note.text
    assert is_signed(log.verifier, text, signed)
    seconds = cosigned_at(witness.verifier, text, cosigned)
    assert seconds is not None
    assert (log.sign(text), witness.cosign(text, seconds)) == (signed, cosigned)
    assert not is_signed(log.verifier, f"{text}x\n", signed)
    assert cosigned_at(witness.verifier, f"{text}x\n", cosigned) is None


def test_the_published_note_verifies() -> None:
    note = decode_note(PUBLISHED)
    assert isinstance(note, Note)
    assert is_signed(parse_vkey(PUBLISHED_VKEY), note.text, note.signatures[0])


@pytest.mark.parametrize("signature", [b"", b"x" * 63, b"x" * 64, b"\xff" * 72, b"x" * 72])
def test_a_signature_of_another_shape_is_none(signature: bytes) -> None:
    log, witness = vector_keys()
    made = NoteSignature("a", b"0000", signature)
    assert not is_signed(log.verifier, "text\n", made)
    assert cosigned_at(witness.verifier, "text\n", made) is None


@pytest.mark.parametrize("key_type", KeyType)
def test_a_stored_key_is_the_same_and_private(tmp_path: Path, key_type: KeyType) -> None:
    path = tmp_path / "keys" / "my.key"
    made = new_key("console.example.org/me", key_type)
    made.store(path)
    assert path.stat().st_mode & 0o777 == 0o600
    loaded = load_key(path, key_type)
    assert loaded.verifier == made.verifier
    assert loaded.sign("text\n") == made.sign("text\n")
    secret = path.read_text("utf-8").split("+", 4)[4].strip()
    assert secret not in f"{made} {made!r} {vars(made.verifier.__class__)}"


def test_a_key_that_finds_no_room_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my.key"
    key = new_key("console.example.org/me", KeyType.WITNESS)
    with monkeypatch.context() as disk:
        fill_disk(disk)
        with pytest.raises(KeyFileError, match="No space left"):
            key.store(path)
    assert not path.exists()
    key.store(path)
    assert load_key(path).verifier == key.verifier


def test_a_key_is_on_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("audit_console.signing.sync_folder", synced.append)
    new_key("console.example.org/me", KeyType.WITNESS).store(tmp_path / "my.key")
    assert synced == [tmp_path]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    new_key("a", KeyType.LOG).store(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="exists"):
        new_key("a", KeyType.LOG).store(path)
    assert path.read_bytes() == before


def test_a_key_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError, match="cannot write"):
        new_key("a", KeyType.LOG).store(tmp_path / "file" / "folder" / "my.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "my.key"
    new_key("a", KeyType.LOG).store(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="others may use") as refused:
        load_key(path)
    assert "chmod 600" in refused.value.hint


def test_a_key_of_the_other_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    new_key("a", KeyType.LOG).store(path)
    with pytest.raises(KeyFileError, match="is not the key of a witness"):
        load_key(path, KeyType.WITNESS)


def test_an_error_never_says_what_is_in_a_key_file(tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    new_key("a", KeyType.LOG).store(path)
    good = path.read_text("utf-8")
    secret = good.split("+", 4)[4].strip()
    for text in (
        good.replace("PRIVATE", "PUBLIC"),
        good.replace("+a+", "+b+"),
        good.replace("+a+", "+"),
        good.replace("+a+", "++"),
        good.replace(secret, secret[:-4]),
        good.replace(secret, "Ag" + secret[2:]),
        f"{good}{good}",
        "",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(KeyFileError) as refused:
            load_key(path)
        assert secret not in f"{refused.value} {refused.value.hint}"
        assert refused.value.__cause__ is None
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KeyFileError, match="no key file"):
        load_key(path)
    with pytest.raises(KeyFileError, match="No such file"):
        load_key(tmp_path / "none")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_a_signature_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        new_key(name, KeyType.LOG)
