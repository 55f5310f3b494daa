"""`audit-console retention`: what may go of a log, who holds it, and the deletion itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from audit_console.cli import retention_apply, retention_hold, retention_preview
from audit_console.cli.arguments import command_parser, query_apart
from audit_console.cli.exit_codes import ExitCode

NAME = "retention"

_EPILOG = """\
  preview SOURCE --keep 90d            say what would go; with --plan FILE keep the plan
  apply SOURCE --plan FILE             delete exactly that, and verify what remains
  hold add SOURCE QUERY --reason WHY   keep events whatever their age; remove, list

Only the oldest events of a chain go, up to the first one under a hold. What remains still
verifies, by a record that is kept for ever. The policy is [retention] of the configuration.

exit codes:
  0  done, or nothing to do      1  what is to go does not verify
  2  the command line is wrong   4  refused, for the reason told
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Preview a prune, apply one, or change holds.

    Raises:
        AuditConsoleError: it is refused, or the log cannot be looked at or written.
    """
    takes_query = list(arguments[:2]) == ["hold", "add"]
    options = _parser().parse_args(query_apart(arguments) if takes_query else arguments)
    action: ExitCode = options.run(options)
    return action


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Delete the oldest events of a log so that the rest stays verifiable.", epilog=_EPILOG
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="preview|apply|hold")
    retention_preview.add_to(actions)
    retention_apply.add_to(actions)
    retention_hold.add_to(actions)
    return parser
