"""A report as Markdown (CommonMark), in which text of the log is never markup.

A text of plain words stands as it is. Any other stands in a code span, which nothing
inside can leave and in which no reader finds a link, a mention or an emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit_console.reports.content import document_of
from audit_console.reports.document import Document, Field, Section
from audit_console.reports.model import Report

_PLAIN_WORDS = re.compile(
    r"(?![0-9]+[.)])[A-Za-z0-9]"  # neither a sign nor a number that begins a list
    r"(?:[A-Za-z0-9 ,;()'×·?]"
    r"|(?<=[A-Za-z0-9])[-_](?=[A-Za-z0-9])"
    r"|[.:](?= |$))*"  # inside a word they could make a link
)
_BACKTICKS = re.compile("`+")
_DEEPEST_HEADING = 6


def render_markdown(report: Report) -> str:
    """Print a report as Markdown."""
    return "\n".join(_lines(document_of(report))) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {shown(document.headline)}"
    yield from _list(_field(field) for field in document.fields)
    for section in document.sections:
        yield from _section(section, 2)
    yield ""
    yield f"**{shown(document.ending)}**"


def _section(section: Section, level: int) -> Iterator[str]:
    badge = f"{section.badge}: " if section.badge else ""
    yield ""
    yield f"{'#' * min(level, _DEEPEST_HEADING)} {badge}{shown(section.title)}"
    for paragraph in section.paragraphs:
        yield ""
        yield shown(paragraph)
    yield from _list(_field(field) for field in section.fields)
    yield from _list(f"{count.number:,}: {shown(count.what)}" for count in section.counts)
    yield from _list(shown(point) for point in section.points)
    for part in section.parts:
        yield from _section(part, level + 1)


def _list(items: Iterator[str]) -> Iterator[str]:
    for number, item in enumerate(items):
        if not number:
            yield ""
        yield f"- {item}"


def _field(field: Field) -> str:
    return f"**{field.label}**: {(_code if field.exact else shown)(field.value)}"


def shown(text: str) -> str:
    """Write a text, one line that is safe to show, so that it is text and nothing else."""
    return text if _PLAIN_WORDS.fullmatch(text) else _code(text)


def _code(text: str) -> str:
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if not text or text[0] in " `" or text[-1] in " `" else ""
    return f"{fence}{pad}{text}{pad}{fence}"
