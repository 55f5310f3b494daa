"""`audit-console evidence`: selected events in a file that anybody can check again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli import trusting
from audit_console.cli.arguments import (
    DASHED_QUERIES,
    add_output_options,
    command_parser,
    query_apart,
    refuse_queries,
)
from audit_console.cli.exit_codes import ExitCode, code_of_verification
from audit_console.cli.marks import user_marks
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, write_stdout
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.core.wording import count
from audit_console.errors import UsageError
from audit_console.search.whole_files import whole_file

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.evidence.case import Case
    from audit_console.evidence.package import Packed
    from audit_console.integrity.trust import Trust
    from audit_console.sources.protocol import Source

NAME = "evidence"

_EPILOG = f"""\
The package holds the original lines, a proof for each that it stands in the log, the
verification of the whole log, your marks, and check.py, which checks all of it with
Python alone. The exit code is 0 when the package was written, whatever the log is worth:
the package says that itself.
{DASHED_QUERIES}
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Pack the events that a query keeps.

    Raises:
        AuditConsoleError: the query is wrong, the log could not be looked at, or the
            package not be written.
    """
    options = _parser().parse_intermixed_args(query_apart(arguments))
    if options.script:
        return _print_script()
    places, query, target = _request(options)
    from audit_console.evidence.package import write_package
    from audit_console.search.found import require_query

    if require_query(query).stages:  # a wrong query does not wait for the log
        raise UsageError(
            "a package holds events, not what stages make of them",
            hint="leave out what follows the first |",
        )
    trust = trusting.load_trust(options.policy, options.checkpoint)
    with scratch_folder(), closing(open_source(places, keep=True)) as source:
        case = _case(source, query, trust)
        with whole_file(target, force=options.force) as file:
            packed = write_package(file, case)
        say(_summary(packed, target))
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME,
        "Pack the events that a query keeps into a file that can be checked again.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "words", nargs="*", metavar="SOURCE ... QUERY", help="the log, and which events of it"
    )
    add_output_options(parser, "the package, a new zip file")
    trusting.add_policy_option(parser)
    trusting.add_checkpoint_option(parser)
    parser.add_argument(
        "--script", action="store_true", help="print the script that checks packages, and end"
    )
    return parser


def _request(options: argparse.Namespace) -> tuple[list[str], str, Path]:
    """Give the places of the log, the query, and the file that may be written."""
    *places, query = options.words or [""]
    if not places:
        raise UsageError("a log and a query are needed", hint="'' keeps every event")
    refuse_queries(places)
    target = checked_target(options, places)
    if target is None:
        raise UsageError("the package needs a file", hint="name it with -o case.zip")
    return places, query, target


def _print_script() -> ExitCode:
    from audit_console.evidence.package import check_script

    write_stdout([check_script().encode()])
    return ExitCode.PASS


def _case(source: Source, query: str, trust: Trust) -> Case:
    from audit_console.cli.watch import verify_watched
    from audit_console.evidence.case import Case
    from audit_console.reports.model import Report
    from audit_console.search.found import Found

    key = trusting.console_key()
    verification = verify_watched(source, trust=trust)
    trusting.remember(verification)
    found = Found.by(query, source, verification, user_marks())
    return Case(
        question=found.question,
        query=found.in_force,
        report=Report.of(source, verification, code_of_verification(verification)),
        policy=trust.policy,
        key=key,
    )


def _summary(packed: Packed, target: Path) -> str:
    return (
        f"{count(packed.selected, 'event')} packed into {target}: {packed.proven:,} with a proof, "
        f"{packed.vouched:,} of them vouched for from outside the log"
    )
