"""What a log ends with: the head of its chain, and what a crash left behind it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from audit_console.core.beside import is_whole
from audit_console.core.codec import MAX_SEQ, decode_bytes
from audit_console.core.event import AuditEvent, Scheme
from audit_console.core.hashing import event_hash
from audit_console.core.safe_text import safe_text
from audit_console.core.sealing import Head
from audit_console.disk import sync_folder, sync_to_disk
from audit_console.errors import ChainBroken
from audit_console.writer.files import append, open_anew

BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Tail:
    """The last whole line of a file, and what stands behind it without a line end."""

    line: bytes | None
    rest: bytes


def read_tail(file: FileIO) -> Tail:
    """Read a file from its end, no further back than its last whole line begins."""
    begin = file.seek(0, os.SEEK_END)
    data = b""
    while begin and data.count(b"\n") < 2:
        length = min(BLOCK, begin)
        begin -= length
        file.seek(begin)
        data = file.read(length) + data
    whole, end, rest = data.rpartition(b"\n")
    return Tail(whole.rpartition(b"\n")[2] if end else None, rest)


def first_seq(file: FileIO, path: Path) -> int:
    """Read the seq of a file's first event.

    Raises:
        ChainBroken: its first line is no event of format v1.
    """
    file.seek(0)
    data = b""
    while b"\n" not in data and (block := file.read(BLOCK)):
        data += block
    event = decode_bytes(data.partition(b"\n")[0])
    if not isinstance(event, AuditEvent) or event.seq is None:
        raise broken(path, "its first line is no event of format v1")
    return event.seq


def head_of(line: bytes, chain: str, path: Path) -> Head:
    """Check the last line of a log and tell what the next event is put behind.

    Raises:
        ChainBroken: it is not an event of this chain with its own hash right.
    """
    event = decode_bytes(line)
    if not isinstance(event, AuditEvent):
        raise broken(path, f"its last line is not an event: {event.reason}")
    if event.scheme is not Scheme.V1:
        raise broken(path, "its last line is no event of format v1")
    if event.chain != chain:
        raise broken(path, f"it holds the chain {safe_text(event.chain or '')}, not {chain}")
    if event_hash(event) != event.event_hash:
        raise broken(path, "the content of its last event differs from its hash")
    seq = event.seq or 0
    if seq == MAX_SEQ:
        raise broken(path, "no number is left for a further event")
    return Head(chain, seq, event.event_hash or "", event.recorded_at or "")


def mend(file: FileIO, rest: bytes, chain: str, path: Path) -> Head | None:
    """Deal with what a crash left behind the last line end.

    Half a line is moved to a file of its own, beside the log. An event that lacks nothing
    but its line end gets it, and its head is given back.

    Raises:
        ChainBroken: it is such an event, and does not verify.
    """
    if isinstance(decode_bytes(rest), AuditEvent):
        head = head_of(rest, chain, path)
        append(file, b"\n", durable=True)
        return head
    _set_aside(file, rest, path)
    return None


def set_half_line_aside(file: FileIO, path: Path) -> None:
    """Move what a crash left behind the last line end of a small file to a file of its own.

    A line that lacks nothing but its end stays.
    """
    rest = read_tail(file).rest
    if rest and not is_whole(rest.decode(errors="backslashreplace")):
        _set_aside(file, rest, path)


def _set_aside(file: FileIO, rest: bytes, path: Path) -> None:
    _keep(path, rest)
    file.truncate(file.seek(0, os.SEEK_END) - len(rest))
    sync_to_disk(file.fileno())


def _keep(path: Path, rest: bytes) -> None:
    moment = int(time.time())
    while (torn := path.with_name(f"{path.stem}.torn.{moment}")).exists():
        moment += 1
    try:
        with open_anew(torn) as file:
            append(file, rest, durable=True)
    except OSError:
        torn.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def broken(path: Path, reason: str, *, hint: str = "") -> ChainBroken:
    """Say why nothing can be put behind the end of a log."""
    return ChainBroken(
        f"{path}: {reason}; nothing is written after it",
        hint=hint or "verify the log, keep it as evidence, and begin a new one elsewhere",
    )
