"""What no store keeps is replaced, in a text and in its JSON alike."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from audit_console.core.json_object import quote, storable, storable_json
from tests.support.effort import examples

PARTS = st.sampled_from(["\0", "\\", "u0000", '"', "\ud800", "\udc00", "é", "😀", "\n", "x"])


@examples(300)
@given(st.lists(st.lists(PARTS | st.characters(), max_size=8).map("".join), max_size=3))
@example(["\\u0000", "\\\\u0000", "\\\0", "\\\\\0u0000"])
@example(["\ud83d", "\ude00"])
def test_printed_texts_become_what_the_storable_texts_print(texts: list[str]) -> None:
    printed = ",".join(quote(text) for text in texts)
    assert storable_json(printed) == ",".join(quote(storable(text)) for text in texts)
