from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_console.errors import AuditConsoleError, UsageError
from audit_console.search.whole_files import check_target, whole_file, write_file
from tests.support.disk import fill_disk


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "audit.jsonl"
    path.parent.mkdir()
    path.write_text("log")
    return path


def test_a_new_file_may_be_written(log: Path, tmp_path: Path) -> None:
    check_target(tmp_path / "new", force=False, places=[str(log)])


def test_a_file_that_exists_is_replaced_only_when_asked(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "old"
    target.write_text("mine")
    check_target(
        target, force=True, places=[str(log), "-", "postgresql://db/a", str(tmp_path / "*l")]
    )
    with pytest.raises(UsageError, match="exists") as refused:
        check_target(target, force=False, places=[str(log)], how="switch replacing on")

    assert refused.value.hint == "Name another file, or switch replacing on"


@pytest.mark.parametrize(
    "place", ["logs/audit.jsonl", "logs/*.jsonl", "logs", "lo*", "~/logs/*.jsonl"]
)
def test_the_log_is_never_replaced(log: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parents[1])
    monkeypatch.setenv("HOME", str(log.parents[1]))
    for target in (log, log.relative_to(log.parents[1])):
        with pytest.raises(UsageError, match="is the log itself"):
            check_target(target, force=True, places=[place])


@pytest.mark.parametrize("place", ["logs", "logs/*.jsonl", "~/logs/*"])
def test_a_result_never_becomes_a_part_of_the_log(
    log: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.parent)
    monkeypatch.setenv("HOME", str(log.parents[1]))
    place = place if place.startswith("~") else f"../{place}"
    for target in (log.with_name("found.jsonl"), Path("found.jsonl")):
        with pytest.raises(UsageError, match="would be read as a part of the log"):
            check_target(target, force=True, places=[str(log), place])


def test_what_is_read_with_no_log_may_stand_beside_it(log: Path) -> None:
    for name in ("found.csv", "report.json", "audit.checkpoints.jsonl"):
        check_target(log.with_name(name), force=False, places=[str(log.parent)])
    (log.parent / "found").mkdir()
    below = log.parent / "found" / "found.jsonl"
    check_target(below, force=False, places=[str(log.parent), str(log.parent / "*.jsonl")])


def test_another_name_of_the_log_is_the_log(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.symlink_to(log)
    with pytest.raises(UsageError, match="is the log itself"):
        check_target(other, force=True, places=[str(log)])


def test_a_report_beside_the_log_may_be_replaced(log: Path) -> None:
    report = log.with_name("report.md")
    report.write_text("old")
    check_target(report, force=True, places=[str(log.parent)])


def test_a_folder_is_no_file(log: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        check_target(log.parent, force=True, places=[])


@pytest.mark.parametrize("force", [True, False])
def test_a_link_that_leads_to_no_file_is_refused(tmp_path: Path, *, force: bool) -> None:
    link = tmp_path / "out.jsonl"
    link.symlink_to(tmp_path / ".bash_login")
    with pytest.raises(UsageError, match="is a link that leads to no file"):
        check_target(link, force=force, places=[])


@pytest.mark.parametrize("force", [True, False])
def test_a_device_or_a_pipe_is_never_replaced(tmp_path: Path, *, force: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, Path(os.devnull)):
        with pytest.raises(UsageError, match="is no ordinary file"):
            check_target(target, force=force, places=[])


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 300, "File name too long"), ("file/below", "no folder .*file$")]
)
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AuditConsoleError, match=reason):
        check_target(tmp_path / name, force=False, places=[])


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "found"
    write_file(target, [b"a\n", b"b\n"], force=True)

    assert target.read_bytes() == b"a\nb\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_fault_on_the_way_leaves_the_old_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"new"
        raise UsageError("no further")

    target = tmp_path / "found"
    target.write_text("old")
    with pytest.raises(UsageError, match="no further"):
        write_file(target, chunks(), force=True)

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch)
    with pytest.raises(AuditConsoleError, match="found: No space left on device"):
        write_file(tmp_path / "found", [b"a"], force=True)

    assert list(tmp_path.iterdir()) == []


def test_two_who_write_one_file_at_once_both_write_it_whole(tmp_path: Path) -> None:
    target = tmp_path / "result"
    with whole_file(target, force=True) as first:
        first.write(b"first")
        write_file(target, [b"second"], force=True)
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    real = tmp_path / "folder" / "real"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(real)
    write_file(link, [b"new"], force=True)

    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert list(real.parent.iterdir()) == [real]


@pytest.fixture(params=["links", "no links"])
def _file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "no links":  # as on sticks
        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("_file_system")
def test_a_new_file_takes_a_name_that_nothing_has(tmp_path: Path) -> None:
    target = tmp_path / "found"
    write_file(target, [b"a\n"], force=False)
    assert target.read_bytes() == b"a\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.usefixtures("_file_system")
@pytest.mark.parametrize("meanwhile", ["file", "link", "dangling link"])
def test_what_got_the_name_meanwhile_is_never_replaced(tmp_path: Path, meanwhile: str) -> None:
    target, other = tmp_path / "out" / "found", tmp_path / "other"
    target.parent.mkdir()
    check_target(target, force=False, places=[])
    if meanwhile == "file":
        target.write_text("not mine")
    else:
        target.symlink_to(other)
    if meanwhile == "link":
        other.write_text("not mine")
    with pytest.raises(AuditConsoleError, match="found: File exists"):
        write_file(target, [b"new"], force=False)
    assert list(target.parent.iterdir()) == [target]
    assert other.exists() is (meanwhile == "link")
    assert meanwhile == "dangling link" or target.read_text() == "not mine"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "found"
    target.write_text("old")
    target.chmod(mode)
    write_file(target, [b"new"], force=True)
    assert stat.S_IMODE(target.stat().st_mode) == mode
