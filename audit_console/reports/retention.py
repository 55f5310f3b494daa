"""What a preview of retention says, in the forms of other reports.

JSON has the schema `audit-console/retention-preview/1`: keys may be added, never renamed.
Text of the log stands in it exactly, ASCII-escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from audit_console.core.event import format_time
from audit_console.core.findings import Finding
from audit_console.core.holds import Hold
from audit_console.core.retention import PrunePlan
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import all_stay, count, seqs
from audit_console.reports.content import read_field, window_fields
from audit_console.reports.document import (
    Count,
    Document,
    Field,
    Section,
    Tone,
    counted,
    exact,
    named,
    worded,
)
from audit_console.reports.html import html_of
from audit_console.reports.json import json_text
from audit_console.reports.model import standing_of
from audit_console.reports.text import text_of
from audit_console.retention.going import Breakdown
from audit_console.retention.preview import Preview

SCHEMA = "audit-console/retention-preview/1"

SHOWN_ROWS = 10
"""Values of a field that are shown to people; JSON lists more, and all are counted."""

SEAL_FIRST = (
    "Nothing is deleted from a log in the orchestrator's format. Its first kept event would "
    "link to one that is gone, so the chain would lose its head and no check could tell "
    "retention from an attack. Seal the log first (audit-console seal SOURCE --key FILE), "
    "keep it whole as evidence, and let new events go into a log of format v1."
)


def headline_of(preview: Preview) -> str:
    """Say in one line what would go."""
    total = preview.events + preview.kept
    if not total:
        return "NOTHING to delete: the log has no event"
    if preview.plan is None and preview.chain is not None:
        return f"NOTHING to delete: {all_stay(total)}"
    verb = "would go" if preview.can_go else "are older than the cut-off, and none can go"
    return f"PREVIEW: {preview.events:,} of {total:,} events {verb}"


def meaning_for_verification(preview: Preview) -> str:
    """Say what a verification finds after the prune."""
    if preview.plan is None or not preview.can_go:
        return SEAL_FIRST if preview.is_foreign else "The log stays as it is."
    then = (
        f"The log then begins with seq {preview.plan.pruned_to:,}; its record vouches for what "
        "went, and every checkpoint over more events still verifies (PRUNED_PREFIX)."
    )
    return then if preview.backed else f"{then} {_not_backed(preview, preview.plan)}"


def _not_backed(preview: Preview, plan: PrunePlan) -> str:
    """Say what nothing will vouch for, what a verification makes of it, and what to do."""
    first = max(preview.backed_to, plan.pruned_from)
    graver = " With the witnesses of the policy that is a fault, and the log FAILS from then on."
    return (
        f"No trusted checkpoint from before the cut-off covers {seqs(first, plan.pruned_to - 1)}, "
        "so that nothing can show any more that what went was genuine "
        f"(PRUNE_NOT_BACKED).{graver if preview.names_witnesses else ''} "
        "Look for such a checkpoint that was kept elsewhere before anything is deleted."
    )


def render_text(preview: Preview) -> str:
    """Print a preview as lines of text that are safe for a terminal."""
    return text_of(document_of(preview))


def render_html(preview: Preview) -> str:
    """Print a preview as an HTML document."""
    return html_of(document_of(preview))


def document_of(preview: Preview) -> Document:
    """Lay out a preview; every text in it is safe to show."""
    sections = (*grounds_of(preview), *what_goes(preview))
    return Document(
        headline=headline_of(preview),
        tone=Tone.OPEN if preview.plan else Tone.PLAIN,
        fields=tuple(_heading(preview)),
        sections=tuple(one for one in sections if not one.is_empty),
        ending="Nothing was written to the log.",
    )


def grounds_of(preview: Preview) -> tuple[Section, ...]:
    """Lay out what stops a prune and what is held, what it means, the chain before and after."""
    return (
        Section(title="What stops it", parts=tuple(_stops(preview))),
        Section(title="Legal holds in force", parts=tuple(map(_hold, preview.holds))),
        Section(title="What it means", paragraphs=(meaning_for_verification(preview),)),
        Section(title="The chain", parts=tuple(_chain(preview))),
        Section(title="Checkpoints that cover it", parts=tuple(_covering(preview))),
    )


def what_goes(preview: Preview) -> tuple[Section, ...]:
    """Lay out what would go, or is old enough, by type, user, resource, result and day."""
    what = "What goes" if preview.can_go else "Older than the cut-off"
    of_fields = (_breakdown(what, one, preview.events) for one in preview.breakdowns)
    return tuple(one for one in (*of_fields, _days(what, preview)) if not one.is_empty)


def _heading(preview: Preview) -> Iterator[Field]:
    yield exact("source", f"{preview.source_label} ({preview.source_kind})")
    status = preview.status
    if status is not None:
        if status.complete:  # else its store was asked, and nothing was read
            yield read_field(status)
        yield from window_fields(status)
    if preview.chain is not None:
        yield exact("chain", preview.chain)
    yield worded(
        "cut-off",
        f"{format_time(preview.cutoff)}, everything is kept {count(preview.policy_days, 'day')}",
    )
    if preview.plan:
        plan = preview.plan
        yield worded("goes", seqs(plan.pruned_from, plan.pruned_to - 1))
        yield worded("recorded", f"{plan.first_recorded_at} to {plan.last_recorded_at}")
        yield worded("bytes", _bytes(preview))
        yield exact("plan", plan.sha256)
        yield _soundness(preview)


def _bytes(preview: Preview) -> str:
    if preview.bytes is not None:
        return f"{preview.bytes:,}"
    if preview.about_bytes is None:
        return "not known of a table without statistics"
    return f"about {preview.about_bytes:,}, free for new rows and not on the disk"


def _soundness(preview: Preview) -> Field:
    if preview.faults is None:
        return worded("verified", "not here; nothing is deleted before it is", Tone.OPEN)
    if preview.faults:
        codes = _codes(preview.faults)
        return worded("verified", f"NO: {codes}; this plan is refused", Tone.BAD)
    return worded("verified", "no fault among what goes", Tone.GOOD)


def _codes(faults: Iterable[Finding]) -> str:
    return ", ".join(sorted({found.code for found in faults}))


def _stops(preview: Preview) -> Iterator[Section]:
    if preview.is_foreign:
        yield Section(title="The format of the log: see what it means")
    if preview.faults:
        found = worded("found", _codes(preview.faults), Tone.BAD)
        yield Section(title="What goes does not verify: it is evidence, and stays", fields=(found,))
    for stop in preview.stops:
        first = "" if stop.first_seq is None else f", from seq {stop.first_seq:,} on"
        yield Section(
            title=safe_text(stop.reason),
            fields=(worded("keeps", f"{stop.events:,} of the events that are old enough{first}"),),
        )


def _hold(hold: Hold) -> Section:
    told = (worded("reason", hold.reason), worded("owner", hold.owner), exact("since", hold.at))
    return Section(title=named(f"{hold.id}: {hold.query}"), fields=told)


def _chain(preview: Preview) -> Iterator[Section]:
    if preview.last_seq is None or preview.first_seq is None:
        return
    head = exact("head", preview.head_hash or "")
    before = seqs(preview.first_seq, preview.last_seq)
    yield Section(title="before", fields=(worded("events", before), head))
    if preview.plan and preview.can_go:
        after = seqs(preview.plan.pruned_to, preview.last_seq + 1)
        told = "the last of which tells of the prune"
        link = exact("links to", preview.plan.last_event_hash)
        yield Section(title="after", fields=(worded("events", f"{after}, {told}"), link))


def _covering(preview: Preview) -> Iterator[Section]:
    for head in preview.covering[:SHOWN_ROWS]:
        yield Section(title=named(standing_of(head)))
    more = len(preview.covering) - SHOWN_ROWS
    if more > 0:
        yield Section(title=f"and {more:,} more")


def _breakdown(what: str, breakdown: Breakdown, events: int) -> Section:
    shown = breakdown.rows[:SHOWN_ROWS]
    rows = [_row(value, count) for value, count in shown]
    others = breakdown.values - len(shown)
    if others:
        rest = events - sum(count for _, count in shown)
        rows.append(counted(rest, f"in {others:,} more values"))
    return Section(title=f"{what}, by {breakdown.field}", counts=tuple(rows))


def _row(value: str | None, count: int) -> Count:
    return counted(count, "(missing)" if value is None else value)


def _days(what: str, preview: Preview) -> Section:
    rows = [counted(count, f"{day:%Y-%m-%d}") for day, count in preview.days if count]
    return Section(title=f"{what}, by day (UTC)", counts=tuple(rows))


def render_json(preview: Preview) -> str:
    """Print a preview as indented JSON that ends with a newline."""
    return json_text(_members(preview))


def render_plan(preview: Preview) -> str:
    """Print the plan alone, as `retention apply` takes it; nothing where there is none."""
    return "" if preview.plan is None else f"{preview.plan.text}\n"


def _members(preview: Preview) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "source": {"label": preview.source_label, "kind": preview.source_kind},
        "read": None
        if preview.status is None or not preview.status.complete
        else {
            "lines": preview.status.lines,
            "events": preview.status.events,
            "malformed": preview.status.malformed,
        },
        "chain": preview.chain,
        "plan": None if preview.plan is None else json.loads(preview.plan.text),
        "cutoff": format_time(preview.cutoff),
        "policy_days": preview.policy_days,
        "events": preview.events,
        "kept": preview.kept,
        "first_seq": preview.first_seq,
        "last_seq": preview.last_seq,
        "head_hash": preview.head_hash,
        "bytes": preview.bytes,
        "about_bytes": preview.about_bytes,
        "holds": [
            {
                "id": hold.id,
                "query": hold.query,
                "reason": hold.reason,
                "owner": hold.owner,
                "at": hold.at,
            }
            for hold in preview.holds
        ],
        "stops": [
            {"reason": stop.reason, "events": stop.events, "first_seq": stop.first_seq}
            for stop in preview.stops
        ],
        "by": {
            one.field: {
                "values": one.values,
                "rows": [{"value": value, "events": count} for value, count in one.rows],
            }
            for one in preview.breakdowns
        },
        "by_day": [{"day": f"{day:%Y-%m-%d}", "events": count} for day, count in preview.days],
        "checkpoints": [
            {"size": head.size, "trusted": head.trusted, "note": str(head.note)}
            for head in preview.covering
        ],
        "backed": preview.backed,
        "backed_to": preview.backed_to,
        "faults": None
        if preview.faults is None
        else sorted({found.code for found in preview.faults}),
        "previous_prune": preview.before.sha256 if preview.before else None,
        "means": meaning_for_verification(preview),
    }


RENDERERS: dict[str, Callable[[Preview], str]] = {
    "text": render_text,
    "json": render_json,
    "html": render_html,
    "plan": render_plan,
}
