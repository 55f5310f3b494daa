"""`audit-console retention preview`: what a prune would delete. The log is only read."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_console.cli import trusting
from audit_console.cli.arguments import add_action, add_sources
from audit_console.cli.exit_codes import ExitCode
from audit_console.cli.opening import open_source
from audit_console.cli.output import checked_target, form_of, put_out, target_of
from audit_console.cli.retention_options import retention_policy
from audit_console.cli.scratch import scratch_folder
from audit_console.cli.talk import say
from audit_console.errors import UsageError
from audit_console.search.whole_files import check_target

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.retention.preview import Preview


def add_to(actions: Any) -> None:
    """Add the action to the parser of the command."""
    parser = add_action(actions, "preview", "say what would go, and change nothing")
    add_sources(parser)
    parser.add_argument(
        "--keep",
        metavar="90d",
        help="days that everything is kept (default: as configured, else 90d)",
    )
    parser.add_argument("--before", metavar="DATE", help="keep what was recorded from then on")
    add_chain_option(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "html"),
        help="how to print (default: as the name of -o ends, else text)",
    )
    parser.add_argument("--plan", metavar="FILE", help="write the plan to a new file, for apply")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the preview to a new file")
    parser.add_argument("--force", action="store_true", help="let files be replaced")
    trusting.add_policy_option(parser)
    trusting.add_checkpoint_option(parser)
    parser.set_defaults(run=_run)


def add_chain_option(parser: argparse.ArgumentParser) -> None:
    """Let an action be told which chain of a log is meant."""
    parser.add_argument("--chain", metavar="NAME", help="which one, if the log has several")


def _run(options: argparse.Namespace) -> ExitCode:
    target, plan = checked_target(options, options.sources), target_of(options.plan)
    if plan is not None:
        check_target(plan, force=options.force, places=options.sources)
    from audit_console.reports.retention import RENDERERS, headline_of

    made = _preview(options)
    form = form_of(options, {".json": "json", ".html": "html"}, "text")
    put_out([RENDERERS[form](made).encode()], target, force=options.force)
    if target is not None:
        say(f"{target}: {headline_of(made)}")
    if options.plan is not None:
        _put_out_plan(made, plan, force=options.force)
    return ExitCode.PASS


def _put_out_plan(made: Preview, target: Path | None, *, force: bool) -> None:
    from audit_console.reports.retention import render_plan

    if made.plan is None:
        say("nothing goes, so there is no plan")
        return
    put_out([render_plan(made).encode()], target, force=force)
    say(f"plan {made.plan.sha256} is in {target or 'standard output'}")


def _preview(options: argparse.Namespace) -> Preview:
    from audit_console.cli.watch import verify_watched
    from audit_console.core.event import format_time
    from audit_console.core.retention import Limits
    from audit_console.core.wording import count
    from audit_console.retention.previewing import holds_of, preview
    from audit_console.retention.soundness import judged

    now = datetime.now(UTC)
    policy = retention_policy(options.keep)
    before = _moment(options.before, now)
    cutoff = policy.cutoff(now, before)
    if before is not None and cutoff < before:
        say(
            f"--before {options.before} is within the {count(policy.days, 'day')} that everything "
            f"is kept: the cut-off is {format_time(cutoff)}"
        )
    trust = trusting.load_trust(options.policy, options.checkpoint)
    with scratch_folder(), closing(open_source(options.sources, keep=True)) as source:
        limits = Limits(cutoff, policy, holds_of(source))
        is_table = source.status.asks_store
        verification = None if is_table else verify_watched(source, trust=trust, roots=False)
        made = preview(source, limits, chain=options.chain, trust=trust)
    return judged(made, verification)


def _moment(text: str | None, now: datetime) -> datetime | None:
    from audit_console.core.timespan import EXPECTED, Anchor, read_moment

    if text is None:
        return None
    try:
        return read_moment(text, Anchor(now)).start
    except ValueError as error:
        raise UsageError(f"--before {text}: {error}", hint=EXPECTED) from None
