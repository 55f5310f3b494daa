"""`audit-console migrate`: bring a PostgreSQL database to the schema of the log."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from audit_console.cli.arguments import command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout

NAME = "migrate"

_EPILOG = """\
The first schema of the connection's search path is migrated. To take another than
public: postgresql://host/db?options=-csearch_path%3Daudit
Passwords come from ~/.pgpass, a service file or PGPASSWORD, never from the command line.
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Migrate a database, and print what was done.

    Raises:
        AuditConsoleError: the database cannot be migrated, or standard output be written.
    """
    options = _parser().parse_args(arguments)
    lines = _status(options.dsn) if options.status else _migrate(options.dsn, options.dry_run)
    write_stdout([f"{line}\n".encode() for line in lines])
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME,
        "Bring a PostgreSQL database to the schema of the log, step by step forward.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "dsn", metavar="DSN", help="the database: postgresql://user@host/name, or service=NAME"
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--status", action="store_true", help="only say what was applied, and when")
    ways.add_argument("--dry-run", action="store_true", help="apply, then take everything back")
    return parser


def _status(dsn: str) -> list[str]:
    from audit_console.core.event import format_time
    from audit_console.database import refuse_password
    from audit_console.migrate import status

    refuse_password(dsn)
    return [
        f"{migration}  {f'applied {format_time(applied_at)}' if applied_at else 'pending'}"
        for migration, applied_at in status(dsn)
    ]


def _migrate(dsn: str, dry_run: bool) -> list[str]:
    from audit_console.database import refuse_password
    from audit_console.migrate import migrate

    refuse_password(dsn)
    done = "would apply" if dry_run else "applied"
    return [f"{done} {one}" for one in migrate(dsn, dry_run=dry_run)] or ["up to date"]
