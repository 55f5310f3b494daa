"""The files of an archive: those that stay while another stands beside them, or is renamed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import pytest

from audit_console.core.codec import MAX_LINE_BYTES, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code
from audit_console.errors import ChainBroken, PruneRefused, SinkUnavailable
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import PACKED_TEXT, Copies
from audit_console.sources.archive import open_archive
from audit_console.writer import ArchiveSink, RetentionManager, Rotation
from audit_console.writer.pruning import archive_files
from audit_console.writer.pruning.archive_files import (
    LogFile,
    lines_of,
    lines_with,
    log_files,
    open_plain,
)
from audit_console.writer.pruning.recording import PruneStep
from audit_console.writer.rotation import closed_files
from tests.support.archives import stored_events
from tests.support.chains import CHAIN, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store
from tests.support.writing import sealer, unsealed

EVENTS = aged_chain(300)
OLDEST = "audit.000000000000.jsonl"
PLAN = plan_of(EVENTS, 0, 100, 100)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The active file of a log whose boundary is within a closed one."""
    return store(tmp_path, EVENTS, (200,))


def left_when_told(path: Path) -> None:
    """Stop a prune as soon as the chain tells of it."""
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, day(110))
    assert PruneStep.TOLD in steps
    steps.close()


def packed(folder: Path) -> bytes:
    return gzip.compress((folder / OLDEST).read_bytes(), 1)


LEFT: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "packed in part": (f"{OLDEST}.gz", lambda folder: packed(folder)[:-1000]),
    "packed": (f"{OLDEST}.gz", packed),
    "begins within": ("audit.000000000050.jsonl", lambda _: text_of(v1_lines(EVENTS[50:70]))),
}
"""What is left beside the files of a log: its name and content."""


@pytest.mark.parametrize("left", LEFT)
def test_nothing_is_deleted_where_two_files_hold_the_same_events(path: Path, left: str) -> None:
    name, content = LEFT[left]
    (path.parent / name).write_bytes(content(path.parent))
    before = {file: file.read_bytes() for file in path.parent.glob("*.jsonl*")}
    sink = ArchiveSink(path, chain=CHAIN)
    with pytest.raises(PruneRefused, match=rf"{name}: begins within {OLDEST}; nothing is deleted"):
        RetentionManager(sink, days=10, clock=lambda: day(110)).cleanup()
    assert {file: file.read_bytes() for file in path.parent.glob("*.jsonl*")} == before


def test_a_file_that_comes_to_lie_beside_another_deletes_nothing_of_it(path: Path) -> None:
    left_when_told(path)
    left = path.parent / f"{OLDEST}.gz"
    left.write_bytes(packed(path.parent)[:-1000])
    with pytest.raises(SinkUnavailable, match=r"\.gz is damaged"):
        pruner(path).finish()
    left.unlink()
    pruner(path).finish()
    assert stored_events(path.parent)[:-1] == EVENTS[100:]
    assert dict(verify(open_archive([str(path.parent)], keep=False)).counts) == PRUNED


def test_a_file_that_ends_with_no_event_is_said(path: Path) -> None:
    store(path.parent, EVENTS, (50, 200))
    left_when_told(path)
    with (path.parent / OLDEST).open("ab") as file:
        file.write(b"no event\n")
    with pytest.raises(ChainBroken, match=f"{OLDEST}: its last line is no event"):
        pruner(path).finish()
    assert stored_events(path.parent)[:50] == EVENTS[:50]


def test_lines_with_a_text_are_found_wherever_they_stand(tmp_path: Path) -> None:
    lines = v1_lines(EVENTS)
    held = [line for line in lines if b"user-4" in line]
    path = tmp_path / "audit.jsonl"
    too_long = b"user-4" * MAX_LINE_BYTES
    path.write_bytes(text_of([*lines, *lines[1:] * 12, too_long, *held]) + held[0])
    found = list(lines_with(b"user-4", log_files(path, open_plain), open_plain))
    assert [line for line in found if line in held] == held * 14
    assert path.stat().st_size > 8 * MAX_LINE_BYTES


