from __future__ import annotations

import pytest

from audit_console.core.explanations import EXPLANATIONS
from audit_console.core.findings import Code


@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained_in_sentences_without_its_name(code: Code) -> None:
    for text in EXPLANATIONS[code]:
        assert text[0].isupper()
        assert text.endswith(".")
        assert len(text) <= 320
        assert code not in text


def test_nothing_else_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Code)
