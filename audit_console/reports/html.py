"""A report as one HTML file: no script, nothing fetched, and made to be printed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib import resources

from audit_console.reports.content import document_of
from audit_console.reports.document import Count, Document, Field, Section
from audit_console.reports.model import Report

_DEEPEST_HEADING = 6


def render_html(report: Report) -> str:
    """Print a report as an HTML document."""
    return html_of(document_of(report))


def html_of(document: Document) -> str:
    """Print a document as an HTML document."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield from _head(document.headline)
    yield f'<header class="{document.tone}">'
    yield f"<h1>{escape(document.headline)}</h1>"
    yield from _table(document.fields)
    yield "</header>"
    yield "<main>"
    for section in document.sections:
        yield from _section(section, 2)
    yield "</main>"
    yield f'<footer class="{document.tone}">{escape(document.ending)}</footer>'
    yield "</body>"
    yield "</html>"


def _head(title: str) -> Iterator[str]:
    style = resources.files(__package__).joinpath("report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'sha256-{digest}'\">"
    )
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{escape(title)}</title>"
    yield f"<style>{style}</style>"
    yield "</head>"
    yield "<body>"


def _section(section: Section, level: int) -> Iterator[str]:
    badge = f'<b class="badge">{escape(section.badge)}</b> ' if section.badge else ""
    heading = f"h{min(level, _DEEPEST_HEADING)}"
    yield f'<section class="{section.tone}">'
    yield f"<{heading}>{badge}{escape(section.title)}</{heading}>"
    for paragraph in section.paragraphs:
        yield f"<p>{escape(paragraph)}</p>"
    yield from _table(section.fields)
    yield from _counts(section.counts)
    if section.points:
        yield "<ul>"
        yield from (f"<li>{escape(point)}</li>" for point in section.points)
        yield "</ul>"
    for part in section.parts:
        yield from _section(part, level + 1)
    yield "</section>"


def _counts(counts: tuple[Count, ...]) -> Iterator[str]:
    if not counts:
        return
    yield '<table class="counts">'
    for count in counts:
        yield f'<tr><th scope="row">{count.number:,}</th><td>{escape(count.what)}</td></tr>'
    yield "</table>"


def _table(fields: tuple[Field, ...]) -> Iterator[str]:
    if not fields:
        return
    yield "<table>"
    for field in fields:
        label, value = escape(field.label), escape(field.value)
        cell = f'<td class="exact">{value}</td>' if field.exact else f"<td>{value}</td>"
        yield f'<tr class="{field.tone}"><th scope="row">{label}</th>{cell}</tr>'
    yield "</table>"
