"""Evidence packages made on the screen, checked by the script that is in them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.cli.opening import open_source
from audit_console.core.notes import KeyType
from audit_console.core.policy import parse_policy
from audit_console.errors import KeyFileError
from audit_console.integrity.trust import Trust
from audit_console.integrity.verifier import verify
from audit_console.signing import SigningKey, new_key
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Batch
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.packages import files_of, manifest_of, refusal
from tests.support.places import V1_VECTORS
from tests.support.tables import store_v1
from tests.tui.support import (
    GatedSource,
    make_app,
    make_event,
    make_lines,
    screen_text,
    until,
    until_loaded,
    until_shown,
)

PACKAGE = Path("case.zip")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class HeldSource(MemorySource):
    """Is read a second time, for the proofs, only when the test lets it."""

    def __init__(self, lines: list[bytes]) -> None:
        super().__init__(lines, label="held", batch_lines=5)
        self.passes = 0
        self.go_on = threading.Event()

    def batches(self) -> Generator[Batch]:
        """Wait before the second pass."""
        self.passes += 1
        if self.passes > 1:
            assert self.go_on.wait(60), "the test never let it go on"
        yield from super().batches()


class FaultySource(MemorySource):
    """Is read a second time, for the proofs, by a program with a fault."""

    def batches(self) -> Generator[Batch]:
        """Read it once."""
        if self.status.complete:
            raise IndexError("no such file")
        yield from super().batches()


async def ask_for_package(pilot: Pilot[None], name: str = str(PACKAGE)) -> None:
    await pilot.press("x")
    await until_shown(pilot, "evidence package, which anybody can check again")
    await pilot.press("end", "tab", "ctrl+u", *name, "enter")


async def until_taken_back() -> None:
    """Wait for the threads that take a question back."""
    for thread in threading.enumerate():
        if thread.name == "cancel":
            await asyncio.to_thread(thread.join)


def files_in(folder: Path) -> set[str]:
    """Name the packages, whole and half ones."""
    return {path.name for path in folder.iterdir() if path.name.endswith((".zip", ".part"))}


async def test_a_package_holds_what_the_filter_keeps_and_is_checked_by_its_script(
    tmp_path: Path,
) -> None:
    place = V1_VECTORS.parent / "policy.txt"
    policy = parse_policy(await asyncio.to_thread(place.read_text))
    key = new_key("console.example.org/me", KeyType.WITNESS)
    app = AuditConsoleApp(
        lambda places: open_source(places, keep=True),
        places=[str(V1_VECTORS)],
        kept=Belongings(tmp_path, tmp_path, policy, lambda: key),
        verifier=partial(verify, trust=Trust(policy)),
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"seq:10..19", "enter")
        await until_shown(pilot, "row 1 of 10 ")
        await until_loaded(pilot)
        await pilot.press("m")
        await until_shown(pilot, "★")
        await ask_for_package(pilot)
        await until_shown(pilot, "10 events packed: 10 with a proof, 10 of them vouched for")
        shown = screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "SHA-256" not in screen_text(app), "the dialog is closed")

    package = await asyncio.to_thread(PACKAGE.read_bytes)
    assert "written: case.zip" in shown
    assert hashlib.sha256(package).hexdigest() in shown
    files = files_of(package)
    log = (await asyncio.to_thread(V1_VECTORS.read_bytes)).splitlines(keepends=True)
    assert files["events.jsonl"] == b"".join(log[10:20])
    assert files["marks.jsonl"].count(b"\n") == 1
    assert files["policy.txt"] == policy.content
    manifest = manifest_of(files)
    assert manifest["query"] == "seq:10..19"
    assert manifest["verdict"] == "PASS"
    await asyncio.to_thread(Path("check.py").write_bytes, files["check.py"])
    checked = [await asyncio.to_thread(_check, PACKAGE, str(place), str(key.verifier))]
    await asyncio.to_thread(PACKAGE.write_bytes, _one_byte_changed(package))
    checked.append(await asyncio.to_thread(_check, PACKAGE, str(place), str(key.verifier)))
    assert checked == [0, 1]


def _one_byte_changed(package: bytes) -> bytes:
    middle = len(package) // 2
    return package[:middle] + bytes([package[middle] ^ 1]) + package[middle + 1 :]


def _check(package: Path, policy: str, key: str) -> int:
    """Run the package's own script on a Python that knows nothing of this project."""
    command = [sys.executable, "-I", "-S", "check.py", str(package)]
    options = ["--policy", policy, "--key", key]
    return subprocess.run([*command, *options], capture_output=True, check=False).returncode


