"""How a range of time stands that was verified on its own. Pure."""

from __future__ import annotations

from datetime import datetime

from audit_console.core.findings import Code, Verdict
from audit_console.core.wording import count
from audit_console.integrity.verification import Verification
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.finding_lines import finding_line, in_order, place
from audit_console.tui.widgets.text_pane import Paragraph
from audit_console.tui.wording import moment, number


def range_parts(start: datetime, end: datetime, found: Verification) -> list[Paragraph | Line]:
    """Say what was verified, how it stands, and what that does not show."""
    findings = [one for one in in_order(found.findings) if one.code is not Code.RANGE_NOT_COVERED]
    faults = found.verdict is Verdict.FAIL
    events = sum(chain.events for chain in found.chains)
    verdict = Span("✘ faults in it", "bad") if faults else Span("◐ no fault in it", "warn")
    width = max((len(place(one)) for one in findings), default=0)
    times = f"{moment(start, width=19)} to {moment(end, width=19)} UTC"
    return [
        (Span(" Range verified  ", "heading"), verdict),
        Paragraph(times),
        Paragraph(
            f"{count(events, 'event')} from its first to its last event: "
            f"{number(found.verified)} verified, {number(found.failed)} failed, "
            f"{number(found.not_checked)} not checked",
            is_prose=True,
        ),
        *(finding_line(one, width) for one in findings),
        Paragraph("This range does not show", "muted"),
        *(Paragraph(f"· {sentence}", is_prose=True, indent=2) for sentence in found.cannot_show),
        (),
    ]
