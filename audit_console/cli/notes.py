"""What the commands that sign have in common: who signs, and where the note goes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.output import write_stdout
from audit_console.cli.talk import say
from audit_console.cli.trusting import console_key_path, memory
from audit_console.errors import UsageError
from audit_console.search.output import check_target, write_file

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.checkpoints import Checkpoint
    from audit_console.core.notes import Note
    from audit_console.integrity.verification import Verification


def add_signing_options(parser: argparse.ArgumentParser, *, key_required: bool = False) -> None:
    """Let a command sign: as the log, as this console, into which file."""
    parser.add_argument(
        "--key", metavar="FILE", required=key_required, help="sign with this key of the log"
    )
    parser.add_argument(
        "--cosign",
        nargs="?",
        const="",
        metavar="FILE",
        help="cosign as this console, or with the key in FILE",
    )
    add_output_options(parser)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Let a command write a note to a file of its own."""
    parser.add_argument("-o", "--output", metavar="FILE", help="write the note to a new file")
    parser.add_argument("--force", action="store_true", help="let -o replace a file that exists")


def check_output(options: argparse.Namespace) -> None:
    """Refuse a file that must not be written, before the work is done.

    Raises:
        UsageError: the file exists, is a folder or is the log itself.
    """
    if options.output not in {None, "-"}:
        check_target(Path(options.output), force=options.force, places=options.sources)


def signed_note(checkpoint: Checkpoint, options: argparse.Namespace) -> Note:
    """Sign a checkpoint as the log, and as the console where that is asked for.

    Raises:
        KeyFileError: a key cannot be used.
        UsageError: the key is that of another log.
    """
    from audit_console.core.notes import KeyType, Note
    from audit_console.signing import load_key

    key = load_key(Path(options.key).expanduser(), KeyType.LOG)
    if key.verifier.name != checkpoint.origin:
        raise UsageError(
            f"{options.key} is the key of {key.verifier.name}",
            hint=f"the log is {checkpoint.origin}",
        )
    text = str(checkpoint)
    note = Note(text, (key.sign(text),))
    return note if options.cosign is None else cosigned(checkpoint, note, options.cosign)


def cosigned(checkpoint: Checkpoint, note: Note, key_file: str) -> Note:
    """Add the cosignature of this console, or of the witness whose key file is named.

    What is cosigned is remembered first: whatever contradicts it is never cosigned.

    Raises:
        KeyFileError: the key cannot be used.
        AuditConsoleError: the memory cannot be written.
    """
    from audit_console.core.anchors import Remembered
    from audit_console.core.notes import KeyType, Note
    from audit_console.signing import load_key

    path = Path(key_file).expanduser() if key_file else console_key_path()
    key = load_key(path, KeyType.WITNESS)
    now = datetime.now(UTC)
    if checkpoint.size:
        seen = Remembered(checkpoint.origin, checkpoint.size, checkpoint.root, now)
        memory().remember([seen])
    made = key.cosign(note.text, int(now.timestamp()))
    return Note(note.text, (*note.signatures, made))


def keep_note(note: Note, options: argparse.Namespace) -> None:
    """Write a note where it was asked for, else beside the log.

    Raises:
        AuditConsoleError: it cannot be written.
    """
    if options.output is not None:
        put_out([note], options.output)
        return
    from audit_console.core.checkpoints import encode_stored_checkpoint
    from audit_console.sources.archive.beside import append_beside
    from audit_console.sources.archive.files import CHECKPOINTS

    path = append_beside(options.sources, CHECKPOINTS, encode_stored_checkpoint(note))
    say(f"added to {path}. It helps only when a copy leaves this machine: checkpoint export")


def put_out(notes: Sequence[Note], output: str | None) -> None:
    """Print one note as its text, several as one stored line each."""
    from audit_console.core.checkpoints import encode_stored_checkpoint

    lines = [f"{encode_stored_checkpoint(note)}\n" for note in notes]
    chunks = [line.encode() for line in (lines if len(notes) > 1 else [str(notes[0])])]
    if output in {None, "-"}:
        write_stdout(chunks)
    else:
        write_file(Path(str(output)), chunks)


def require_sound(verification: Verification, tolerated: frozenset[str] = frozenset()) -> None:
    """Refuse to sign a log in which something is wrong.

    Args:
        verification: of the log.
        tolerated: codes of faults that a signature does not hide.

    Raises:
        UsageError: there are other faults, or the log was not read to its end.
    """
    from audit_console.core.findings import FindingClass

    faults = {
        found.code
        for found in verification.findings
        if found.finding_class is FindingClass.FAULT and found.code not in tolerated
    }
    if faults:
        raise UsageError(
            f"this log is not signed: {', '.join(sorted(faults))}",
            hint="audit-console verify says what is wrong",
        )
