from __future__ import annotations

import pytest

from audit_console import writer
from audit_console.errors import SinkUnavailable
from audit_console.writer import AuditLogger
from audit_console.writer.testing import MemorySink


def test_another_missing_module_is_not_taken_for_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("no other", name="other")

    monkeypatch.setattr(writer, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="no other"):
        _ = writer.PostgresSink


def test_a_closed_queue_takes_nothing() -> None:
    log = AuditLogger(MemorySink(), background=True)
    log.close()
    with pytest.raises(SinkUnavailable):
        log.log_auth_attempt("alice", success=True)
