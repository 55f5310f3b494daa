"""The HTML report: one file, no script, nothing fetched, nothing of the log is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from hypothesis import given

from audit_console.core.safe_text import safe_text
from audit_console.reports.html import render_html
from tests.reports.builders import (
    EDITED,
    REMOVED,
    SHUFFLED,
    UNANCHORED,
    hostile_report,
    report,
    verification,
)
from tests.support.effort import examples
from tests.support.hostile import HOSTILE

_VOID = {"meta"}


class _Reader(HTMLParser):
    """Collects tags with their attributes, and the text of each element."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self._pieces: list[str] = []
        self.open: list[str] = []
        self.feed(document)
        self.close()

    @property
    def texts(self) -> list[str]:
        return [piece.strip() for piece in self._pieces]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self._pieces.append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._pieces:
            self._pieces[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def _whole() -> str:
    return render_html(report(verification(EDITED, REMOVED, UNANCHORED, SHUFFLED)))


def test_it_is_well_formed_and_says_all() -> None:
    reader = _Reader(_whole())
    assert not reader.open
    headline = "FAIL: 2 faults found, 41 lines read"
    assert reader.texts.count(headline) == 2, "in the title and in the heading"
    assert f"{headline} (exit code 1)" in reader.texts
    for text in (EDITED.message, EDITED.stored, EDITED.computed, REMOVED.message, "ab" * 32):
        assert text in reader.texts
    assert "who wrote the log" in reader.texts


def test_a_finding_says_how_it_stands_in_words_and_not_only_in_colour() -> None:
    badges = re.findall(r'<section class="(\w+)">\n<h3><b class="badge">(\w+)</b>', _whole())
    assert badges == [("bad", "FAULT"), ("bad", "FAULT"), ("open", "OPEN"), ("plain", "NOTICE")]


def test_it_fetches_nothing_and_runs_nothing() -> None:
    document = _whole()
    reader = _Reader(document)
    names = {name for _, attributes in reader.tags for name, _ in attributes}
    assert names == {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "img", "a", "iframe"}
    assert "url(" not in document
    assert "@import" not in document


def test_its_policy_allows_its_own_style_alone() -> None:
    document = _whole()
    (style,) = re.findall("<style>(.*?)</style>", document, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in document


def test_it_is_made_for_light_dark_and_paper() -> None:
    document = _whole()
    assert "@media (prefers-color-scheme: dark)" in document
    assert "@media print" in document


def test_the_same_input_gives_the_same_bytes() -> None:
    assert _whole() == _whole()


@examples(150)
@given(HOSTILE)
def test_log_text_makes_no_markup(text: str) -> None:
    reader = _Reader(render_html(hostile_report(text)))
    harmless = _Reader(render_html(hostile_report("alice")))
    assert reader.tags == harmless.tags
    assert not reader.open
    shown = safe_text(text, limit=300).strip()
    assert sum(shown in found for found in reader.texts) >= 9
