from __future__ import annotations

from audit_console.core.findings import Code
from audit_console.reports.explanations import EXPLANATIONS
from audit_console.reports.markdown import shown


def test_every_code_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Code)


def test_explanations_are_sentences_without_anything_to_escape() -> None:
    for explanation in EXPLANATIONS.values():
        for text in explanation:
            assert text.endswith(".")
            assert shown(text) == text
