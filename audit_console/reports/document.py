"""A report as headings, fields and paragraphs: what the renderers for people share.

Every text in a document went through `core.safe_text` and is one line. A renderer adds
the escapes of its own form, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from audit_console.core.safe_text import safe_text

LONGEST_NAME = 300


class Tone(StrEnum):
    """How something stands, for renderers that have colours; the words say it too."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Field:
    """A value and what it is. An `exact` one is a hash, an id or a name, to be copied."""

    label: str
    value: str
    tone: Tone = Tone.PLAIN
    exact: bool = False


def worded(label: str, value: str, tone: Tone = Tone.PLAIN) -> Field:
    """Make a field of words, safe to show."""
    return Field(label, safe_text(value), tone)


def exact(label: str, value: str) -> Field:
    """Make a field of a hash, an id or a name, safe to show."""
    return Field(label, safe_text(value), exact=True)


@dataclass(frozen=True, slots=True)
class Count:
    """So many of what."""

    number: int
    what: str


def counted(number: int, what: str) -> Count:
    """Make a count, safe to show."""
    return Count(number, safe_text(what))


def aligned(counts: Sequence[Count]) -> Iterator[tuple[str, str]]:
    """Give each number, as wide as the widest and right-aligned, and what it counts."""
    numbers = [f"{count.number:,}" for count in counts]
    widest = max(map(len, numbers), default=0)
    for number, count in zip(numbers, counts, strict=True):
        yield number.rjust(widest), count.what


def named(name: str) -> str:
    """Make the title of a section out of a name, safe to show."""
    return safe_text(name, limit=LONGEST_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it, in the order of the attributes.

    `badge` is a word before the title, such as FAULT.
    """

    title: str
    badge: str = ""
    tone: Tone = Tone.PLAIN
    paragraphs: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    counts: tuple[Count, ...] = ()
    points: tuple[str, ...] = ()
    parts: tuple[Section, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands under the heading."""
        return not (self.paragraphs or self.fields or self.counts or self.points or self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report: the verdict first and last, in between what it rests on."""

    headline: str
    tone: Tone
    fields: tuple[Field, ...]
    sections: tuple[Section, ...]
    ending: str
