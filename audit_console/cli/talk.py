"""What the program says to people, on standard error."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from audit_console.cli.exit_codes import ExitCode
from audit_console.errors import AuditConsoleError

PROGRAM = "audit-console"

DASHED_QUERIES = "A query that begins with -o or -h stands behind --, as in: FILE -- -offline"

_DASHED_QUERY = re.compile(r"-[^-oh ][^ ]+")
"""Begins as no option of the program does; what has a space is no option to argparse either."""


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are one safe line.

    What it quotes may be a file name that a shell expanded, and such names are
    chosen by others.
    """

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the request and end the program."""
        say(f"{message}. Try: {self.prog} --help")
        raise SystemExit(ExitCode.USAGE)


def query_apart(arguments: Sequence[str]) -> list[str]:
    """Put a query that begins with `-` behind `--`, where argparse takes it for no option.

    Options have two dashes or are `-o` and `-h`, so that a mistyped one is still an error.
    """
    if "--" in arguments:
        return list(arguments)
    queries = [word for word in arguments if _DASHED_QUERY.fullmatch(word)]
    others = [word for word in arguments if word not in queries]
    return [*others, "--", *queries] if queries else others


def say(text: str) -> None:
    """Print one line on standard error, under the program's name."""
    from audit_console.core.safe_text import safe_text

    with suppress(OSError):  # nobody listens
        sys.stderr.write(f"{PROGRAM}: {safe_text(text)}\n")
        sys.stderr.flush()


def say_error(error: AuditConsoleError) -> None:
    """Say what is wrong and what to do about it."""
    hint = error.hint[:1].upper() + error.hint[1:]
    say(f"{_sentence(str(error))} {_sentence(hint)}".strip())


def _sentence(text: str) -> str:
    return f"{text}." if text and not text.endswith((".", "!", "?")) else text