@UNMEASURED
async def test_escape_stops_it_and_leaves_nothing(tmp_path: Path) -> None:
    source = HeldSource(make_lines(30))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until(pilot, lambda: source.passes == 2, "the proofs are made")
        await until_shown(pilot, "writing case.zip")
        await pilot.press("escape")
        await until_shown(pilot, "stopping")
        await until_taken_back()
        source.go_on.set()
        await until_shown(pilot, "no package was written: the question was taken back")
        await pilot.press("escape")
        await until(pilot, lambda: "no package" not in screen_text(app), "the dialog is closed")
    assert files_in(tmp_path) == set()


@UNMEASURED
async def test_a_program_that_ends_writes_no_package(tmp_path: Path) -> None:
    source = HeldSource(make_lines(30))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until(pilot, lambda: source.passes == 2, "the proofs are made")
    await until_taken_back()
    source.go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert files_in(tmp_path) == set()


@UNMEASURED
async def test_no_package_is_made_before_all_was_verified(tmp_path: Path) -> None:
    source = GatedSource(make_lines(30), batch_lines=10)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 9 ")
        await ask_for_package(pilot)
        await until_shown(pilot, "no package yet: the log is still being verified")
        await pilot.press("escape")
        source.gate.release()
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until_shown(pilot, "no package: not all of the log was verified")
    assert files_in(tmp_path) == set()


@UNMEASURED
async def test_a_log_that_changed_since_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    lines = [line + b"\n" for line in make_lines(30)]
    await asyncio.to_thread(log.write_bytes, b"".join(lines[:20]))
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=[str(log)])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await asyncio.to_thread(log.write_bytes, b"".join(lines))
        await ask_for_package(pilot)
        await until_shown(pilot, "no package was written: the log changed since it was verified")
    assert files_in(tmp_path) == set()


@UNMEASURED
async def test_a_fault_of_the_program_is_one_line_and_the_console_goes_on(tmp_path: Path) -> None:
    source = FaultySource(make_lines(30), label="faulty", batch_lines=5)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until_shown(pilot, "no package was written: a fault of the program, IndexError")
        await pilot.press("escape")
        await until_shown(pilot, "action 9 ")
    assert files_in(tmp_path) == set()


@UNMEASURED
async def test_the_events_of_a_table_are_packed(database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(store_v1, database, linked(make_event(seq) for seq in range(30)))
    app = make_app(lambda places: open_source(places, keep=True), tmp_path, places=[database])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until_shown(pilot, "30 events packed: 30 with a proof")
    package = await asyncio.to_thread(PACKAGE.read_bytes)
    assert refusal(files_of(package)) is None


async def test_a_key_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    def key() -> SigningKey:
        raise KeyFileError("console.key is open to others", hint="use: chmod 600 console.key")

    app = AuditConsoleApp(
        lambda _: MemorySource(make_lines(5)),
        places=["log"],
        kept=Belongings(tmp_path, tmp_path, read_key=key),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask_for_package(pilot)
        await until_shown(pilot, "no package was written: console.key is open to others")
        assert re.search("Use: chmod 600 console.key", screen_text(app))
    assert files_in(tmp_path) == set()
