"""`audit-console search`: the events that a query keeps, or what it counts of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.arguments import (
    DASHED_QUERIES,
    add_output_options,
    add_sources,
    command_parser,
    query_apart,
    refuse_queries,
)
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.marks import user_marks
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, form_of, put_out, target_of
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.cli.trusting import load_trust
from audit_console.errors import UsageError
from audit_console.search.whole_files import check_new_folder

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.query import Query

NAME = "search"
FORMATS = ("table", "jsonl", "csv", "parquet")
_ENDINGS = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet", "/": "parquet"}

_EPILOG = f"""\
queries:
  user:alice -result:success since:end-24h   ip:203.0.113.0/24 type:authentication
  result:failure | top user 5                error:"rate limit" | timeline 1h
fields:
  id time type user action resource rtype rid result error ip agent request details.PATH
  chain seq hash hour weekday star tag note; of time also since until around
stages after a |:
  count [by F,F]  top F [N]  rare F [N]  first F,F  timeline 1h [by F]  sort F [desc]  limit N
{DASHED_QUERIES}

Standard error says how much of the log was searched, and whether it is sound.
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Search a log and print what was found; how complete it is goes to standard error.

    Raises:
        AuditConsoleError: the query is wrong, the log could not be looked at, or the
            result not be written.
    """
    options = _parser().parse_intermixed_args(query_apart(arguments))
    refuse_queries(options.sources)
    form = form_of(options, _ENDINGS, "table")
    by_day = form == "parquet" and (options.output or "").endswith("/")
    folder = target_of(options.output) if by_day else None
    target = None if by_day else checked_target(options, options.sources)
    from audit_console.cli.watch import verify_watched
    from audit_console.search.days import write_days
    from audit_console.search.found import Found, remarks, require_query
    from audit_console.search.printing import print_events

    query = require_query(options.query)  # a wrong query does not wait for the log
    if folder is not None:
        _check_days(folder, query)
    trust = load_trust(None)
    with scratch_folder(), closing(open_source(options.sources, keep=True)) as source:
        verification = verify_watched(source, trust=trust, roots=False)
        found = Found.by(options.query, source, verification, user_marks())
        if folder is not None:
            write_days(found.question, folder)
        else:
            is_screen = target is None and sys.stdout.isatty()
            data = print_events(found.question, found.query.stages, form, is_screen=is_screen)
            put_out(data, target, force=options.force)
        for remark in remarks(found):
            say(remark)
    return ExitCode.PASS


def _check_days(target: Path, query: Query) -> None:
    if query.stages:
        raise UsageError(
            "a folder of days holds events, not what stages make of them",
            hint="leave out what follows the first |",
        )
    check_new_folder(target)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Print the events that a query keeps, or what it counts of them.", epilog=_EPILOG
    )
    add_sources(parser)
    parser.add_argument("query", metavar="QUERY", help="what to keep; '' keeps everything")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="table for people, jsonl for the original lines, csv, parquet "
        "(default: as the name of -o ends, else table)",
    )
    add_output_options(parser, "write to a new file; parquet to FOLDER/, a file for each day")
    return parser
