"""What the commands that sign have in common: who signs, and where the note goes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.arguments import add_output_options
from audit_console.cli.opening import names_database
from audit_console.cli.output import checked_target, put_out, target_of
from audit_console.cli.talk import say
from audit_console.cli.trusting import console_key_path, memory
from audit_console.config import user_path
from audit_console.core.beside import CHECKPOINTS
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.checkpoints import SignedCheckpoint
    from audit_console.core.notes import Note
    from audit_console.integrity.trust import Trust
    from audit_console.integrity.verification import Verification
    from audit_console.signing import SigningKey


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
        help="cosign as this console, or with the key in FILE; without FILE, write it last",
    )
    add_output_options(parser, "write the note to a new file (default: add it beside the log)")


def check_place(options: argparse.Namespace) -> None:
    """Refuse a log that no note can be kept of, before the work is done; see `keep_note`.

    Raises:
        AuditConsoleError: a note could not be written where it was asked for, else beside the log.
    """
    if options.output is not None:
        checked_target(options, options.sources)
    elif names_database(options.sources):
        from audit_console.writer.pruning.postgres_log import opened

        with opened(options.sources[0], "") as log:
            log.require_may_sign()
    else:
        from audit_console.sources.archive.beside import path_beside

        path_beside(options.sources, CHECKPOINTS)


def log_key(file: str) -> SigningKey:
    """Read the key with which a log is signed; its name is that of the log.

    Raises:
        KeyFileError: the key cannot be used.
    """
    from audit_console.core.notes import KeyType
    from audit_console.signing import load_key

    return load_key(user_path(file), KeyType.LOG)


def cosigned(signed: SignedCheckpoint, key_file: str, trust: Trust) -> SignedCheckpoint:
    """Add the cosignature of this console, or of the witness whose key file is named.

    What is cosigned is remembered first: whatever contradicts it is never cosigned.

    Args:
        signed: the checkpoint of a log that was verified.
        key_file: of the witness, empty for that of this console.
        trust: what the log was held to.

    Raises:
        KeyFileError: the key cannot be used.
        AuditConsoleError: the memory cannot be written, or is no longer that of `trust`.
    """
    from audit_console.core.checkpoints import SignedCheckpoint
    from audit_console.core.notes import KeyType, Note
    from audit_console.core.vouchers import Remembered
    from audit_console.signing import load_key

    path = user_path(key_file) if key_file else console_key_path()
    key = load_key(path, KeyType.WITNESS)
    now, checkpoint, note = datetime.now(UTC), signed.checkpoint, signed.note
    if checkpoint.size:
        seen = Remembered(checkpoint.origin, checkpoint.size, checkpoint.root, now)
        memory().witness(seen, trust.remembered.get(checkpoint.origin))
    made = key.cosign(note.text, int(now.timestamp()))
    return SignedCheckpoint(checkpoint, Note(note.text, (*note.signatures, made)))


def keep_note(signed: SignedCheckpoint, options: argparse.Namespace) -> None:
    """Write a note where it was asked for, else beside the log: of a table, into its database.

    Raises:
        AuditConsoleError: it cannot be written.
    """
    if options.output is not None:
        put_out_notes([signed.note], target_of(options.output), force=options.force)
        return
    keep = _keep_in_table if names_database(options.sources) else _keep_in_file
    place = keep(signed, options.sources)
    say(
        f"added to {place}. It helps only when a copy leaves this machine: "
        "audit-console checkpoint export"
    )


def _keep_in_table(signed: SignedCheckpoint, places: Sequence[str]) -> str:
    from audit_console.database import label_of
    from audit_console.writer.pruning.postgres_log import opened

    checkpoint = signed.checkpoint
    with opened(places[0], checkpoint.origin) as log:
        log.add_checkpoint(checkpoint.size, signed.note)
    return f"audit_checkpoints of {label_of(places[0])}"


def _keep_in_file(signed: SignedCheckpoint, places: Sequence[str]) -> str:
    """Add a note as a writer that signs does, and while none adds one: nothing is lost."""
    from audit_console.core.checkpoints import encode_stored_checkpoint
    from audit_console.sources.archive.beside import path_beside
    from audit_console.writer.archive import LOCK_SECONDS
    from audit_console.writer.files import unavailable
    from audit_console.writer.pruning.archive_files import open_plain
    from audit_console.writer.pruning.archive_log import ArchiveLog

    path = path_beside(places, CHECKPOINTS)
    grows = path.with_name(path.name.removesuffix(CHECKPOINTS) + ".jsonl")
    log = ArchiveLog(grows, signed.checkpoint.origin, open_plain, LOCK_SECONDS)
    with unavailable(path), log.locked():
        log.add_record(CHECKPOINTS, encode_stored_checkpoint(signed.note))
    return str(path)


def put_out_notes(notes: Sequence[Note], target: Path | None, *, force: bool) -> None:
    """Write one note as its text, several as one stored line each.

    Raises:
        AuditConsoleError: they cannot be written.
    """
    from audit_console.core.checkpoints import encode_stored_checkpoint

    lines = [f"{encode_stored_checkpoint(note)}\n" for note in notes]
    printed = lines if len(notes) > 1 else [str(notes[0])]
    put_out([line.encode() for line in printed], target, force=force)


def require_signable(verification: Verification, tolerated: frozenset[str] = frozenset()) -> None:
    """Refuse to sign a log in which something is wrong.

    Args:
        verification: of the log.
        tolerated: codes of faults that a signature does not hide.

    Raises:
        UsageError: there are other faults, or the log was not read to its end.
    """
    from audit_console.core.findings import FindingClass

    if not verification.status.complete:
        raise UsageError("this log is not signed: it was not read to its end", hint="try again")

    faults = {
        found.code
        for found in verification.findings
        if found.finding_class is FindingClass.FAULT and found.code not in tolerated
    }
    if faults:
        raise UsageError(
            f"this log is not signed: {', '.join(sorted(faults))}",
            hint="see what is wrong with: audit-console verify",
        )