# Beside a writer that rotates.


def rotate(path: Path) -> None:
    """Append an event as a writer does that begins a new file with each."""
    sink = ArchiveSink(path, chain=CHAIN, rotation=Rotation.size(1))
    sink.append(sealer([unsealed("new")]), durable=True)


def seqs_of(files: list[LogFile]) -> list[int | None]:
    read = (decode_bytes(line) for line in lines_of(files, open_plain))
    return [event.seq for event in read if isinstance(event, AuditEvent)]


@UNMEASURED
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("is_left", [True, False])
def test_a_listing_beside_rotation_lacks_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, *, is_left: bool
) -> None:
    def rotating(active: Path) -> list[Path]:
        found = closed_files(active) if moment == "after" else []
        rotate(path)
        if is_left:  # by a writer that is killed before it begins the next file
            path.unlink()
        return found or closed_files(active)

    monkeypatch.setattr(archive_files, "closed_files", rotating)
    found = log_files(path, open_plain)
    assert [file.first_seq for file in found] == [0, 200]
    assert seqs_of(found) == list(range(300))


def test_files_that_are_closed_while_others_are_read_are_read_by_their_new_names(
    path: Path,
) -> None:
    lines = pruner(path)._log.lines()
    first = next(lines)
    rotate(path)
    rotate(path)
    assert [first, *lines] == v1_lines(EVENTS)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_is_another_or_gone_is_not_read_in_its_place(
    path: Path, *, replaced: bool
) -> None:
    lines = pruner(path)._log.lines()
    next(lines)
    away = path.rename(path.with_name("away"))
    if replaced:
        path.write_bytes(away.read_bytes())
    with pytest.raises(SinkUnavailable, match="removed or replaced meanwhile"):
        list(lines)


def test_a_prune_that_was_cut_short_is_finished_beside_rotation(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_when_told(path)
    listed: list[Path] = []

    def rotating(active: Path) -> list[Path]:
        found = closed_files(active)
        if not listed:
            rotate(path)
        listed.extend(found)
        return found

    monkeypatch.setattr(archive_files, "closed_files", rotating)
    pruner(path).finish()
    assert stored_events(path.parent)[:-2] == EVENTS[100:]
    assert dict(verify(open_archive([str(path.parent)], keep=False)).counts) == PRUNED


def test_the_active_file_is_closed_before_it_is_cut(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    rotating = pruner(path)
    steps = rotating.steps(PLAN, POLICY, REQUEST, day(110))
    assert PruneStep.RECORDED in steps
    log, listed = rotating._log, []
    files = log.files

    def rotate_behind() -> list[LogFile]:
        listed.append(found := files())
        if len(listed) == 2:  # it is what is cut now
            rotate(path)
        return found

    log.files = rotate_behind  # type: ignore[method-assign]
    assert list(steps) == [PruneStep.FILE_CUT, PruneStep.FINISHED]
    assert stored_events(tmp_path)[:200] == EVENTS[100:]
    assert dict(verify(open_archive([str(tmp_path)], keep=False)).counts) == PRUNED


def test_a_copy_beside_rotation_holds_what_goes(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copies = tmp_path_factory.mktemp("copies")
    plan = plan_of(EVENTS, 0, 250, 250)

    def write(copy: BinaryIO, lines: Iterable[bytes]) -> None:
        taken = [next(iter(lines))]
        rotate(path)
        PACKED_TEXT.write(copy, chain(taken, lines))

    keeper = Copies(copies, replace(PACKED_TEXT, write=write))
    list(pruner(path).steps(plan, POLICY, replace(REQUEST, keeper=keeper), day(260)))
    (copy,) = copies.glob("*.zst")
    assert list(PACKED_TEXT.read(copy)) == v1_lines(EVENTS[:250])
    assert dict(verify(open_archive([str(path.parent)], keep=False)).counts) == PRUNED
