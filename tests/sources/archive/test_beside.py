"""What stands beside a log is read, as far as it can belong to one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit_console.core.beside import CHECKPOINTS
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive import beside, open_archive


def test_a_file_without_end_beside_a_log_is_not_held(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "MAX_BYTES", 10)
    notes = log.with_name(f"{log.stem}{CHECKPOINTS}")
    notes.write_text("123456789\n")
    with closing(open_archive([str(log)], keep=False)) as source:
        assert source.checkpoints() == ["123456789"]
    notes.write_text("1234567890\n")
    with pytest.raises(SourceUnreadable, match="too many to be what belongs to a log"):
        open_archive([str(log)], keep=False)


def test_lines_without_end_beside_a_log_are_not_held(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "MAX_LINES", 2)
    notes = log.with_name(f"{log.stem}{CHECKPOINTS}")
    notes.write_text("a\nb\n")
    with closing(open_archive([str(log)], keep=False)) as source:
        assert source.checkpoints() == ["a", "b"]
    notes.write_text("a\nb\n\n")
    with pytest.raises(SourceUnreadable, match="over 2 lines, too many"):
        open_archive([str(log)], keep=False)
