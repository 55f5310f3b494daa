"""`audit-console keys`: make the keys of logs and of this console, show their public half."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from audit_console.cli.arguments import add_action, command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout
from audit_console.cli.talk import say
from audit_console.cli.trusting import console_key_path
from audit_console.config import user_path
from audit_console.errors import UsageError

NAME = "keys"

_EPILOG = """\
The key of a log signs its checkpoints: it belongs to who writes the log, and its name is
that of the chain. The key of this console cosigns what it has verified.

What is printed is the public half, as a policy wants it:
  log <printed>
  witness <any name> <printed>
  quorum <that name, or none>
"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Make a key or show one; the private half stays in its file.

    Raises:
        UsageError: the name or the file cannot be used.
    """
    options = _parser().parse_args(arguments)
    from audit_console.core.notes import KeyType
    from audit_console.signing import load_key, new_key

    path = console_key_path() if options.file is None else user_path(options.file)
    if options.action == "show":
        key = load_key(path)
    else:
        if options.log and options.file is None:
            raise UsageError(
                "the key of a log needs a file of its own",
                hint="Name it: -o FILE, where who writes the log finds it",
            )
        key = new_key(options.name, KeyType.LOG if options.log else KeyType.WITNESS)
        key.store(path)
        say(f"the private key is in {path}; there is no other copy")
    write_stdout([f"{key.verifier}\n".encode()])
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Make the keys that sign checkpoints, and show their public half.", epilog=_EPILOG
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="new|show")
    new = add_action(actions, "new", "make a key")
    new.add_argument("name", metavar="NAME", help="such as console.example.org/alice")
    new.add_argument("--log", action="store_true", help="for a log; NAME is its chain")
    new.add_argument(
        "-o",
        "--output",
        dest="file",
        metavar="FILE",
        help="the new key file (default: that of this console)",
    )
    show = add_action(actions, "show", "print the public half of a key")
    show.add_argument("file", nargs="?", metavar="FILE", help="default: the key of this console")
    return parser
