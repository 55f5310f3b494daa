"""`audit-console retention apply`: delete what a plan says, and verify what remains."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from audit_console.cli import notes, trusting
from audit_console.cli.arguments import add_action, add_sources
from audit_console.cli.checkpoint import new_checkpoint
from audit_console.cli.exit_codes import ExitCode, code_of_error
from audit_console.cli.opening import open_source
from audit_console.cli.output import write_lines
from audit_console.cli.progress import ProgressLine
from audit_console.cli.retention_options import require_reason, retention_policy, this_user
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say, say_error
from audit_console.config import user_path
from audit_console.core.wording import count, seqs
from audit_console.errors import AuditConsoleError, UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.retention import PrunePlan
    from audit_console.integrity.trust import Trust
    from audit_console.integrity.verification import Verification
    from audit_console.retention.copies import Copies
    from audit_console.signing import SigningKey

_LONGEST_PLAN = 64 << 10
_HOW_TO_PLAN = "write one with: audit-console retention preview SOURCE --plan FILE"


def add_to(actions: Any) -> None:
    """Add the action to the parser of the command."""
    parser = add_action(actions, "apply", "delete what a plan says, and verify what remains")
    add_sources(parser, "the log of the plan")
    parser.add_argument("--plan", metavar="FILE", required=True, help="written by preview")
    parser.add_argument(
        "--archive", metavar="DIR", help="keep a packed copy there first, and read it back"
    )
    parser.add_argument(
        "--archive-format",
        choices=("jsonl", "parquet"),
        help="form of the copy: lines packed by zstd (default), or Parquet with the lines in it",
    )
    parser.add_argument("--actor", metavar="NAME", help="who deletes (default: this user)")
    parser.add_argument(
        "--reason",
        default="retention policy",
        metavar="WHY",
        help="told in the chain (default: retention policy)",
    )
    parser.add_argument("--key", metavar="FILE", help="sign what remains with this key of the log")
    trusting.add_policy_option(parser)
    parser.set_defaults(run=_run, output=None)


def _run(options: argparse.Namespace) -> ExitCode:
    from audit_console.retention.opening import pruner_of
    from audit_console.retention.soundness import require_sound
    from audit_console.writer.pruning.request import PruneRequest

    plan = _read_plan(user_path(options.plan))
    policy = retention_policy()
    trust = trusting.load_trust(options.policy)
    request = PruneRequest(
        actor=options.actor or this_user(),
        reason=require_reason(options.reason),
        keeper=_copies(options),
    )
    pruner = pruner_of(options.sources, plan.chain)
    key = None if options.key is None else _key_for_what_remains(options, plan)
    with _Steps() as finishing:
        pruner.finish(finishing.say)
    if finishing.said:
        say("a prune that was cut short is finished")
    whole = _verified(options, trust)
    require_sound(whole, plan)
    trusting.remember(whole)
    with _Steps() as steps:
        steps.wait(f"verifying what goes: {count(plan.events, 'event')}")
        for step in pruner.steps(plan, policy, request, datetime.now(UTC)):
            steps.say(step)
    if not steps.said:
        say("the plan was applied already: nothing more is deleted")
    return _conclude(options, plan, trusting.load_trust(options.policy), key)


class _Steps:
    """Says the steps of a prune; how far it deletes stands on a line that is rewritten."""

    def __init__(self) -> None:
        self.said = 0
        self._line = ProgressLine()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.remove()

    def wait(self, text: str) -> None:
        """Say what goes on until the first step is done."""
        self._line.show(text)

    def say(self, step: str) -> None:
        """Say a step."""
        from audit_console.writer.pruning.recording import EventsDeleted

        self.said += 1
        if isinstance(step, EventsDeleted):
            self._line.show(step)
        else:
            self._line.remove()
            say(step)


def _key_for_what_remains(options: argparse.Namespace, plan: PrunePlan) -> SigningKey:
    """Read the key before anything is deleted: that stays deleted, signed or not.

    Raises:
        UsageError: it cannot be used, or is that of another log.
        AuditConsoleError: what it signs could not be kept.
    """
    key = notes.log_key(options.key)
    if key.verifier.name != plan.chain:
        raise UsageError(
            f"{options.key} is the key of {key.verifier.name}", hint=f"the log is {plan.chain}"
        )
    notes.check_place(options)
    return key


def _conclude(
    options: argparse.Namespace, plan: PrunePlan, trust: Trust, key: SigningKey | None
) -> ExitCode:
    """Verify what remains, sign it if that is asked for, and say how it stands.

    That it could not be signed changes nothing in what was done and in how it stands.
    """
    from audit_console.core.findings import CODES, Verdict

    verification, code = _verified(options, trust), ExitCode.PASS
    if key is not None:
        try:
            notes.require_signable(verification)
            notes.keep_note(new_checkpoint(verification, key), options)
            verification = _verified(options, trust)
        except AuditConsoleError as error:
            say_error(error)
            code = code_of_error(error)
    trusting.remember(verification)
    are = "is" if plan.pruned_to == 1 else "are"
    first = f"{seqs(0, plan.pruned_to - 1)} of {plan.chain} {are} deleted"
    found = sorted(verification.counts)
    for one in found:
        say(f"{one}: {CODES[one].meaning}")
    write_lines([f"{first}; the rest is {verification.verdict}: {', '.join(found)}"])
    return ExitCode.FAIL if verification.verdict is Verdict.FAIL else code


def _verified(options: argparse.Namespace, trust: Trust) -> Verification:
    from audit_console.cli.watch import verify_watched

    with scratch_folder(), closing(open_source(options.sources, keep=False)) as source:
        return verify_watched(source, trust=trust)


def _read_plan(path: Path) -> PrunePlan:
    from audit_console.core.codec import Malformed
    from audit_console.core.retention import decode_plan

    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_PLAN).decode(errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint=_HOW_TO_PLAN) from None
    plan = decode_plan(text)
    if isinstance(plan, Malformed):
        raise UsageError(f"{path}: {plan.reason}", hint=_HOW_TO_PLAN)
    return plan


def _copies(options: argparse.Namespace) -> Copies | None:
    if options.archive is None:
        if options.archive_format is not None:
            raise UsageError("--archive-format without --archive", hint="say where: --archive DIR")
        return None
    from audit_console.retention.copies import PACKED_TEXT, copies_in
    from audit_console.search.parquet_copies import PARQUET

    packing = PARQUET if options.archive_format == "parquet" else PACKED_TEXT
    return copies_in(user_path(options.archive), options.sources, packing)
