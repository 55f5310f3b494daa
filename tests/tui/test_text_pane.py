"""Paragraphs are broken over lines that are easy to read."""

from __future__ import annotations

import pytest

from audit_console.tui.widgets.text_pane import Paragraph, wrapped


def lines_of(paragraph: Paragraph, width: int) -> list[str]:
    return ["".join(span.text for span in line) for line in wrapped(paragraph, width)]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        (Paragraph("one two three", is_prose=True), [" one two", " three"]),
        (Paragraph("· one two three", is_prose=True, indent=2), [" · one two", "   three"]),
        (Paragraph("by abcdefghijk", indent=3), [" by abcdefg", "    hijk"]),
        (Paragraph("by ", indent=3), [" by "]),
        (Paragraph("label one two", is_prose=True, indent=6), [" label one", " two"]),
    ],
    ids=["prose", "a point", "a field", "a field without a value", "no room to indent"],
)
def test_lines_behind_the_first_begin_under_its_text(
    paragraph: Paragraph, expected: list[str]
) -> None:
    assert lines_of(paragraph, 10) == expected
