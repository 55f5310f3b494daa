"""The lines of the small files beside a log, and what a crash leaves in them."""

from __future__ import annotations

import pytest

from audit_console.core.beside import lines_in

LINE = '{"note":"one"}'


def test_lines_are_given_without_those_that_are_empty() -> None:
    assert lines_in(b"") == []
    assert lines_in(f"{LINE}\n\n  \nno JSON\n".encode()) == [LINE, "no JSON"]
    assert lines_in(b"\xff\n") == ["\\xff"]


@pytest.mark.parametrize("left", ['{"note":"o', "\0" * 14, "{", "7", '"note"', "[" * 100_000])
def test_a_line_that_is_not_whole_is_not_there_yet(left: str) -> None:
    assert lines_in(f"{LINE}\n{left}".encode()) == [LINE]
    assert lines_in(f"{LINE}\n{left}\n".encode()) == [LINE, left]


def test_a_line_that_lacks_nothing_but_its_end_counts() -> None:
    assert lines_in(f"{LINE}\n{LINE}".encode()) == [LINE, LINE]
