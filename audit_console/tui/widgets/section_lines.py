"""Sections of a report, as a pane shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from audit_console.reports.document import Field, Section, Tone, aligned
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.text_pane import Paragraph

LABEL_WIDTH = 9
ROLES = {Tone.GOOD: "ok", Tone.BAD: "bad", Tone.OPEN: "warn", Tone.PLAIN: ""}


def section_parts(section: Section) -> Iterator[Paragraph | Line]:
    """Lay out a section under its heading; one that has nothing in it says so."""
    yield (Span(f" {section.title}", "heading"),)
    yield from _content(section)
    if section.is_empty:
        yield Paragraph("none", "muted")
    yield ()


def _content(section: Section) -> Iterator[Paragraph | Line]:
    for paragraph in section.paragraphs:
        yield Paragraph(paragraph, is_prose=True)
    for field in section.fields:
        yield _field(field)
    for number, what in aligned(section.counts):
        yield Paragraph(f"{number}  {what}")
    for point in section.points:
        yield Paragraph(f"· {point}", is_prose=True, indent=2)
    for part in section.parts:
        yield Paragraph(part.title, "name")
        yield from _content(part)


def _field(field: Field) -> Paragraph:
    role = ROLES[field.tone] or ("muted" if field.exact else "")
    label = f"{field.label:<{LABEL_WIDTH}} "
    return Paragraph(label + field.value, role, is_prose=not field.exact, indent=len(label))
