"""`audit-console check-proof`: is an event in a log, by the word of whom the policy trusts?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout
from audit_console.cli.talk import PROGRAM, CommandParser
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.integrity.proofs import InclusionProof

NAME = "check-proof"

_EPILOG = """\
exit codes:
  0    the event is under a checkpoint that the policy trusts
  1    it is not, or a signature is not by its key
  3    it is, but nobody whom the policy knows signed the checkpoint

--script prints a page of Python that checks the same without this program:
  audit-console check-proof --script > check_proof.py
  python3 check_proof.py FILE [VERIFIER-KEY ...]
"""
_SCRIPT = "check_proof_script.py"


def run(arguments: Sequence[str]) -> ExitCode:
    """Check a proof file, or print the script that does so.

    Raises:
        UsageError: the file or the policy cannot be read.
    """
    options = _parser().parse_args(arguments)
    if options.script:
        write_stdout([files("audit_console.integrity").joinpath(_SCRIPT).read_bytes()])
        return ExitCode.PASS
    if options.file is None:
        raise UsageError("which proof?", hint="name its file, or use --script")
    from audit_console.core.codec import Malformed
    from audit_console.core.safe_text import safe_text
    from audit_console.integrity.proofs import decode_proof

    proof = decode_proof(_read(Path(options.file)))
    if isinstance(proof, Malformed):
        code, told = ExitCode.FAIL, proof.reason
    else:
        code, told = _judged(proof, options.policy)
    write_stdout([f"{code.name}: {safe_text(told)}\n".encode()])
    return code


def _judged(proof: InclusionProof, policy: str | None) -> tuple[ExitCode, str]:
    from audit_console.core.anchors import SignedHead
    from audit_console.integrity.trust import Judge
    from audit_console.reports.model import cosigners

    checkpoint = proof.signed.checkpoint
    under = f"the first {checkpoint.size:,} events of {checkpoint.origin}"
    if not proof.holds:
        return ExitCode.FAIL, f"the event is not number {proof.index} of {under}"
    found = f"event {proof.index} is among {under}"
    judged = Judge(trusting.load_policy(policy)).judge(proof.signed)
    if not isinstance(judged, SignedHead):
        return ExitCode.FAIL, f"the signature of {judged.name} is not by its key"
    if not judged.trusted:
        return ExitCode.INCOMPLETE, f"{found}, but no policy here trusts who signed that"
    return ExitCode.PASS, "; ".join([f"{found}: signed by the log", *cosigners(judged)])


def _read(path: Path) -> str:
    from audit_console.integrity.proofs import MAX_PROOF_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_PROOF_BYTES).decode()
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="name a proof file") from None


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=f"{PROGRAM} {NAME}",
        description="Check that an event is under a checkpoint that the policy trusts.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="as audit-console prove wrote it")
    parser.add_argument("--script", action="store_true", help="print the script instead")
    trusting.add_policy_option(parser)
    return parser
