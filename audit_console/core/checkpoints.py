"""C2SP tlog-checkpoints: what a log says of its own size and tree head."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from audit_console.core.codec import MAX_SEQ, Malformed
from audit_console.core.findings import Code
from audit_console.core.merkle import HASH_BYTES, root_text
from audit_console.core.notes import MAX_NOTE_BYTES, Note, decode_note, strict_base64

MAX_STORED_CHARACTERS = 6 * MAX_NOTE_BYTES + 64
"""A stored note of the largest size in which JSON escapes every character."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree head (32 bytes) over the first `size` leaves of the log `origin`.

    `extension` are further lines, signed like the rest and without a meaning here.
    """

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join((self.origin, str(self.size), self.root_text, *self.extension, ""))

    @property
    def root_text(self) -> str:
        """The tree head as a checkpoint prints it."""
        return root_text(self.root)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the note in which it is signed."""

    checkpoint: Checkpoint
    note: Note


def decode_checkpoint(text: str) -> Checkpoint | Malformed:
    """Read the text of a note as a checkpoint."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        return Malformed("not a checkpoint: origin, size and tree head, a line each")
    origin, size, encoded, *extension = lines
    root = strict_base64(encoded)
    if not _SIZE.fullmatch(size) or int(size) > MAX_SEQ + 1:
        return Malformed("the size of a checkpoint is no number of events")
    if root is None or len(root) != HASH_BYTES:
        return Malformed("the tree head of a checkpoint is not the base64 of 32 bytes")
    return Checkpoint(origin, int(size), root, tuple(extension))


def decode_signed_checkpoint(text: str) -> SignedCheckpoint | Malformed:
    """Read a note that is a checkpoint."""
    note = decode_note(text)
    if isinstance(note, Malformed):
        return note
    checkpoint = decode_checkpoint(note.text)
    if isinstance(checkpoint, Malformed):
        return checkpoint
    return SignedCheckpoint(checkpoint, note)


def decode_stored_checkpoint(line: str) -> SignedCheckpoint | Malformed:
    """Read a checkpoint as it is stored beside a log: `{"note":"…"}`, or the note alone."""
    if not line.startswith("{"):
        return decode_signed_checkpoint(line)
    if len(line) > MAX_STORED_CHARACTERS:
        return Malformed("a stored checkpoint is too long", Code.OVERSIZE)
    try:
        stored = json.loads(line)
    except (ValueError, RecursionError):
        return Malformed("a stored checkpoint is no JSON")
    if not isinstance(stored, dict) or list(stored) != ["note"]:
        return Malformed('a stored checkpoint is not {"note":"…"}')
    note = stored["note"]
    return (
        decode_signed_checkpoint(note)
        if isinstance(note, str)
        else Malformed("a stored note is no text")
    )


def encode_stored_checkpoint(note: Note) -> str:
    """Print a checkpoint as it is stored beside a log, without a newline."""
    return json.dumps({"note": str(note)}, ensure_ascii=False, separators=(",", ":"))
