"""A report as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from audit_console.reports.content import document_of
from audit_console.reports.document import Document, Section, aligned
from audit_console.reports.model import Report

_WIDTH = 90
_LABEL_WIDTH = 10
_BADGE_WIDTH = 8


def render_text(report: Report) -> str:
    """Print a report as lines of text that are safe for a terminal."""
    return text_of(document_of(report))


def text_of(document: Document) -> str:
    """Print a document as lines of text that are safe for a terminal."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield document.headline
    yield ""
    yield from _body(Section(title="", fields=document.fields), "  ")
    for section in document.sections:
        yield ""
        yield from _section(section, "")
    yield ""
    yield document.ending


def _section(section: Section, margin: str) -> Iterator[str]:
    badge = f"{section.badge:<{_BADGE_WIDTH}}" if section.badge else ""
    inner = margin + (" " * len(badge) or "  ")
    yield from _wrapped(section.title, inner, first=margin + badge)
    yield from _body(section, inner)


def _body(section: Section, margin: str) -> Iterator[str]:
    for paragraph in section.paragraphs:
        yield from _wrapped(paragraph, margin)
    for field in section.fields:
        first = f"{margin}{field.label:<{_LABEL_WIDTH}}"
        yield from _wrapped(field.value, " " * len(first), first=first)
    for number, what in aligned(section.counts):
        first = f"{margin}{number}  "
        yield from _wrapped(what, " " * len(first), first=first)
    for point in section.points:
        yield from _wrapped(point, f"{margin}  ", first=f"{margin}- ")
    for part in section.parts:
        yield from _section(part, margin)


def _wrapped(text: str, margin: str, *, first: str | None = None) -> Iterator[str]:
    """Break at spaces only: a hash, a path or an id stays in one piece to be copied."""
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=margin if first is None else first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [(first or "").rstrip()]
