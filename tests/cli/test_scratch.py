"""Where temporary files go, and that nothing of them stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from audit_console.cli import scratch
from audit_console.cli.scratch import scratch_folder


@pytest.fixture(autouse=True)
def unnamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(scratch, "ROOMY", str(tmp_path))


def test_temporary_files_are_on_disk_and_private_and_go(tmp_path: Path) -> None:
    before = tempfile.gettempdir()
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        assert tempfile.gettempdir() == str(folder)
        (folder / "lines").write_bytes(b"{}")
    assert not list(tmp_path.iterdir())
    assert tempfile.gettempdir() == before


def test_the_environment_has_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.setattr("tempfile.tempdir", None)
    with scratch_folder() as folder:
        assert folder.parent == own


def test_without_a_roomy_folder_the_system_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "ROOMY", str(tmp_path / "not-there"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
