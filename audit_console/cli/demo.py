"""`audit-console demo`: a made-up log in the console, gone when it is closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.arguments import command_parser
from audit_console.cli.console import require_terminal, user_belongings
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.errors import AuditConsoleError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.sources.protocol import Source

NAME = "demo"
PLACE = f"{NAME}://"
"""The demo among recent sources: an address, for it is no file of the current folder."""


def run(arguments: Sequence[str]) -> ExitCode:
    """Write the demo log into a temporary folder and open it.

    Raises:
        AuditConsoleError: there is no terminal, or no room for the log.
    """
    parser = command_parser(
        NAME, "Open a made-up log of seven weeks that somebody broke into and tampered with."
    )
    parser.add_argument(
        "--postgres",
        action="store_true",
        help="look at it in a PostgreSQL server, which is started for it and stopped again",
    )
    in_database = parser.parse_args(arguments).postgres
    if in_database:
        from audit_console.cli.demo_server import require_server

        require_server()
    require_terminal()
    with scratch_folder() as folder:
        exit_code = _show_database(folder) if in_database else _show_demo(folder)
    _tell_tampers()
    return exit_code


def _show_demo(folder: Path) -> ExitCode:
    """Show a log that is written while the first frame is painted."""
    from audit_console.demo import FILE_NAME, write_demo
    from audit_console.sources.archive import open_archive

    log = folder / FILE_NAME

    def open_demo() -> Source:
        try:
            if not log.exists():
                write_demo(folder)
        except OSError as error:
            raise AuditConsoleError(
                f"the demo log cannot be written: {error.strerror}",
                hint="Set TMPDIR to a folder with 40 MB of room",
            ) from error
        return open_archive([str(log)], keep=True, label=NAME)

    return _show(folder, open_demo, lambda: str(log))


def _show_database(folder: Path) -> ExitCode:
    """Show the log in a server that is started while the first frame is painted."""
    from contextlib import closing

    from audit_console.cli.demo_server import DemoServer
    from audit_console.sources.postgres import open_postgres

    with closing(DemoServer(folder)) as server:
        return _show(folder, lambda: open_postgres(server.dsn(), label=NAME), server.dsn)


def _show(folder: Path, open_demo: Callable[[], Source], place: Callable[[], str]) -> ExitCode:
    """Show a log under the name of the demo; where it lies is of no use when it is gone."""
    from audit_console.cli.retention_options import this_user
    from audit_console.cli.screen import show
    from audit_console.retention.opening import pruner_of
    from audit_console.retention.pruner import Pruner
    from audit_console.tui.pruning import Pruning

    def open_log(places: Sequence[str]) -> Source:
        return open_demo() if list(places) == [PLACE] else open_source(places, keep=True)

    def open_pruner(places: Sequence[str], chain: str | None) -> Pruner:
        return pruner_of([place()] if list(places) == [PLACE] else places, chain)

    return show(
        [PLACE],
        kept=replace(user_belongings(), state=folder, data=folder),
        open_log=open_log,
        pruning=Pruning(actor=this_user(), open_pruner=open_pruner),
    )


def _tell_tampers() -> None:
    from audit_console.demo import TAMPERS

    for tamper in TAMPERS.values():
        say(f"{tamper.what}, {tamper.why}")
