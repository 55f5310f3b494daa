"""Ed25519 keys in files, what they sign, and whether a signature holds.

The one module that knows `cryptography`. A private key is never printed: what a
`SigningKey` shows of itself is its public half.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
import struct
from pathlib import Path
from typing import TextIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit_console.core.checkpoints import Checkpoint, SignedCheckpoint
from audit_console.core.notes import (
    KeyType,
    Note,
    NoteSignature,
    VerifierKey,
    is_key_name,
    strict_base64,
)
from audit_console.disk import sync_folder, sync_to_disk
from audit_console.errors import KeyFileError, UsageError

SEED_BYTES = 32
MAX_TIME = (1 << 63) - 1

_PREFIX = "PRIVATE+KEY+"
_MAX_FILE_BYTES = 4096
_SIGNATURE_BYTES = 64
_COSIGNATURE = struct.Struct(f">Q{_SIGNATURE_BYTES}s")
_HINT = "make one with: audit-console keys new NAME, or that of a log with --log"


class SigningKey:
    """A private key: of a log, which signs notes, or of a witness, which cosigns them."""

    def __init__(self, name: str, key_type: KeyType, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, key_type, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier})"

    def sign(self, text: str) -> NoteSignature:
        """Sign the text of a note as a log."""
        return self._signature(self._private.sign(text.encode()))

    def sign_checkpoint(self, size: int, root: bytes) -> SignedCheckpoint:
        """Sign the tree head (32 bytes) over the first `size` leaves of the log of this name."""
        checkpoint = Checkpoint(self.verifier.name, size, root)
        text = str(checkpoint)
        return SignedCheckpoint(checkpoint, Note(text, (self.sign(text),)))

    def cosign(self, text: str, seconds: int) -> NoteSignature:
        """Cosign the text of a note as a witness, at a POSIX time."""
        signed = self._private.sign(cosigned_message(text, seconds))
        return self._signature(_COSIGNATURE.pack(seconds, signed))

    def store(self, path: Path) -> None:
        """Write the key to a new file that only its owner may read.

        Raises:
            KeyFileError: the file exists, or cannot be written.
        """
        encoded = base64.b64encode(bytes([self.verifier.key_type]) + self._seed).decode()
        line = f"{_PREFIX}{self.verifier.name}+{self.verifier.key_id.hex()}+{encoded}\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(path, "x", encoding="utf-8", opener=_private) as file:
                _write_whole(file, path, line)
        except FileExistsError:
            raise KeyFileError(
                f"{path} exists", hint="a key is never replaced: name another file"
            ) from None
        except OSError as error:
            raise KeyFileError(
                f"cannot write {path}: {error.strerror}", hint="name a file that can be written"
            ) from None

    def _signature(self, signed: bytes) -> NoteSignature:
        return NoteSignature(self.verifier.name, self.verifier.key_id, signed)


def new_key(name: str, key_type: KeyType) -> SigningKey:
    """Make a key out of the system's randomness.

    Raises:
        UsageError: the name cannot be that of a key.
    """
    if not is_key_name(name):
        raise UsageError(
            f"{name!r} cannot be the name of a key",
            hint="use a URL without scheme, space or plus: console.example.org/alice",
        )
    return SigningKey(name, key_type, secrets.token_bytes(SEED_BYTES))


def load_key(path: Path, wanted: KeyType | None = None) -> SigningKey:
    """Read a key file.

    Args:
        path: where it is.
        wanted: refuse keys of another type.

    Raises:
        KeyFileError: there is none, others may read it, or it is of the wrong type.
    """
    key = _decode_key(path, _read_private(path))
    if wanted is not None and key.verifier.key_type is not wanted:
        kinds = {KeyType.LOG: "a log", KeyType.WITNESS: "a witness"}
        raise KeyFileError(f"{path} is not the key of {kinds[wanted]}", hint=_HINT)
    return key


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES).decode()
            mode = os.fstat(file.fileno()).st_mode
            if text.startswith(_PREFIX) and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyFileError(
                    f"others may use {path}", hint=f"keep them out with: chmod 600 {path}"
                )
            return text
    except UnicodeDecodeError:
        raise KeyFileError(f"{path} is no key file", hint=_HINT) from None
    except FileNotFoundError as error:
        raise KeyFileError(f"{path}: {error.strerror}", hint=_HINT) from None
    except OSError as error:
        hint = "name a key file that you may read"
        raise KeyFileError(f"{path}: {error.strerror}", hint=hint) from None


def _decode_key(path: Path, text: str) -> SigningKey:
    """Read the one line of a key file; an error never says what stands in it."""
    parts = text.removesuffix("\n").removeprefix(_PREFIX).split("+", 2)
    content = strict_base64(parts[-1])
    valid = (
        text.startswith(_PREFIX)
        and len(parts) == 3
        and content is not None
        and len(content) == 1 + SEED_BYTES
        and content[0] in set(KeyType)
    )
    if not valid or content is None:
        raise KeyFileError(f"{path} is no key file", hint=_HINT)
    key = SigningKey(parts[0], KeyType(content[0]), content[1:])
    if not is_key_name(parts[0]) or key.verifier.key_id.hex() != parts[1]:
        raise KeyFileError(f"{path} is a damaged key file", hint=_HINT)
    return key


def is_signed(key: VerifierKey, text: str, signature: NoteSignature) -> bool:
    """Tell whether the key of a log signed the text of a note."""
    return _holds(key, signature.signature, text.encode())


def cosigned_at(key: VerifierKey, text: str, signature: NoteSignature) -> int | None:
    """Tell when a witness cosigned the text, in POSIX seconds; None where it did not."""
    if len(signature.signature) != _COSIGNATURE.size:
        return None
    seconds, signed = _COSIGNATURE.unpack(signature.signature)
    if seconds > MAX_TIME or not _holds(key, signed, cosigned_message(text, seconds)):
        return None
    return int(seconds)


def cosigned_message(text: str, seconds: int) -> bytes:
    """Give the bytes that a cosignature of type 0x04 signs."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _holds(key: VerifierKey, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _write_whole(file: TextIO, path: Path, line: str) -> None:
    """Write a new file, or leave none: half a key would keep its name from a whole one."""
    try:
        file.write(line)
        file.flush()
        sync_to_disk(file.fileno())
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
