"""`audit-console memory`: what this console remembers of logs, and to forget it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from audit_console.cli import trusting
from audit_console.cli.arguments import add_action, command_parser
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.output import write_stdout
from audit_console.cli.talk import say
from audit_console.errors import UsageError

NAME = "memory"


def run(arguments: Sequence[str]) -> ExitCode:
    """Show what is remembered, or forget one chain.

    Raises:
        AuditConsoleError: the memory cannot be read or written, or holds no such chain.
    """
    options = _parser().parse_args(arguments)
    memory = trusting.memory()
    if options.action == "forget":
        if not memory.forget(options.chain):
            raise UsageError(
                f"nothing is remembered of {options.chain}",
                hint="see the chains with: audit-console memory show",
            )
        say(f"forgotten: {options.chain}. Cuts and changes up to now go unnoticed from here on")
        return ExitCode.PASS
    from audit_console.core.event import format_time
    from audit_console.core.safe_text import safe_text

    lines = [
        f"{safe_text(one.chain, limit=300)}\t{one.size}\t{one.root.hex()}\t"
        f"{format_time(one.verified_at)}\n"
        for one in memory.all().values()
    ]
    if not lines:
        say("no log is remembered yet: one is when it was verified, or looked at on the screen")
    write_stdout(line.encode() for line in lines)
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        NAME, "Of each chain the console remembers the largest tree that it verified."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|forget")
    add_action(actions, "show", "print chain, events, tree head and when they were verified")
    forget = add_action(actions, "forget", "forget a chain, for instance one begun anew")
    forget.add_argument("chain", metavar="CHAIN", help="as memory show prints it")
    return parser
