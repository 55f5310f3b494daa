"""How findings are worded: on a line of the list, and in full with what surrounds them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit_console.core.findings import Code, Finding
from audit_console.core.wording import seqs
from audit_console.reports.explanations import EXPLANATIONS
from audit_console.reports.model import CLASS_ORDER, meaning
from audit_console.tui.locating import Neighbours
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.text_pane import Paragraph
from audit_console.tui.wording import CLASSES, moment, number

HALF_HASH = 32
WIDE_NEIGHBOURS = 100
"""Cells from which on neighbours have their year and type."""

_STORED_WORDS: dict[Code, tuple[str, str]] = {
    Code.EVENT_HASH_MISMATCH: ("hash stored with it", "hash of its content now"),
    Code.CHECKPOINT_ROOT_MISMATCH: ("tree head that was signed", "tree head of the log"),
    Code.PREVIOUS_HASH_MISMATCH: ("links to", "the event before has"),
}
_STORED = ("stored", "expected")


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Put faults first, then open questions, then notices; each in the order found."""
    return sorted(findings, key=lambda finding: CLASS_ORDER.index(finding.finding_class))


def finding_line(finding: Finding, place_width: int) -> Line:
    """Word a finding on one line, its place on `place_width` characters."""
    symbol = CLASSES[finding.finding_class]
    return (
        Span(" "),
        symbol,
        Span(f"  {place(finding):<{place_width}}  ", "muted"),
        Span(f"{finding.message}  "),
        Span(finding.code.value, symbol.role),
    )


def place(finding: Finding) -> str:
    """Say where a finding is: by seq, else by file and line."""
    if finding.first_seq is not None:
        return seqs(finding.first_seq, finding.last_seq or finding.first_seq)
    if finding.line is not None:
        return f"{finding.file or 'line'}:{number(finding.line)}"
    return finding.file or ("the chain" if finding.chain else "the log")


def finding_text(
    finding: Finding, width: int, found: Neighbours | None = None
) -> list[Paragraph | Line]:
    """Word a finding in full: what it means, what to do, its neighbours, and both values.

    Args:
        finding: what was found.
        width: cells of a line, on which two hashes stand side by side, each in two halves.
        found: the event and those beside it; None while they are looked for.
    """
    symbol = CLASSES[finding.finding_class]
    explained = EXPLANATIONS[finding.code]
    severity = finding.severity.name.lower()
    return [
        Paragraph(finding.message, symbol.role, is_prose=True),
        Paragraph(explained.meaning, is_prose=True),
        Paragraph(explained.next_step, "name", is_prose=True),
        (),
        *(_neighbours(found, width) if found is not None else ()),
        *_values(finding, width),
        Paragraph(" · ".join(_where(finding)), "muted", is_prose=True),
        Paragraph(
            f"{finding.code.value} ({severity}): {meaning(finding.code)}", "muted", is_prose=True
        ),
    ]


def _where(finding: Finding) -> Iterator[str]:
    if finding.chain:
        yield f"chain {finding.chain}"
    if finding.first_seq is not None or finding.line is None:
        yield place(finding)
    if finding.line is not None:
        yield f"{finding.file or 'line'}:{number(finding.line)}"
    if finding.event_id is not None:
        yield f"id {finding.event_id}"


def _values(finding: Finding, width: int) -> Iterator[Line | Paragraph]:
    """Put what is stored beside what is expected, or above it where they do not fit."""
    stored, expected = _STORED_WORDS.get(finding.code, _STORED)
    pairs = [(stored, finding.stored), (expected, finding.computed)]
    pairs = [(label, value) for label, value in pairs if value is not None]
    if not pairs:
        return
    if len(pairs) == 2 and width > 2 * (HALF_HASH + 1):
        yield tuple(Span(f" {label:<{HALF_HASH}}", "heading") for label, _ in pairs)
        for at in (0, HALF_HASH):
            yield tuple(
                Span(f" {(value or '')[at : at + HALF_HASH]:<{HALF_HASH}}", role)
                for (_, value), role in zip(pairs, ("bad", "ok"), strict=True)
            )
    else:
        for (label, value), role in zip(pairs, ("bad", "ok"), strict=False):
            yield Paragraph(label, "heading")
            yield Paragraph(value or "", role)
    yield ()


# --- the event and its neighbours -------------------------------------------------------


def _neighbours(found: Neighbours, width: int) -> Iterator[Line]:
    """Draw an event between those before and after it."""
    yield event_line(" before ", found.before, width)
    for row in found.rows:
        yield event_line(" ▸ here ", row, width)
    if not found.rows:
        yield (Span(" ▸ here ", "key"), Span("✘ no event stands here", "bad"))
    yield event_line(" after  ", found.behind, width)
    yield ()


def event_line(label: str, row: EventRow | None, width: int) -> Line:
    """Draw an event on one line behind a label."""
    role = "key" if "▸" in label else "muted"
    if row is None:
        return (Span(label, role), Span("— no event of this chain", "muted"))
    is_wide = width >= WIDE_NEIGHBOURS
    names = ("type", "user", "action", "resource") if is_wide else ("user", "action", "resource")
    seq = "" if row["seq"] is None else f"seq {number(row['seq'])}  "
    check = columns.cell(row, columns.BY_NAME["check"], 1)
    time = moment(row["timestamp"], width=19 if is_wide else 14)
    head = (Span(label, role), check, Span(f" {seq}{time}  "))
    room = width - sum(len(span.text) for span in head) - len(names) - 2
    cells = [columns.cell(row, columns.BY_NAME[name], max(6, room // len(names))) for name in names]
    return (*head, *(part for one in cells for part in (one, Span(" "))))
