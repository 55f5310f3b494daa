"""What the console remembers of a log, and that it forgets nothing by itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_console.core.vouchers import Remembered
from audit_console.errors import AuditConsoleError
from audit_console.integrity.memory import WitnessMemory

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TREE = Remembered("audit.example.org/a", 40, bytes(32), NOW)
OTHER = replace(TREE, chain="audit.example.org/b")

REMEMBER_MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from audit_console.core.vouchers import Remembered
from audit_console.integrity.memory import WitnessMemory
memory = WitnessMemory(Path(sys.argv[1]))
for size in range(1, 41):
    memory.remember([Remembered(f"chain/{sys.argv[2]}/{size % 4}", size, bytes(32),
                                datetime(2026, 11, 24, tzinfo=UTC))])
"""


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert WitnessMemory(tmp_path).all() == {}
    WitnessMemory(tmp_path).remember([])
    assert list(tmp_path.iterdir()) == []


def test_the_largest_tree_of_a_chain_is_kept(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path / "state")
    memory.remember([TREE, OTHER])
    memory.remember([replace(TREE, size=39), replace(OTHER, size=41)])
    expected = {TREE.chain: TREE, OTHER.chain: replace(OTHER, size=41)}
    assert WitnessMemory(tmp_path / "state").all() == expected


def test_a_chain_is_forgotten_on_request_only(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path)
    memory.remember([TREE, OTHER])
    assert memory.forget(TREE.chain)
    assert not memory.forget(TREE.chain)
    assert memory.all() == {OTHER.chain: OTHER}


def test_a_tree_is_witnessed_only_if_it_was_held_to_what_is_remembered(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path)
    memory.witness(TREE, None)
    memory.witness(replace(TREE, size=39), TREE)
    assert memory.all() == {TREE.chain: TREE}
    for seen in (TREE, replace(TREE, root=bytes(range(32))), replace(TREE, size=41)):
        with pytest.raises(AuditConsoleError, match="verified here by another run meanwhile"):
            memory.witness(seen, None)
    assert memory.all() == {TREE.chain: TREE}
    memory.witness(replace(TREE, size=41), TREE)
    assert memory.all() == {TREE.chain: replace(TREE, size=41)}


def test_a_memory_is_on_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []

    def sync_folder(folder: Path) -> None:
        synced.append((folder / "witness.json").exists())

    monkeypatch.setattr("audit_console.kept_file.sync_folder", sync_folder)
    WitnessMemory(tmp_path).remember([TREE])
    assert synced == [True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"chains seen":{}}',
        '{"chains seen":[7]}',
        '{"chains seen":[{"chain":"a","size":0,"root":"","verified_at":"2026-11-24T00:00:00Z"}]}',
        '{"chains seen":[{"chain":"a","size":7,"root":"","verified_at":"2026-11-24T00:00:00Z"}]}',
        '{"chains seen":[{"chain":"a"}]}',
    ],
)
def test_a_broken_memory_is_no_empty_memory(tmp_path: Path, text: str) -> None:
    path = tmp_path / "witness.json"
    path.write_text(text, encoding="utf-8")
    memory = WitnessMemory(tmp_path)
    for work in (memory.all, lambda: memory.remember([TREE]), lambda: memory.forget("a")):
        with pytest.raises(AuditConsoleError, match="cannot be read"):
            work()
    assert path.read_text("utf-8") == text


def test_consoles_that_run_at_once_lose_nothing(tmp_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", REMEMBER_MANY, str(tmp_path), str(number)])
        for number in range(2)
    ]
    assert [process.wait() for process in running] == [0, 0]
    sizes = {chain: one.size for chain, one in WitnessMemory(tmp_path).all().items()}
    expected = {f"chain/{n}/{rest}": 36 + (rest or 4) for n in range(2) for rest in range(4)}
    assert sizes == expected
