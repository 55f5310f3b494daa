"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.core.event import AuditEvent
from audit_console.demo import demo_events, write_demo

DIRECTORY_VARIABLES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


@pytest.fixture(autouse=True)
def user_directories(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep tests, and the programs that they start, out of the user's own directories."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for variable in DIRECTORY_VARIABLES:
        monkeypatch.setenv(variable, str(home / variable.lower()))
    return home


@pytest.fixture(scope="session")
def demo_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, tampered with; for reading alone."""
    return write_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def events_of_the_demo() -> list[AuditEvent]:
    """The demo before it was tampered with."""
    return list(demo_events())
