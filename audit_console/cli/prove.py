"""`audit-console prove`: a file that shows that one event is in a log."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from audit_console.cli import trusting
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import write_stdout
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import PROGRAM, CommandParser
from audit_console.search.output import check_target, write_file

NAME = "prove"

_EPILOG = """\
The file holds the event's line, the hashes that lead from it to the tree head of a
checkpoint, and the checkpoint. Whoever trusts the signatures needs nothing else:
  audit-console check-proof FILE --policy FILE
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Write the proof of one event.

    Raises:
        AuditConsoleError: there is no such event, no checkpoint covers it, or the log is
            not the one that was signed.
    """
    options = _parser().parse_args(arguments)
    target = None if options.output in {None, "-"} else Path(options.output)
    if target:
        check_target(target, force=options.force, places=options.sources)
    from audit_console.integrity.proofs import encode_proof, prove

    trust = trusting.load_trust(options.policy)
    with scratch_folder(), closing(open_source(options.sources, keep=True)) as source:
        chunks = [encode_proof(prove(source, options.event_id, trust)).encode()]
    if target:
        write_file(target, chunks)
    else:
        write_stdout(chunks)
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=f"{PROGRAM} {NAME}",
        description="Show that one event is in a log, to somebody who does not have the log.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="file, folder or glob")
    parser.add_argument("event_id", metavar="EVENT-ID", help="as search shows it")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the proof to a new file")
    parser.add_argument("--force", action="store_true", help="let -o replace a file that exists")
    trusting.add_policy_option(parser)
    return parser
