"""The compiled pass, where tests of it or without it need to know of it."""

from __future__ import annotations

import pytest

from audit_console.columns import compiled

# Where it could be compiled, `.ci/run` fails without it.
NEEDS_COMPILED = pytest.mark.skipif(
    compiled.sound_run is None,
    reason="nothing was compiled: no compiler here, or no instructions for SHA-256",
)


def without_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a machine does that could not compile it."""
    monkeypatch.setattr(compiled, "sound_run", None)
    monkeypatch.setattr(compiled, "parents", None)
