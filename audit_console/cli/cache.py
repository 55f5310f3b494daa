"""`audit-console cache`: the indexes that this console keeps of archives, and to remove them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.cli.arguments import add_action, command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout
from audit_console.cli.talk import PROGRAM, say
from audit_console.errors import AuditConsoleError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.sources.archive import IndexStore

NAME = "cache"


def indexes_folder() -> Path:
    """Name the folder of the indexes of this user."""
    from platformdirs import user_cache_path

    return user_cache_path(PROGRAM) / "indexes"


def run(arguments: Sequence[str]) -> ExitCode:
    """Show the indexes, or remove them all.

    Raises:
        AuditConsoleError: they cannot be read or removed.
    """
    options = _parser().parse_args(arguments)
    from audit_console.sources.archive import IndexStore

    folder = indexes_folder()
    store = IndexStore(folder)
    try:
        if options.action == "clear":
            say(f"removed: {store.clear():,} bytes")
        else:
            lines = list(_lines(store))
            if not lines:
                say("no index is kept: one is of an archive of 20 MB or more that was opened")
            write_stdout(lines)
    except OSError as error:
        raise AuditConsoleError(
            f"{folder}: {error.strerror}", hint="Give yourself the right to it, or remove it"
        ) from None
    return ExitCode.PASS


def _lines(store: IndexStore) -> Iterator[bytes]:
    from audit_console.core.event import format_time
    from audit_console.core.safe_text import safe_text

    for entry in store.entries():
        files = "\t".join(safe_text(path, limit=300) for path in entry.paths)
        yield f"{format_time(entry.used)}\t{entry.bytes}\t{files}\n".encode()


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME,
        "Of each large archive the console keeps an index, so that its events are "
        "there at once when it is opened again. An index holds what the log holds.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|clear")
    add_action(actions, "show", "print when each index was last used, its bytes and the files")
    add_action(actions, "clear", "remove all indexes")
    return parser
