"""A log that is rotated between being listed and being read is still read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.errors import SourceChanged, SourceUnreadable
from audit_console.integrity.verifier import verify
from audit_console.sources import archive
from audit_console.sources.archive import files, open_archive
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.protocol import AtRow, Order
from audit_console.writer.rotation import rotated_path
from tests.support.archives import is_whole
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.judging import told
from tests.support.places import text_of
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store
from tests.writer.processes import let_go, start_writer

LINES = v1_lines(v1_chain(9))


@pytest.fixture
def active(tmp_path: Path) -> Path:
    """The active file of a log of six events in two files; `rotate` adds three in a third."""
    (tmp_path / "audit.000000000000.jsonl").write_bytes(text_of(LINES[:3]))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(text_of(LINES[3:6]))
    return path


def rotate(active: Path) -> None:
    active.rename(rotated_path(active, 3))
    active.write_bytes(text_of(LINES[6:]))


def test_a_file_renamed_after_it_was_listed_is_read_under_its_new_name(active: Path) -> None:
    with closing(open_archive([str(active.parent)], keep=False)) as source:
        rotate(active)
        result = verify(source)
    assert told(result).beyond_the_unanchored_end == []
    assert result.verified == 6


def test_lines_of_a_file_renamed_after_it_was_read_are_still_shown(active: Path) -> None:
    with closing(open_archive([str(active.parent)], keep=True)) as source:
        assert verify(source).verified == 6
        rotate(active)
        page = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=9)
    assert [line.encode() for line in page.rows["raw"]] == LINES[:6]


def test_a_log_renamed_while_it_is_listed_is_listed_again(
    active: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = files._archive_files
    rotated: list[Path] = []

    def rotating(paths: Iterable[Path]) -> list[ArchiveFile]:
        listed = list(paths)
        if not rotated:
            rotate(active)
            rotated.append(active)
        return describe(listed)

    monkeypatch.setattr(files, "_archive_files", rotating)
    with closing(open_archive([str(active.parent)], keep=False)) as source:
        result = verify(source)
    assert told(result).beyond_the_unanchored_end == []
    assert result.verified == 9


def test_a_file_that_is_gone_while_it_is_listed_is_found_by_its_new_name(
    active: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = files._archive_files

    def renaming(paths: Iterable[Path]) -> list[ArchiveFile]:
        listed = list(paths)
        if active.exists():
            active.rename(rotated_path(active, 3))
        return describe(listed)

    monkeypatch.setattr(files, "_archive_files", renaming)
    with closing(open_archive([str(active.parent)], keep=False)) as source:
        assert verify(source).verified == 6


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_is_another_or_gone_is_not_read_in_its_place(
    active: Path, *, replaced: bool
) -> None:
    with closing(open_archive([str(active.parent)], keep=False)) as source:
        other = active.with_name("other.tmp")
        other.write_bytes(text_of(LINES[3:6]))
        active.unlink()
        if replaced:
            other.rename(active)
        with pytest.raises(SourceUnreadable, match="removed or replaced") as refusal:
            verify(source)
    assert refusal.value.hint == "open the log again"


def test_a_log_that_is_pruned_while_it_is_opened_is_not_taken_for_one_that_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = aged_chain(30)
    path = store(tmp_path, events, (8, 20))

    def pruned(places: Sequence[str]) -> list[ArchiveFile]:
        list(pruner(path).steps(plan_of(events, 0, 12, 12), POLICY, REQUEST, day(40)))
        return files.find_files(places)

    monkeypatch.setattr(archive, "find_files", pruned)
    with (
        closing(open_archive([str(tmp_path)], keep=False)) as source,
        pytest.raises(SourceChanged, match="retention deleted events") as refusal,
    ):
        verify(source)
    assert refusal.value.hint == "open the log again"


@UNMEASURED
def test_who_verifies_beside_a_writer_that_rotates_finds_nothing(tmp_path: Path) -> None:
    writer = start_writer(tmp_path, "writer", 400, sync="os", max_bytes=2_000)
    let_go(writer)
    sizes = []
    while writer.poll() is None:
        with closing(open_archive([str(tmp_path)], keep=False)) as source:
            result = verify(source)
        assert told(result).beyond_the_unanchored_end == [] or not result.chains
        sizes.append(result.verified)
    writer.communicate()
    assert sizes == sorted(sizes)
    assert len(list(tmp_path.glob("audit.0*.jsonl"))) > 20
    assert is_whole(tmp_path)
