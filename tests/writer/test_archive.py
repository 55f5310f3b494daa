"""An archive goes on where it ended, whatever ended it; or it says why it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit_console.core.event import GENESIS_HASH, format_time
from audit_console.core.sealing import seal
from audit_console.errors import ChainBroken, EventRefused, SinkUnavailable, UsageError
from audit_console.writer import ArchiveSink, AuditLogger, Rotation
from audit_console.writer.intake import events_of
from audit_console.writer.tail import BLOCK
from tests.support.archives import is_whole, judge, log_ticks, stored_events, stored_ticks
from tests.support.chains import (
    orchestrator_chain,
    orchestrator_lines,
    rehashed,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.ticks import CHAIN, tick


def open_sink(folder: Path, **options: Any) -> ArchiveSink:
    return ArchiveSink(folder / "audit.jsonl", chain=CHAIN, **options)


def append_at(sink: ArchiveSink, moment: datetime, *numbers: int) -> None:
    """Append ticks with a clock of our own."""
    events = events_of([tick(number) for number in numbers], "log_events")
    sink.append(
        lambda head: seal(events, chain=CHAIN, head=head, recorded_at=format_time(moment)),
        durable=False,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_an_archive_is_one_whole_chain_over_all_starts(tmp_path: Path) -> None:
    log_ticks(tmp_path, 3)
    log_ticks(tmp_path, 2, first=3)
    assert stored_ticks(tmp_path) == list(range(5))
    assert [event.seq for event in stored_events(tmp_path)] == list(range(5))
    assert stored_events(tmp_path)[0].previous_hash == GENESIS_HASH
    assert is_whole(tmp_path)


def test_what_a_call_gives_back_is_what_is_stored(tmp_path: Path) -> None:
    with AuditLogger(open_sink(tmp_path)) as log:
        one = log.log_event(**tick(0))
        many = log.log_events([tick(1), tick(2)])
        none = log.log_events([])
    assert one is not None
    assert stored_events(tmp_path) == [one.event, *(sealed.event for sealed in many)]
    assert list(none) == []


def test_a_group_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    with AuditLogger(open_sink(tmp_path)) as log:
        with pytest.raises(EventRefused):
            log.log_events([tick(0), tick(1, ip_address="nowhere")])
        with pytest.raises(EventRefused):
            log.log_events([tick(0), tick(1, user_agent="x" * 65_400)])
        log.log_event(**tick(2))
    assert stored_ticks(tmp_path) == [2]


def test_two_sinks_of_one_archive_go_on_from_each_other(tmp_path: Path) -> None:
    rotation = Rotation.size(1500)
    first, second = (AuditLogger(open_sink(tmp_path, rotation=rotation)) for _ in range(2))
    for number in range(0, 12, 2):
        first.log_event(**tick(number))
        second.log_event(**tick(number + 1))
    first.close()
    second.close()
    assert stored_ticks(tmp_path) == list(range(12))
    assert is_whole(tmp_path)


def test_a_file_system_that_tells_late_of_a_file_makes_no_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (AuditLogger(open_sink(tmp_path)) for _ in range(2))
    first.log_event(**tick(0))
    told = (tmp_path / "audit.jsonl").stat()
    second.log_event(**tick(1))
    with monkeypatch.context() as late:
        late.setattr(Path, "stat", lambda _, **__: told)
        first.log_event(**tick(2))
    assert stored_ticks(tmp_path) == [0, 1, 2]
    assert is_whole(tmp_path)


# --- rotation ---------------------------------------------------------------------------


def test_a_file_is_closed_before_it_grows_too_large(tmp_path: Path) -> None:
    log_ticks(tmp_path, 7, rotation=Rotation.size(1500))
    closed = sorted(tmp_path.glob("audit.0*.jsonl"))
    assert [path.name for path in closed] == [
        "audit.000000000000.jsonl",
        "audit.000000000002.jsonl",
        "audit.000000000004.jsonl",
    ]
    assert all(path.stat().st_size <= 1500 for path in closed)
    assert stored_ticks(tmp_path) == list(range(7))
    assert is_whole(tmp_path)


def test_a_group_larger_than_a_file_has_one_alone(tmp_path: Path) -> None:
    with AuditLogger(open_sink(tmp_path, rotation=Rotation.size(600))) as log:
        log.log_event(**tick(0))
        log.log_events([tick(1), tick(2), tick(3)])
        log.log_event(**tick(4))
    assert names(tmp_path) == [
        "audit.000000000000.jsonl",
        "audit.000000000001.jsonl",
        "audit.jsonl",
    ]
    assert is_whole(tmp_path)


def test_a_file_is_closed_with_its_day_in_utc(tmp_path: Path) -> None:
    sink = open_sink(tmp_path, rotation=Rotation.daily())
    append_at(sink, datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), 0)
    append_at(sink, datetime(2026, 11, 24, 0, 0, 0, tzinfo=UTC), 1, 2)
    append_at(sink, datetime(2026, 11, 24, 23, 0, 0, tzinfo=UTC), 3)
    append_at(sink, datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC), 4)
    append_at(sink, datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), 5)
    assert names(tmp_path) == [
        "audit.000000000000.jsonl",
        "audit.000000000001.jsonl",
        "audit.jsonl",
    ]
    assert stored_ticks(tmp_path) == list(range(6))
    assert is_whole(tmp_path)


def test_without_rotation_everything_is_in_one_file(tmp_path: Path) -> None:
    sink = open_sink(tmp_path)
    append_at(sink, datetime(2026, 1, 1, tzinfo=UTC), 0)
    append_at(sink, datetime(2027, 1, 1, tzinfo=UTC), 1)
    assert names(tmp_path) == ["audit.jsonl"]


@UNMEASURED
def test_the_chain_goes_on_from_the_newest_closed_file(tmp_path: Path) -> None:
    log_ticks(tmp_path, 12, rotation=Rotation.size(400))
    active = tmp_path / "audit.jsonl"
    active.rename(tmp_path / "audit.000000000011.jsonl")
    log_ticks(tmp_path, 1, first=12)
    active.rename(tmp_path / "audit.000000000012.jsonl")
    active.touch()
    log_ticks(tmp_path, 1, first=13)
    assert stored_ticks(tmp_path) == list(range(14))
    assert is_whole(tmp_path)


def test_a_closed_file_is_never_written_over(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    sink = open_sink(tmp_path, rotation=Rotation.size(1))
    before = (tmp_path / "audit.000000000000.jsonl").write_bytes(b"another one's\n")
    with AuditLogger(sink) as log, pytest.raises(ChainBroken, match="there already"):
        log.log_event(**tick(1))
    assert (tmp_path / "audit.000000000000.jsonl").stat().st_size == before


@pytest.mark.parametrize("size", [0, -1])
def test_a_file_without_room_for_an_event_is_refused(size: int) -> None:
    with pytest.raises(UsageError):
        Rotation.size(size)


# --- what a crash leaves ----------------------------------------------------------------


@UNMEASURED
@pytest.mark.parametrize(
    "torn", [b"{", b'{"v":1,"chain":"exam', b"\0" * 5000, b"\xff", b"x" * (BLOCK + 7)]
)
def test_half_a_line_is_moved_away_and_the_chain_goes_on(tmp_path: Path, torn: bytes) -> None:
    log_ticks(tmp_path, 2)
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(torn)
    log_ticks(tmp_path, 1, first=2)
    (moved,) = tmp_path.glob("audit.torn.*")
    assert moved.name.removeprefix("audit.torn.").isdecimal()
    assert moved.read_bytes() == torn
    assert stored_ticks(tmp_path) == [0, 1, 2]
    assert is_whole(tmp_path)


def test_an_event_that_lacks_its_line_end_alone_is_kept(tmp_path: Path) -> None:
    log_ticks(tmp_path, 2)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    log_ticks(tmp_path, 1, first=2)
    assert stored_ticks(tmp_path) == [0, 1, 2]
    assert is_whole(tmp_path)
    assert not list(tmp_path.glob("audit.torn.*"))


def test_half_of_the_very_first_line_leaves_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(b'{"v":1,')
    log_ticks(tmp_path, 1)
    assert stored_ticks(tmp_path) == [0]
    assert is_whole(tmp_path)


def test_half_a_line_in_a_new_file_goes_on_from_the_closed_one(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit.000000000000.jsonl")
    (tmp_path / "audit.jsonl").write_bytes(b'{"v":1,')
    log_ticks(tmp_path, 1, first=1)
    assert stored_ticks(tmp_path) == [0, 1]
    assert is_whole(tmp_path)


def test_torn_lines_of_one_second_are_all_kept(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    for number in range(3):
        with (tmp_path / "audit.jsonl").open("ab") as file:
            file.write(b"%d" % number)
        open_sink(tmp_path)
    kept = {path.read_bytes() for path in tmp_path.glob("audit.torn.*")}
    assert kept == {b"0", b"1", b"2"}


def test_lines_longer_than_a_block_are_read_from_the_end(tmp_path: Path) -> None:
    with AuditLogger(open_sink(tmp_path)) as log:
        for number in range(3):
            log.log_event(**tick(number, details={"x": "y" * 65_000}))
    log_ticks(tmp_path, 1, first=3, rotation=Rotation.size(10))
    assert stored_ticks(tmp_path) == [0, 1, 2, 3]
    assert is_whole(tmp_path)


# --- what is never written behind -------------------------------------------------------


def damage_last_line(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "audit.jsonl"
        before, last = path.read_bytes().rsplit(b"\n", 2)[:2]
        path.write_bytes(before + b"\n" + change(last) + b"\n")

    return damage


def replace_with(*lines: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "audit.jsonl").write_bytes(text_of(lines))

    return damage


def tear_tampered(folder: Path) -> None:
    damage_last_line(lambda line: line.replace(b"tick 2", b"tick 9"))(folder)
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-1])


def beside(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "audit.jsonl").unlink()
        (folder / name).touch()

    return damage


def close_torn(folder: Path) -> None:
    (folder / "audit.jsonl").rename(folder / "audit.000000000000.jsonl")
    with (folder / "audit.000000000000.jsonl").open("ab") as file:
        file.write(b"{")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "content": (
        damage_last_line(lambda line: line.replace(b"tick 2", b"tick 9")),
        "the content of its last event differs from its hash",
    ),
    "broken": (damage_last_line(lambda line: line[:-9]), "its last line is not an event"),
    "blank": (damage_last_line(lambda line: line + b"\n"), "its last line is not an event"),
    "other format": (
        replace_with(*orchestrator_lines(orchestrator_chain(1))),
        "its last line is no event of format v1",
    ),
    "other chain": (
        replace_with(*v1_lines(v1_chain(1))),
        "it holds the chain audit.example.org/test, not example.org/test",
    ),
    "unended and tampered": (tear_tampered, "the content of its last event differs"),
    "closed file torn": (close_torn, "a closed file ends within a line"),
    "closed file packed": (
        beside("audit.000000000000.jsonl.gz"),
        "the newest events are packed",
    ),
    "checkpoints": (beside("audit.checkpoints.jsonl"), "audit.checkpoints.jsonl tells of events"),
    "prunes": (beside("audit.prunes.jsonl"), "audit.prunes.jsonl tells of events"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_nothing_is_written_behind_an_end_that_does_not_verify(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    log_ticks(tmp_path, 3)
    damage(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ChainBroken, match=reason) as broken:
        open_sink(tmp_path)
    assert broken.value.hint
    after = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path: data for path, data in after.items() if data} == {
        path: data for path, data in before.items() if data
    }


def test_no_event_is_put_behind_the_last_possible_one(tmp_path: Path) -> None:
    log_ticks(tmp_path, 1)
    (event,) = stored_events(tmp_path)
    last = rehashed(replace(event, seq=2**63 - 1))
    replace_with(*v1_lines([last]))(tmp_path)
    with pytest.raises(ChainBroken, match="no number is left"):
        open_sink(tmp_path)


def cut(folder: Path) -> None:
    path = folder / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))


def rewrite(folder: Path) -> None:
    path = folder / "audit.jsonl"
    path.unlink()
    log_ticks(folder, 3, first=10)


@pytest.mark.parametrize("change", [cut, rewrite, lambda folder: (folder / "audit.jsonl").unlink()])
def test_a_log_that_lost_what_was_written_is_not_gone_on_with(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    log = AuditLogger(open_sink(tmp_path))
    log.log_events([tick(0), tick(1), tick(2)])
    change(tmp_path)
    with pytest.raises(ChainBroken, match="the event with seq 2 was here and is gone"):
        log.log_event(**tick(3))
    assert log.metrics.failed == 1


def test_a_log_that_was_rewritten_with_all_its_events_is_gone_on_with(tmp_path: Path) -> None:
    with AuditLogger(open_sink(tmp_path)) as log:
        log.log_events([tick(0), tick(1)])
        shutil.copy(tmp_path / "audit.jsonl", tmp_path / "copy")
        (tmp_path / "copy").replace(tmp_path / "audit.jsonl")
        log.log_event(**tick(2))
    assert judge(tmp_path).chains[CHAIN][:4] == (3, 0, 0, 2)


def test_a_first_line_that_is_no_event_gives_no_name_to_a_closed_file(tmp_path: Path) -> None:
    log_ticks(tmp_path, 2)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"noise\n" + path.read_bytes())
    with (
        AuditLogger(open_sink(tmp_path, rotation=Rotation.size(10))) as log,
        pytest.raises(ChainBroken, match="its first line is no event"),
    ):
        log.log_event(**tick(2))


# --- requests that are wrong ------------------------------------------------------------


@pytest.mark.parametrize(
    "chain", ["", "Example.org", "example.org/ü", "a" * 256, "https://example.org", "a b", "a\n"]
)
def test_a_bad_name_of_a_chain_is_refused(tmp_path: Path, chain: str) -> None:
    with pytest.raises(UsageError, match="is no name of a chain"):
        ArchiveSink(tmp_path / "audit.jsonl", chain=chain)


@pytest.mark.parametrize("chain", ["a", "a" * 255, "audit.example.org/prod_1/-"])
def test_a_good_name_of_a_chain_is_taken(tmp_path: Path, chain: str) -> None:
    assert ArchiveSink(tmp_path / "audit.jsonl", chain=chain).chain == chain


@pytest.mark.parametrize("name", ["audit.log", "audit", "audit.2026.jsonl", ".jsonl"])
def test_a_bad_name_of_the_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"NAME\.jsonl"):
        ArchiveSink(tmp_path / name, chain=CHAIN)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "audit.jsonl"
    with pytest.raises(SinkUnavailable) as unavailable:
        ArchiveSink(path, chain=CHAIN)
    assert str(unavailable.value) == f"{path}: No such file or directory"
    assert unavailable.value.hint == "create the folder first"
