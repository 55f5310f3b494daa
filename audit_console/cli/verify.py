"""`audit-console verify`: check a log without a screen."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.cli.arguments import add_output_options, add_sources, command_parser
from audit_console.cli.exit_codes import CODES_IN_HELP, ExitCode, code_of_verification
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, form_of, put_out
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.reports.model import Report

NAME = "verify"
_ENDINGS = {".json": "json", ".md": "markdown", ".html": "html"}


def run(arguments: Sequence[str]) -> ExitCode:
    """Verify a log and print the report.

    Raises:
        AuditConsoleError: the log could not be looked at, or the report not be written.
    """
    options = _parser().parse_args(arguments)
    target = checked_target(options, options.sources)
    from audit_console.reports.forms import RENDERERS

    report = _report(options)
    form = form_of(options, _ENDINGS, "text")
    put_out([RENDERERS[form](report).encode()], target, force=options.force)
    if target is not None:
        say(f"{target}: {report.headline}")
    return ExitCode(report.exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME,
        "Check that a log is unaltered and complete, and report what was found.",
        epilog=CODES_IN_HELP,
    )
    add_sources(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "markdown", "html"),
        help="how to print (default: as the name of -o ends, else text)",
    )
    add_output_options(parser, "write the report to a new file")
    trusting.add_policy_option(parser)
    trusting.add_checkpoint_option(parser)
    parser.add_argument(
        "--allow-unanchored",
        action="store_true",
        help="exit with 0 when a missing checkpoint is the only open point",
    )
    return parser


def _report(options: argparse.Namespace) -> Report:
    from audit_console.cli.watch import verify_watched
    from audit_console.reports.model import Report

    trust = trusting.load_trust(options.policy, options.checkpoint)
    with scratch_folder(), closing(open_source(options.sources, keep=False)) as source:
        verification = verify_watched(source, trust=trust)
        trusting.remember(verification)
        exit_code = code_of_verification(verification, allow_unanchored=options.allow_unanchored)
        return Report.of(source, verification, exit_code)
