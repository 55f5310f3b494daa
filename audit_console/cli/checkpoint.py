"""`audit-console checkpoint`: sign how far a log goes, look who signed, take a copy away."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from operator import attrgetter
from typing import TYPE_CHECKING

from audit_console.cli import notes, trusting
from audit_console.cli.arguments import (
    add_action,
    add_output_options,
    add_sources,
    command_parser,
)
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, write_lines
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.config import user_path
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.checkpoints import SignedCheckpoint
    from audit_console.integrity.verification import Verification
    from audit_console.signing import SigningKey

NAME = "checkpoint"

_SOURCES = "file, folder, glob or database"
_WHOSE = "give --policy FILE, or set `policy`"
_EPILOG = """\
  create SOURCE --key FILE        verify the log, and sign as the log what it holds
  create SOURCE --cosign          verify it, and cosign what the log signed last
  verify NOTE                     say whether the policy trusts a checkpoint
  export SOURCE -o FILE           copy the newest checkpoint, to be kept elsewhere

A log is held to a checkpoint that was kept elsewhere by:
  audit-console verify SOURCE --checkpoint FILE
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Make, check or copy a checkpoint.

    Raises:
        AuditConsoleError: a log, a key or a note cannot be used.
    """
    options = _parser().parse_args(arguments)
    actions = {"create": _create, "verify": _verify, "export": _export}
    return actions[options.action](options)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Signed statements of how many events a log has, and which.", epilog=_EPILOG
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="create|verify|export")
    create = add_action(actions, "create", "sign what a log holds")
    add_sources(create, _SOURCES)
    notes.add_signing_options(create)
    verify = add_action(actions, "verify", "say whether the policy trusts a checkpoint")
    verify.add_argument("note", metavar="NOTE", help="file with a note, or with one a line")
    export = add_action(actions, "export", "copy the newest checkpoint of a log")
    add_sources(export, _SOURCES)
    add_output_options(export, "write the note to a new file (default: print it)")
    for action in (create, verify, export):
        trusting.add_policy_option(action)
    return parser


def _create(options: argparse.Namespace) -> ExitCode:
    if options.key is None and options.cosign is None:
        raise UsageError("who signs?", hint="give --key FILE, --cosign or both")
    key = None if options.key is None else notes.log_key(options.key)
    notes.check_place(options)
    from audit_console.cli.watch import verify_watched

    trust = trusting.load_trust(options.policy)
    if key is None and trust.policy is None:
        raise UsageError("whose checkpoint is cosigned?", hint=_WHOSE)
    with scratch_folder(), closing(open_source(options.sources, keep=False)) as source:
        verification = verify_watched(source, trust=trust)
    notes.require_signable(verification)
    if options.cosign is not None:
        _require_comparable(verification)
    made = _last_signed(verification) if key is None else new_checkpoint(verification, key)
    if options.cosign is not None:
        made = notes.cosigned(made, options.cosign, trust)
    notes.keep_note(made, options)
    trusting.remember(verification)
    return ExitCode.PASS


def _require_comparable(verification: Verification) -> None:
    """Refuse to cosign where it cannot be told whether the log is the one that was seen before.

    Raises:
        UsageError: retention deleted what this console remembers.
    """
    from audit_console.core.safe_text import safe_text

    for chain in verification.chains:
        if chain.unmatched is not None:
            raise UsageError(
                f"{safe_text(chain.chain)} is not cosigned: retention deleted the first "
                f"{chain.unmatched.size:,} events, which this console remembers, and too little "
                "of them is left to compare",
                hint="once you know that it was an honest prune: audit-console memory forget CHAIN",
            )


def new_checkpoint(verification: Verification, key: SigningKey) -> SignedCheckpoint:
    """Sign what was verified of the chain whose key this is.

    Raises:
        UsageError: there is no such chain, or it is not whole.
    """
    from audit_console.core.safe_text import safe_text

    origin = key.verifier.name
    for chain in verification.chains:
        if chain.chain == origin and chain.last_seq is not None and chain.root is not None:
            return key.sign_checkpoint(chain.last_seq + 1, chain.root)
    named = ", ".join(safe_text(chain.chain) for chain in verification.chains[:5])
    raise UsageError(
        f"the key is that of {origin}, and this log has no whole chain of that name",
        hint=f"its chains: {named}; a log of another format is signed by: audit-console seal",
    )


def _last_signed(verification: Verification) -> SignedCheckpoint:
    signed = [chain.signed for chain in verification.chains if chain.signed is not None]
    if len(signed) != 1:
        raise UsageError(
            f"{len(signed)} chains have a checkpoint by a log that the policy names",
            hint="the policy names the key of one log of this source: log <vkey>",
        )
    return signed[0].signed


def _verify(options: argparse.Namespace) -> ExitCode:
    from audit_console.integrity.trust import Judge

    policy = trusting.load_policy(options.policy)
    if policy is None:
        raise UsageError("whose checkpoints count?", hint=_WHOSE)
    judge, codes = Judge(policy), [ExitCode.PASS]
    for read in trusting.read_checkpoints(user_path(options.note)):
        code, judgement = trusting.judgement_of(judge.judge(read))
        what = f"{read.checkpoint.origin}, the first {read.checkpoint.size:,} events"
        write_lines([f"{code.name}: {what}: {judgement}"])
        codes.append(code)
    return ExitCode.FAIL if ExitCode.FAIL in codes else max(codes)


def _export(options: argparse.Namespace) -> ExitCode:
    target = checked_target(options, options.sources)
    trust = trusting.load_trust(options.policy)
    with closing(open_source(options.sources, keep=False)) as source:
        vouchers = trust.vouchers(source.checkpoints())
    for fault in vouchers.faults.kept:
        say(f"left out: {fault.message}")
    unlisted = vouchers.faults.faults - len(vouchers.faults.kept)
    if unlisted:
        say(f"left out: {unlisted:,} more")
    best = [max(heads, key=attrgetter("worth")) for heads in vouchers.heads.values()]
    if not best:
        raise UsageError(
            "there is no checkpoint beside this log",
            hint="make one with: audit-console checkpoint create",
        )
    notes.put_out_notes([head.note for head in best], target, force=options.force)
    if target is not None:
        say(f"{target} helps only where nobody who can write the log can reach it: take it there")
    for head in best:
        trusting.say_untrusted(f"the checkpoint of {head.checkpoint.origin}", head, trust.policy)
    return ExitCode.PASS
