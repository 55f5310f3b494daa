"""`audit-console [SOURCE…]`: open the console."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from audit_console import __version__
from audit_console.cli.arguments import CommandParser
from audit_console.cli.cache import indexes_folder
from audit_console.cli.exit_codes import CODES_IN_HELP, ExitCode
from audit_console.cli.opening import check_places, open_source
from audit_console.cli.talk import PROGRAM, say_error
from audit_console.cli.trusting import (
    add_checkpoint_option,
    add_policy_option,
    config,
    console_key,
    kept_notes,
    load_policy,
)
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Textual's modules are near, and `--help` must answer at once
    from audit_console.tui.belongings import Belongings
    from audit_console.tui.keymap import Keymap

_USAGE = """\
audit-console [--policy FILE] [--checkpoint FILE] [--no-index] [SOURCE ...]
       audit-console COMMAND ..."""

_EPILOG = f"""\
commands:
  demo         open a made-up log that somebody broke into and tampered with
  evidence     pack events into a file that anybody can check again
  migrate      bring a PostgreSQL database to the schema of the log
  search       print the events that a query keeps, or counts of them
  verify       check a log and report, without a screen
  checkpoint   sign how far a log goes, look who signed, take a copy away
  seal         sign a log that has weak hashes or none
  prove        show that an event is in a log, or that a log only grew
  check-proof  check what prove wrote
  keys         make the keys that sign, show their public half
  memory       what this console remembers of logs
  cache        the indexes of archives that this console keeps
  retention    delete the oldest events so that the rest stays verifiable
Each has a --help of its own. A first word that is a command is the command: open a
log of that name as ./verify, or after --, as in: audit-console -- verify

sources:
  Files, folders and globs are one log together: .jsonl and .log, also rotated, .gz or
  .zst; .parquet, also at s3://bucket/folder/. With - the log is read from standard
  input. postgresql://user@host/name or service=NAME is the log in a database. Without
  a SOURCE the console asks.

{CODES_IN_HELP}"""


def run(arguments: Sequence[str]) -> ExitCode:
    """Open the console on the given places.

    Raises:
        AuditConsoleError: a place is not a log, the policy or a checkpoint cannot be read, or
            there is no terminal.
    """
    options = _parser().parse_args(arguments)
    places = options.sources
    check_places(places)
    policy, notes = load_policy(options.policy), kept_notes(options.checkpoint)
    require_terminal(places)
    from audit_console.cli.retention_options import pruning
    from audit_console.cli.screen import Trusting, show

    indexes = indexes_folder() if config().index and not options.no_index else None
    verifier = Trusting(policy, notes)
    code = show(
        places,
        kept=replace(user_belongings(), policy=policy, read_key=console_key),
        open_log=verifier.opener(partial(open_source, keep=True, indexes=indexes)),
        verifier=verifier,
        pruning=pruning(options.policy, options.checkpoint),
    )
    for error in verifier.unsaid:
        say_error(error)
    return code


def user_belongings() -> Belongings:
    """Give what the user keeps beside the logs, in the folders of this system.

    Raises:
        UsageError: the keymap or the configuration cannot be used.
    """
    from platformdirs import user_data_path, user_state_path

    from audit_console.tui.belongings import Belongings
    from audit_console.tui.environments import environments_of

    return Belongings(
        user_state_path(PROGRAM),
        user_data_path(PROGRAM),
        keymap=_user_keymap(),
        environments=environments_of(config().environments),
    )


def _user_keymap() -> Keymap:
    """Read which keys do what for the user.

    Raises:
        UsageError: the keymap file cannot be used.
    """
    from platformdirs import user_config_path

    from audit_console.tui.keymap_file import FILE_NAME, read_keymap

    return read_keymap(user_config_path(PROGRAM) / FILE_NAME)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog=PROGRAM,
        usage=_USAGE,
        description="Look at an audit log in the terminal, with its hash chain checked.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="what to open")
    add_policy_option(parser)
    add_checkpoint_option(parser)
    parser.add_argument(
        "--no-index", action="store_true", help="neither use nor write an index of an archive"
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return parser


def require_terminal(places: Sequence[str] = ()) -> None:
    """Make sure that there is a screen, and keys beside a log that is piped in.

    Raises:
        UsageError: there is no terminal.
    """
    keys_from_input = "-" not in places
    if not sys.stderr.isatty() or (keys_from_input and not sys.stdin.isatty()):
        raise UsageError(
            "the console needs a terminal",
            hint="Without one, use: audit-console verify SOURCE",
        )
    if not keys_from_input and sys.stdin.isatty():
        raise UsageError("-: nothing is piped in", hint="Pipe a log in, or name a file")
