"""What a command may believe: the policy, the console's key and its memory."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.talk import PROGRAM, say, say_error
from audit_console.config import Config, load_config, user_path
from audit_console.errors import AuditConsoleError, PolicyError, UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.checkpoints import SignedCheckpoint
    from audit_console.core.policy import Policy
    from audit_console.core.vouchers import SignedHead
    from audit_console.integrity.memory import WitnessMemory
    from audit_console.integrity.trust import BadSignature, Trust
    from audit_console.integrity.verification import Verification
    from audit_console.signing import SigningKey

_MAX_NOTES_BYTES = 64 << 20


def add_policy_option(parser: argparse.ArgumentParser) -> None:
    """Let a command be told whose checkpoints count."""
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="whose checkpoints count (default: `policy` of the configuration)",
    )


def add_checkpoint_option(parser: argparse.ArgumentParser) -> None:
    """Let a command be given checkpoints."""
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint that was kept elsewhere than beside the log",
    )


def config() -> Config:
    """Read the user's settings.

    Raises:
        UsageError: they cannot be read.
    """
    from platformdirs import user_config_path

    return load_config(user_config_path(PROGRAM), os.environ)


def console_key_path() -> Path:
    """Name the key file with which this console cosigns.

    Raises:
        UsageError: the settings cannot be read.
    """
    from platformdirs import user_data_path

    return config().console_key or user_data_path(PROGRAM) / "console.key"


def console_key() -> SigningKey | None:
    """Read the key with which this console signs; None where it has none.

    Raises:
        UsageError: the settings or the key cannot be used.
    """
    from audit_console.core.notes import KeyType
    from audit_console.signing import load_key

    path = console_key_path()
    if config().console_key is None and not _is_there(path):
        return None
    return load_key(path, KeyType.WITNESS)


def _is_there(path: Path) -> bool:
    """Tell whether a file is there; one in a folder that is closed to us may be."""
    try:
        return path.exists()
    except OSError:  # who reads it says what is wrong
        return True


def memory() -> WitnessMemory:
    """Open what this console remembers."""
    from platformdirs import user_state_path

    from audit_console.integrity.memory import WitnessMemory

    return WitnessMemory(user_state_path(PROGRAM))


def load_trust(policy: str | None, checkpoints: Sequence[str] = ()) -> Trust:
    """Put together what a verification may believe.

    Args:
        policy: file named on the command line; it wins over the settings.
        checkpoints: files with notes that are kept elsewhere than beside the log.

    Raises:
        AuditConsoleError: one of the files cannot be read.
    """
    from audit_console.integrity.trust import Trust

    return Trust(load_policy(policy), memory().all(), kept_notes(checkpoints))


def kept_notes(checkpoints: Sequence[str]) -> list[str]:
    """Read the files with notes that are named on the command line.

    Raises:
        UsageError: one cannot be read.
    """
    return [note for name in checkpoints for note in read_notes(user_path(name))]


def remember(verification: Verification) -> None:
    """Keep what was verified; that this cannot be done changes no verdict and is said."""
    try:
        memory().take_in(verification, datetime.now(UTC))
    except AuditConsoleError as error:
        say_error(error)


def load_policy(named: str | None) -> Policy | None:
    """Read the policy that is named or set; None where there is none.

    Raises:
        UsageError: it cannot be read; with its file and line.
    """
    path = config().policy if named is None else user_path(named)
    if path is None:
        return None
    from audit_console.core.policy import parse_policy

    try:
        return parse_policy(path.read_bytes().decode(errors="surrogateescape"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="name a policy file") from None
    except PolicyError as error:
        raise UsageError(f"{path}, {error}", hint=error.hint) from None


def read_notes(path: Path) -> list[str]:
    """Read a file that holds one note, or a line `{"note":"…"}` for each of several.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_NOTES_BYTES).decode(errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="name a file with a note") from None
    if text.startswith("{"):
        return [line for line in text.split("\n") if line.strip()]
    return [text]


def read_checkpoints(path: Path) -> list[SignedCheckpoint]:
    """Read a file that holds one checkpoint or several, as `read_notes` says.

    Raises:
        UsageError: it cannot be read, or holds something else.
    """
    from audit_console.core.checkpoints import decode_stored_checkpoint
    from audit_console.core.codec import Malformed

    checkpoints = []
    for text in read_notes(path):
        read = decode_stored_checkpoint(text)
        if isinstance(read, Malformed):
            raise UsageError(f"{path}: {read.reason}", hint="name a file with a note")
        checkpoints.append(read)
    return checkpoints


def read_checkpoint(path: Path) -> SignedCheckpoint:
    """Read a file that holds one checkpoint.

    Raises:
        UsageError: it cannot be read, or does not hold one and nothing else.
    """
    checkpoints = read_checkpoints(path)
    if len(checkpoints) != 1:
        raise UsageError(
            f"{path} holds {len(checkpoints)} checkpoints",
            hint="put the one that is meant into a file of its own",
        )
    return checkpoints[0]


def judgement_of(judged: SignedHead | BadSignature) -> tuple[ExitCode, str]:
    """Say who signed a checkpoint, and whether that is who the policy asks for."""
    from audit_console.core.vouchers import SignedHead
    from audit_console.reports.model import cosigners

    if not isinstance(judged, SignedHead):
        return ExitCode.FAIL, str(judged)
    if not judged.by_log:
        return ExitCode.INCOMPLETE, "not signed by a key that the policy gives this log"
    by = "; ".join(["signed by the log", *cosigners(judged)])
    if not judged.trusted:
        return ExitCode.INCOMPLETE, f"{by}; not by as many witnesses as the policy asks for"
    return ExitCode.PASS, by


def say_untrusted(name: str, judged: SignedHead | BadSignature, policy: Policy | None) -> None:
    """Say of a checkpoint that is written out for others, where it is not trusted, why."""
    code, judgement = judgement_of(judged)
    if code is not ExitCode.PASS:
        say(f"no policy here trusts {name}{f': {judgement}' if policy else ''}")
