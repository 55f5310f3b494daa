"""`audit-console check-proof`: does a proof hold, by the word of whom the policy trusts?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.cli.arguments import command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_lines, write_stdout
from audit_console.config import user_path
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.checkpoints import SignedCheckpoint
    from audit_console.integrity.proofs import ConsistencyProof, InclusionProof

NAME = "check-proof"

_EPILOG = """\
exit codes:
  0    the event is under a checkpoint that the policy trusts, or the log only grew
       from one such checkpoint to the other
  1    it is not, or a signature is not by its key
  3    it is, but nobody whom the policy knows signed a checkpoint

--script prints a page of Python that checks the same without this program:
  audit-console check-proof --script > check_proof.py
  python3 -I check_proof.py FILE VERIFIER-KEY ...
"""
_SCRIPT = "check_proof_script.py"


def run(arguments: Sequence[str]) -> ExitCode:
    """Check a proof file, or print the script that does so.

    Raises:
        UsageError: the file, the policy or the old checkpoint cannot be read.
    """
    options = _parser().parse_args(arguments)
    if options.script:
        write_stdout([files("audit_console.integrity").joinpath(_SCRIPT).read_bytes()])
        return ExitCode.PASS
    if options.file is None:
        raise UsageError("which proof?", hint="name its file, or use --script")
    from audit_console.core.codec import Malformed
    from audit_console.integrity.proofs import ConsistencyProof, decode_proof

    proof = decode_proof(_read(user_path(options.file)))
    if isinstance(proof, Malformed):
        code, told = ExitCode.FAIL, proof.reason
    elif isinstance(proof, ConsistencyProof):
        code, told = _judged_growth(proof, options)
    else:
        code, told = _judged_event(proof, options)
    write_lines([f"{code.name}: {told}"])
    return code


def _judged_event(proof: InclusionProof, options: argparse.Namespace) -> tuple[ExitCode, str]:
    if options.since is not None:
        raise UsageError(
            "this is the proof of one event", hint="--since is for a proof that a log only grew"
        )
    checkpoint = proof.signed.checkpoint
    under = f"the first {checkpoint.size:,} events of {checkpoint.origin}"
    if not proof.holds:
        return ExitCode.FAIL, f"the event is not number {proof.index} of {under}"
    found = f"event {proof.index} is among {under}"
    return _judged(found, [proof.signed], options.policy)


def _judged_growth(proof: ConsistencyProof, options: argparse.Namespace) -> tuple[ExitCode, str]:
    old, new = proof.old.checkpoint, proof.signed.checkpoint
    if old.origin != new.origin:
        return ExitCode.FAIL, f"the checkpoints are of two logs, {old.origin} and {new.origin}"
    if options.since is not None:
        kept = trusting.read_checkpoint(user_path(options.since)).checkpoint
        if kept != old:
            return ExitCode.FAIL, f"the old checkpoint is not the one in {options.since}"
    grown = f"the first {new.size:,} events of {new.origin}"
    begin = f"the {old.size:,} of the old checkpoint"
    if not proof.holds:
        return ExitCode.FAIL, f"{grown} do not begin with {begin}"
    found = f"{grown} begin with {begin}, whose tree head is {old.root_text}"
    return _judged(found, [proof.signed, proof.old], options.policy)


def _judged(
    found: str, notes: Sequence[SignedCheckpoint], policy: str | None
) -> tuple[ExitCode, str]:
    """Judge the signatures under what was found: of a checkpoint, and of an old one."""
    from audit_console.integrity.trust import Judge

    trusted = trusting.load_policy(policy)
    if trusted is None:
        return ExitCode.INCOMPLETE, f"{found}: by whose word? Give --policy FILE, or set `policy`"
    judge = Judge(trusted)
    codes, signers = zip(
        *(trusting.judgement_of(judge.judge(signed)) for signed in notes), strict=True
    )
    code = ExitCode.FAIL if ExitCode.FAIL in codes else max(codes)
    strangers = dict.fromkeys(name for signed in notes for name in judge.strangers(signed))
    unchecked = [f"not checked, for want of its key: the signature of {name}" for name in strangers]
    return code, "; ".join([f"{found}: {'; the old one '.join(signers)}", *unchecked])


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
    parser = command_parser(
        NAME,
        "Check that an event is under a checkpoint that the policy trusts,\n"
        "or that a log only grew from one checkpoint to another.",
        epilog=_EPILOG,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="as audit-console prove wrote it")
    parser.add_argument(
        "--since",
        metavar="CHECKPOINT",
        help="file with the checkpoint that you kept: the proof must begin with that one",
    )
    parser.add_argument("--script", action="store_true", help="print the script instead")
    trusting.add_policy_option(parser)
    return parser
