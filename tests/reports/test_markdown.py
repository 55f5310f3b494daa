"""The Markdown report: read by a parser, it is what was meant and nothing more."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from audit_console.core.safe_text import safe_text
from audit_console.reports.markdown import render_markdown
from tests.reports.builders import (
    EDITED,
    REMOVED,
    UNANCHORED,
    finding,
    hostile_report,
    report,
    verification,
)
from tests.support.effort import examples
from tests.support.hostile import HOSTILE

_READER = MarkdownIt("gfm-like", {"html": True, "linkify": True})

BEGINNING = """\
# FAIL: 2 faults found, 41 lines read

- **question**: Is every event of this log unaltered, and is every event there?
- **source**: `audit.jsonl (archive)`
- **read**: 41 lines: 40 events, 1 unreadable
- **checked**: 39 verified, 1 failed, 0 not checked
- **window**: `2026-11-01T00:00:00.000000Z to 2026-11-22T23:59:41.002314Z`
- **policy**: `none`
- **made**: `2026-11-23T04:12:09.000000Z by audit-console 1.2.3`

## Integrity: Is what is there unaltered?

- **NO**: content differs from its hash (EVENT_HASH_MISMATCH)
"""
OF_THE_GAP = """\
### FAULT: GAP (critical): events are missing inside the chain

Numbers are missing inside the chain. Every event has a number when it is written, so the \
events were taken out afterwards.

- **next**: Look for the missing numbers in backups and in copies sent elsewhere. Look at \
what happened just before and after the gap.

#### 1,200 events are missing

- **where**: `audit.example.org/prod · seq 20 to 1,219`
"""


def _tokens(markdown: str) -> Iterator[Token]:
    for token in _READER.parse(markdown):
        yield token
        yield from token.children or ()


def _shape(markdown: str) -> list[str]:
    """What kinds of things stand in a text; words and code spans are both texts."""
    text_kinds = {"text", "code_inline"}
    kinds = ["text" if token.type in text_kinds else token.type for token in _tokens(markdown)]
    return [kind for at, kind in enumerate(kinds) if (kind, *kinds[at - 1 : at]) != ("text",) * 2]


def _texts(markdown: str) -> list[str]:
    return [token.content for token in _tokens(markdown) if token.type in {"text", "code_inline"}]


def test_the_report_as_it_is_read() -> None:
    printed = render_markdown(report(verification(EDITED, REMOVED, UNANCHORED)))
    assert printed.startswith(BEGINNING)
    assert OF_THE_GAP in printed
    assert printed.endswith("\n**FAIL: 2 faults found, 41 lines read (exit code 1)**\n")


def test_the_same_input_gives_the_same_bytes() -> None:
    made = report(verification(EDITED, REMOVED, UNANCHORED))
    assert render_markdown(made) == render_markdown(made)


@examples(150)
@given(HOSTILE)
def test_log_text_makes_no_markup(text: str) -> None:
    printed = render_markdown(hostile_report(text))
    assert _shape(printed) == _shape(render_markdown(hostile_report("alice")))
    shown = safe_text(text, limit=300)
    assert "".join(_texts(printed)).count(shown) >= 9


@examples(50)
@given(HOSTILE)
def test_log_text_is_on_one_line_of_drawn_characters(text: str) -> None:
    printed = render_markdown(report(verification(finding(EDITED.code, text))))
    assert all(safe_text(line, limit=10_000) == line for line in printed.splitlines())
