"""`audit-console seal`: sign a log whose own hashes are weak or missing, line by line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from audit_console.cli import notes, trusting
from audit_console.cli.arguments import add_sources, command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.core.wording import count
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.integrity.verification import Verification

NAME = "seal"

_EPILOG = """\
Every byte of every line is sealed, as it is now. What happened to the log before, a seal
cannot show. The name of the key is the name of the log from here on; the policy says:
  log <what `audit-console keys show FILE` prints>
"""

_STAYS_VISIBLE = frozenset(
    {
        "EVENT_HASH_MISMATCH",
        "PREVIOUS_HASH_MISMATCH",
        "HEAD_MISSING",
        "FORK",
        "CHAIN_MISSING",
    }
)
"""Faults of the orchestrator's own chain that a seal does not hide, and the missing seal."""

_CONTRADICTS = frozenset({"ROLLBACK", "HISTORY_REWRITTEN"})


def run(arguments: Sequence[str]) -> ExitCode:
    """Sign the tree over the lines of a log.

    Raises:
        AuditConsoleError: the log or the key cannot be used, or the log contradicts what
            was sealed or seen before.
    """
    options = _parser().parse_args(arguments)
    checked_target(options, options.sources)
    from audit_console.cli.watch import verify_watched
    from audit_console.core.event import Scheme

    key = notes.log_key(options.key)
    trust = replace(trusting.load_trust(options.policy), sealed_as=key.verifier.name)
    with scratch_folder(), closing(open_source(options.sources, keep=False)) as source:
        verification = verify_watched(source, trust=trust)
    _require_same(verification, key.verifier.name)
    notes.require_signable(verification, _STAYS_VISIBLE)
    others = [chain for chain in verification.chains if chain.scheme is not Scheme.V1]
    root = others[0].root if others else None
    if root is None or len(others) < len(verification.chains):
        raise UsageError(
            "only a log without events of format v1 is sealed line by line",
            hint="sign others with: audit-console checkpoint create",
        )
    size = sum(chain.events for chain in others)
    made = key.sign_checkpoint(size, root)
    if options.cosign is not None:
        made = notes.cosigned(made, options.cosign, trust)
    notes.keep_note(made, options)
    say(f"sealed {count(size, 'event')} of {key.verifier.name}")
    return ExitCode.PASS


def _require_same(verification: Verification, name: str) -> None:
    """Refuse a log that contradicts what this console remembers under the name of the key.

    A verification without that key does not know the name, and finds nothing of it.

    Raises:
        UsageError: it does.
    """
    for found in verification.findings:
        if found.code in _CONTRADICTS:
            raise UsageError(
                f"this log is not sealed as {name}: {found.message}",
                hint="seal another log with a key of another name; one that was rightly begun "
                f"anew after: audit-console memory forget {name}",
            )


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Sign a log that has weak hashes or none, every byte of every line.", epilog=_EPILOG
    )
    add_sources(parser, "file, folder or glob")
    notes.add_signing_options(parser, key_required=True)
    trusting.add_policy_option(parser)
    return parser
