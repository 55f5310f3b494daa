"""C2SP signed notes: a text and who signed it. Reads and prints; checks no signature."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum

from audit_console.core.codec import Malformed
from audit_console.core.findings import Code

MAX_NOTE_BYTES = 64 << 10
MAX_SIGNATURES = 32
KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32

_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_KEY_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class KeyType(IntEnum):
    """What a key signs, as its type byte says."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 public key (32 bytes) with the name that signatures give it."""

    name: str
    key_type: KeyType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names the key."""
        named = f"{self.name}\n".encode() + bytes([self.key_type]) + self.public
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.key_type]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. What `signature` holds depends on the type of the key."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a newline, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))


def is_key_name(name: str) -> bool:
    """Tell whether a key may be called so: neither empty, nor with a space or plus."""
    return _KEY_NAME.fullmatch(name) is not None and not _CONTROL.search(name)


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key, `<name>+<key id>+<base64 of type and public key>`.

    Raises:
        ValueError: it is none, or of a type that is not known here.
    """
    match = _VKEY.fullmatch(text)
    material = None if match is None else strict_base64(match[3])
    if match is None or material is None or len(material) != 1 + PUBLIC_KEY_BYTES:
        raise ValueError("not a verifier key: <name>+<8 hex digits>+<base64 of 33 bytes>")
    if material[0] not in set(KeyType):
        raise ValueError(f"a key of type 0x{material[0]:02x}: only 0x01 and 0x04 are known")
    key = VerifierKey(match[1], KeyType(material[0]), material[1:])
    if key.key_id.hex() != match[2]:
        raise ValueError(f"the key id {match[2]} is not that of the key, {key.key_id.hex()}")
    return key


def decode_note(text: str) -> Note | Malformed:
    """Read a signed note; anything that would not be printed again the same is malformed."""
    if len(text) > MAX_NOTE_BYTES or len(text.encode(errors="replace")) > MAX_NOTE_BYTES:
        return Malformed(f"a note of more than {MAX_NOTE_BYTES >> 10} KiB", Code.OVERSIZE)
    body, separator, signed = text.rpartition("\n\n")
    if not separator or not body or not signed.endswith("\n"):
        return Malformed("not a signed note: text, an empty line, signatures")
    if _CONTROL.search(text) or not _is_utf8(text):
        return Malformed("a note with control characters or half characters")
    lines = signed.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        return Malformed(f"a note with more than {MAX_SIGNATURES} signatures", Code.OVERSIZE)
    signatures = [_signature(line) for line in lines]
    read = tuple(signature for signature in signatures if signature is not None)
    if len(read) < len(lines):
        return Malformed("a line that is no signature: — <key name> <base64>")
    return Note(f"{body}\n", read)


def _signature(line: str) -> NoteSignature | None:
    match = _SIGNATURE_LINE.fullmatch(line)
    content = None if match is None else strict_base64(match[2])
    if match is None or content is None or len(content) <= KEY_ID_BYTES:
        return None
    return NoteSignature(match[1], content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])


def strict_base64(text: str) -> bytes | None:
    """Read standard base64 in its one spelling; None for any other text."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return content if base64.b64encode(content).decode() == text else None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
