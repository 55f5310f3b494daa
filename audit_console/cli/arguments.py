"""How the words of a command line are read."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout
from audit_console.cli.talk import PROGRAM, say
from audit_console.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

DASHED_QUERIES = "A query that begins with -o or -h comes after --, as in: FILE -- -offline"

_LACKS_VALUE = re.compile(r"argument (?:\S+/)?(--\S+): expected one argument")
_DASHED_QUERY = re.compile(r"-[^-oh ][^ ]+")
"""Begins as no option of the program does; what has a space is no option to argparse either."""

_QUERY = re.compile(r"-?([a-z_]+)(\.[^:]*)?:|\|")


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are one safe line.

    What it quotes may be a file name that a shell expanded, and such names are
    chosen by others.
    """

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the request and end the program."""
        if lacks := _LACKS_VALUE.fullmatch(message):
            message += f". A value that begins with - is written {lacks[1]}=VALUE"
        say(f"{message}. Try: {self.prog} --help")
        raise SystemExit(ExitCode.USAGE)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or the version; argparse would hide that it cannot be written."""
        if file is sys.stdout:
            write_stdout([message.encode()])
        else:
            super()._print_message(message, file)


def command_parser(
    name: str, description: str, *, epilog: str | None = None, usage: str | None = None
) -> CommandParser:
    """Make the parser of a command; with an epilog its texts are printed as they stand."""
    as_they_stand = argparse.RawDescriptionHelpFormatter
    return CommandParser(
        prog=f"{PROGRAM} {name}",
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=as_they_stand if epilog else argparse.HelpFormatter,
    )


def add_action(actions: Any, name: str, what: str) -> argparse.ArgumentParser:
    """Add an action to those of a command; what it does stands in the help of both."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}."
    )
    return parser


def add_sources(
    parser: argparse.ArgumentParser, what: str = "file, folder, glob, - or a database"
) -> None:
    """Let a command be told which log to read; `what` is its help."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help=what)


def add_output_options(parser: argparse.ArgumentParser, what: str) -> None:
    """Let a command write to a file; `what` is its help."""
    parser.add_argument("-o", "--output", metavar="FILE", help=what)
    parser.add_argument("--force", action="store_true", help="let -o replace a file that exists")


def query_apart(arguments: Sequence[str]) -> list[str]:
    """Put a query that begins with `-` behind `--`, where argparse takes it for no option.

    Options have two dashes or are `-o` and `-h`, so that a mistyped one is still an error.
    """
    if "--" in arguments:
        return list(arguments)
    queries = [word for word in arguments if _DASHED_QUERY.fullmatch(word)]
    others = [word for word in arguments if word not in queries]
    return [*others, "--", *queries] if queries else others


def refuse_queries(places: Sequence[str]) -> None:
    """Refuse a query among the places of a log: it was put first, or stands in no quotes.

    Raises:
        UsageError: a place begins as queries do, and no file is called so.
    """
    from audit_console.core.query.fields import TYPED_NAMES

    for place in places:
        begins = _QUERY.match(place)
        if begins and begins[1] in {None, *TYPED_NAMES} and not os.path.lexists(place):
            raise UsageError(
                f"{place}: a query in the place of a log",
                hint="the log comes first; the query after it is one word, in quotes",
            )
