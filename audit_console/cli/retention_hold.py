"""`audit-console retention hold`: events that nobody may delete, whatever their age."""

from __future__ import annotations

import argparse
import secrets
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from audit_console.cli.arguments import add_action
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import write_lines
from audit_console.cli.retention_options import require_reason, this_user
from audit_console.cli.retention_preview import add_chain_option
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.errors import UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.core.holds import Hold, HoldChange


def add_to(actions: Any) -> None:
    """Add the action to the parser of the command."""
    parser = add_action(actions, "hold", "keep events whatever their age")
    changes = parser.add_subparsers(dest="change", required=True, metavar="add|remove|list")
    add = add_action(changes, "add", "hold the events that a query keeps")
    remove = add_action(changes, "remove", "end a hold")
    show = add_action(changes, "list", "print the holds in force")
    for one in (add, remove, show):
        one.add_argument("source", metavar="SOURCE", help="file, folder, glob or a database")
    add.add_argument("query", metavar="QUERY", help="which events, in the query language")
    remove.add_argument("id", metavar="ID", help="as list prints it")
    for one in (add, remove):
        one.add_argument("--reason", required=True, metavar="WHY", help="told in the chain")
        one.add_argument("--owner", metavar="NAME", help="who answers for it (default: this user)")
        add_chain_option(one)
    add.set_defaults(run=_add)
    remove.set_defaults(run=_remove)
    show.set_defaults(run=_list)


def _add(options: argparse.Namespace) -> ExitCode:
    from audit_console.core.holds import HoldChange
    from audit_console.core.lasting import lasting_text

    now = datetime.now(UTC)
    query = lasting_text(options.query, now)
    hold = _hold(options, secrets.token_hex(4), query, now)
    _change(options, HoldChange("add", hold), now)
    say(f"{hold} is in force")
    return ExitCode.PASS


def _remove(options: argparse.Namespace) -> ExitCode:
    from audit_console.core.holds import HoldChange

    now = datetime.now(UTC)
    held = {hold.id: hold for hold in _holds(options)}
    if options.id not in held:
        raise UsageError(
            f"no hold {options.id!r} is in force",
            hint="see which are: audit-console retention hold list SOURCE",
        )
    hold = _hold(options, options.id, held[options.id].query, now)
    _change(options, HoldChange("remove", hold), now)
    say(f"{held[options.id]} is ended")
    return ExitCode.PASS


def _list(options: argparse.Namespace) -> ExitCode:
    holds = _holds(options)
    write_lines(f"{hold} since {hold.at}" for hold in holds)
    if not holds:
        say("no hold is in force")
    return ExitCode.PASS


def _hold(options: argparse.Namespace, hold_id: str, query: str, now: datetime) -> Hold:
    from audit_console.core.event import format_time
    from audit_console.core.holds import Hold

    owner = options.owner or this_user()
    reason = require_reason(options.reason)
    return Hold(id=hold_id, query=query, reason=reason, owner=owner, at=format_time(now))


def _holds(options: argparse.Namespace) -> list[Hold]:
    from audit_console.retention.previewing import holds_of

    with scratch_folder(), closing(open_source([options.source], keep=False)) as source:
        return list(holds_of(source))


def _change(options: argparse.Namespace, change: HoldChange, now: datetime) -> None:
    from audit_console.retention.opening import pruner_of

    pruner_of([options.source], options.chain).change_holds(change, now)
