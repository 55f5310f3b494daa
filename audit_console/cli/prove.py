"""`audit-console prove`: a file that shows that an event is in a log, or that it only grew."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.cli.arguments import add_output_options, command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, put_out
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.config import user_path
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.integrity.proofs import ConsistencyProof, InclusionProof
    from audit_console.integrity.trust import Trust

NAME = "prove"

_USAGE = """\
audit-console prove [options] SOURCE ... EVENT-ID
       audit-console prove [options] SOURCE ... --since CHECKPOINT"""

_EPILOG = """\
For an event, the file holds its line, the hashes that lead from it to the tree head of a
checkpoint, and the checkpoint. With --since it holds two checkpoints, the one in the
file CHECKPOINT and the newest beside the log, and the hashes that lead from one to the
other: the log still begins with the events that the old one signs. Whoever trusts the
signatures needs nothing else:
  audit-console check-proof FILE --policy FILE

exit codes:
  0    the proof is written
  1    the log is not the one that was signed
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Write a proof.

    Raises:
        AuditConsoleError: there is no such event, no checkpoint covers it, the old
            checkpoint cannot be used, or the log is not the one that was signed.
    """
    options = _parser().parse_args(arguments)
    places, event_id = _request(options)
    target = checked_target(options, places)
    since = None if options.since is None else user_path(options.since)
    if target is not None and since is not None:
        _spare_old(target, since)
    from audit_console.integrity.proofs import encode_proof

    trust = trusting.load_trust(options.policy)
    proof = _included(places, event_id, trust) if since is None else _grown(places, since, trust)
    put_out([encode_proof(proof).encode()], target, force=options.force)
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME,
        "Show to somebody who does not have the log that an event is in it,\n"
        "or that it only grew since an old checkpoint.",
        epilog=_EPILOG,
        usage=_USAGE,
    )
    parser.add_argument(
        "words",
        nargs="+",
        metavar="SOURCE ... EVENT-ID",
        help="files, folders or globs of one log; the event, as search shows its id",
    )
    parser.add_argument(
        "--since",
        metavar="CHECKPOINT",
        help="file with a checkpoint that was kept elsewhere, as checkpoint export wrote it",
    )
    add_output_options(parser, "write the proof to a new file")
    trusting.add_policy_option(parser)
    return parser


def _request(options: argparse.Namespace) -> tuple[list[str], str]:
    """Give the places of the log, and the id of the event that is to be proven, if one is."""
    if options.since is not None:
        return options.words, ""
    *places, event_id = options.words
    if not places:
        raise UsageError("which event?", hint="name its id after the log, or give --since FILE")
    return places, event_id


def _spare_old(target: Path, since: Path) -> None:
    if target.exists() and target.samefile(since):
        raise UsageError(
            f"{target} is the old checkpoint itself", hint="Name another file for the result"
        )


def _included(places: Sequence[str], event_id: str, trust: Trust) -> InclusionProof:
    from audit_console.integrity.proving import prove

    with scratch_folder(), closing(open_source(places, keep=True)) as source:
        return prove(source, event_id, trust)


def _grown(places: Sequence[str], since: Path, trust: Trust) -> ConsistencyProof:
    from audit_console.integrity.proving import prove_growth
    from audit_console.integrity.trust import Judge

    old = trusting.read_checkpoint(since)
    with scratch_folder(), closing(open_source(places, keep=False)) as source:
        proof = prove_growth(source, old, trust)
    judge = Judge(trust.policy)
    for name, signed in (("old", old), ("newer", proof.signed)):
        trusting.say_untrusted(f"the {name} checkpoint", judge.judge(signed), trust.policy)
    if proof.signed.checkpoint.size == old.checkpoint.size:
        say("no checkpoint beside the log covers more events than the old one")
    return proof
