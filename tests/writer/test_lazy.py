from __future__ import annotations

import pytest

from audit_console import writer


def test_another_missing_module_is_not_taken_for_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("no other", name="other")

    monkeypatch.setattr(writer, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="no other"):
        _ = writer.PostgresSink
