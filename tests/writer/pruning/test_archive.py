"""A prune of an archive: what goes, what stays, what is refused, and what a crash leaves."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import pytest

from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code
from audit_console.core.holds import HoldChange
from audit_console.core.prunes import PRUNE_ACTION
from audit_console.core.retention import PrunePlan, RetentionPolicy
from audit_console.errors import (
    ChainBroken,
    PrefixBroken,
    PruneRefused,
    SinkUnavailable,
    UsageError,
)
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import PACKED_TEXT, Copies
from audit_console.sources.archive import open_archive
from audit_console.writer.archive import ArchiveSink
from audit_console.writer.locking import exclusive
from audit_console.writer.pruning.archive_files import log_files, open_plain
from audit_console.writer.pruning.recording import PruneStep
from tests.support.archives import stored_events
from tests.support.chains import CHAIN, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.retention import (
    POLICY,
    REQUEST,
    Kept,
    aged_chain,
    day,
    hold,
    plan_of,
    pruner,
    store,
)
from tests.support.trusting import leaves, stored, trust_in
from tests.support.writing import sealer, unsealed

EVENTS = aged_chain(30)
NOW = day(40)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}
LAYOUTS = {
    "one file": (),
    "cut in a closed file": (8, 20),
    "cut in the active file": (4, 8),
    "cut between files": (6, 12, 20),
}
PLAN = plan_of(EVENTS, 0, 12, 12)


def apply(path: Path, plan: PrunePlan = PLAN, policy: RetentionPolicy = POLICY) -> list[PruneStep]:
    return list(pruner(path).steps(plan, policy, REQUEST, NOW))


def verified(folder: Path) -> Verification:
    source = open_archive([str(folder)], keep=False)
    return verify(source)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("audit*.jsonl*"))


def kept(folder: Path) -> list[AuditEvent]:
    """The events of the log but for those that tell of prunes and holds."""
    return [one for one in stored_events(folder) if not one.action.startswith("retention.")]


@UNMEASURED
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_prune_leaves_a_log_that_verifies(tmp_path: Path, layout: str) -> None:
    path = store(tmp_path, EVENTS, LAYOUTS[layout])
    steps = apply(path)
    assert (steps[0], steps[-1]) == (PruneStep.CHECKED, PruneStep.FINISHED)
    assert dict(verified(tmp_path).counts) == PRUNED
    assert kept(tmp_path) == EVENTS[12:]
    assert stored_events(tmp_path)[-1].action == PRUNE_ACTION
    assert apply(path) == []
    for name, file in zip(names(tmp_path), log_files(path, open_plain), strict=False):
        assert name == "audit.jsonl" or int(name.split(".")[1]) == file.first_seq


@UNMEASURED
def test_prunes_follow_one_another_beside_a_writer_that_goes_on(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    sink = ArchiveSink(path, chain=CHAIN)
    for number, cutoff in enumerate((3, 12, 25)):
        found = pruner(path).find(POLICY, day(cutoff + POLICY.days))
        assert found is not None
        apply(path, found.plan)
        sink.append(sealer([unsealed(f"meanwhile {number}")]), durable=True)
        assert dict(verified(tmp_path).counts) == PRUNED
    assert [one.seq for one in stored_events(tmp_path)] == list(range(25, 36))
    assert len((tmp_path / "audit.prunes.jsonl").read_text().splitlines()) == 3


def test_finding_writes_nothing(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8,))
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    found = pruner(path).find(POLICY, day(22))
    assert found is not None
    assert found.plan == PLAN
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before
    assert pruner(path).find(POLICY, day(0)) is None


def test_the_record_tells_how_it_was(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    notes = [
        stored(leaves(EVENTS), 11),
        "no note",
        stored(leaves(EVENTS), 20),
        stored(leaves(EVENTS), 25),
        stored(leaves(EVENTS), 26, origin="other.example.org"),
    ]
    (tmp_path / "audit.checkpoints.jsonl").write_text("\n".join(notes) + "\n", encoding="utf-8")
    kept = Kept()
    steps = list(pruner(path).steps(PLAN, POLICY, replace(REQUEST, keeper=kept), NOW))
    assert (
        steps.index(PruneStep.KEPT)
        < steps.index(PruneStep.ANCHORED)
        < steps.index(PruneStep.PREPARED)
    )
    assert kept.lines == v1_lines(EVENTS[:12])
    (record,) = (tmp_path / "audit.prunes.jsonl").read_text(encoding="utf-8").splitlines()
    assert kept.records == [record]
    members = json.loads(record)
    assert members["checkpoint"] == json.loads(notes[3])["note"]
    assert members["archive"] == {"name": "copy", "sha256": "0" * 64, "events": 12}
    assert (members["actor"], members["reason"]) == ("operator", "a test")
    told = stored_events(tmp_path)[-1]
    assert (told.details, told.user_id, told.resource_id) == (record, "operator", CHAIN)


def test_checkpoints_from_before_still_verify(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    notes = [stored(leaves(EVENTS), size, at=day(1)) for size in range(1, 31)]
    (tmp_path / "audit.checkpoints.jsonl").write_text("\n".join(notes) + "\n", encoding="utf-8")
    apply(path)
    trust = trust_in(witnesses=())
    result = verify(open_archive([str(tmp_path)], keep=False), trust=trust)
    assert dict(result.counts) == {Code.PRUNED_PREFIX: 1, Code.UNSEALED_TAIL: 1}


def test_packed_files_are_pruned(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (4, 8, 20))
    for name in ("audit.000000000000.jsonl", "audit.000000000008.jsonl"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        (tmp_path / name).unlink()
    apply(path)
    assert names(tmp_path) == [
        "audit.000000000012.jsonl",
        "audit.jsonl",
        "audit.prunes.jsonl",
    ]
    assert dict(verified(tmp_path).counts) == PRUNED


def test_what_only_the_command_can_unpack_is_left_to_it(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8,))
    (tmp_path / "audit.000000000000.jsonl").rename(tmp_path / "audit.000000000000.jsonl.zst")
    with pytest.raises(PruneRefused, match="packed by zstd"):
        apply(path)


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda packed: packed[:-20], id="cut short"),
        pytest.param(lambda packed: packed[:60] + bytes(40) + packed[100:], id="overwritten"),
        pytest.param(lambda packed: b"no gzip" + packed, id="not packed"),
    ],
)
def test_a_packed_file_that_is_damaged_is_said(
    tmp_path: Path, damaged: Callable[[bytes], bytes]
) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    name = "audit.000000000000.jsonl"
    packed = gzip.compress((tmp_path / name).read_bytes())
    (tmp_path / f"{name}.gz").write_bytes(damaged(packed))
    (tmp_path / name).unlink()
    with pytest.raises(SinkUnavailable, match=rf"{name}\.gz is damaged") as told:
        pruner(path).find(POLICY, NOW)
    assert told.value.hint


@pytest.mark.parametrize(
    "pending", ["", "no JSON", "[1, 2, 3]", '["{}", "id"]', "{}", "\xff", "[" * 100_000]
)
def test_a_prune_that_was_prepared_and_damaged_is_left_to_people(
    tmp_path: Path, pending: str
) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    (tmp_path / "audit.prune.pending").write_bytes(pending.encode("latin-1"))
    with pytest.raises(PruneRefused, match=r"audit\.prune\.pending: not written by this") as told:
        pruner(path).finish()
    assert told.value.hint
    assert stored_events(tmp_path) == EVENTS


def test_the_new_file_may_be_read_by_those_who_could_before(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    path.chmod(0o664)
    apply(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


def test_half_a_line_at_the_end_is_no_event_yet(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    with path.open("ab") as file:
        file.write(b'{"v":1,')
    found = pruner(path).find(POLICY, day(100))
    assert found is not None
    assert found.plan.pruned_to == 29
    apply(path)
    assert kept(tmp_path) == EVENTS[12:]
    assert len(list(tmp_path.glob("audit.torn.*"))) == 1


@pytest.mark.parametrize("begun", [True, False])
def test_an_active_file_that_was_just_begun_holds_nothing(tmp_path: Path, *, begun: bool) -> None:
    path = store(tmp_path, EVENTS)
    path.rename(tmp_path / "audit.000000000000.jsonl")
    if begun:
        path.touch()
    apply(path)
    assert names(tmp_path) == ["audit.000000000012.jsonl", "audit.jsonl", "audit.prunes.jsonl"]
    assert dict(verified(tmp_path).counts) == PRUNED


# Refused, each for its reason; the log stays as it was.


def refused(path: Path, plan: PrunePlan = PLAN, policy: RetentionPolicy = POLICY) -> PruneRefused:
    before = kept(path.parent)
    with pytest.raises(PruneRefused) as error:
        apply(path, plan, policy)
    assert kept(path.parent) == before
    assert not (path.parent / "audit.prunes.jsonl").exists()
    return error.value


def test_a_broken_prefix_is_evidence(tmp_path: Path) -> None:
    edited = [replace(EVENTS[0], user_id="mallory"), *EVENTS[1:]]
    assert isinstance(refused(store(tmp_path, edited)), PrefixBroken)


def test_a_copy_of_other_events_than_those_that_were_checked(tmp_path: Path) -> None:
    log, copies = tmp_path / "log", tmp_path / "copies"
    log.mkdir()
    copies.mkdir()
    path = store(log, EVENTS, (8,))
    other = text_of(v1_lines(aged_chain(40)[20:]))

    def write(copy: BinaryIO, lines: Iterable[bytes]) -> None:
        taken = [next(iter(lines))]
        path.write_bytes(other)
        PACKED_TEXT.write(copy, chain(taken, lines))

    keeper = Copies(copies, replace(PACKED_TEXT, write=write))
    with pytest.raises(PruneRefused, match="what would be copied is not what was checked"):
        list(pruner(path).steps(PLAN, POLICY, replace(REQUEST, keeper=keeper), NOW))
    assert names(log) == ["audit.000000000000.jsonl", "audit.jsonl"]
    assert path.read_bytes() == other
    assert list(copies.iterdir()) == []


def test_a_plan_for_another_log(tmp_path: Path) -> None:
    error = refused(store(tmp_path, EVENTS), replace(PLAN, chain="example.org/other"))
    assert "the plan is for example.org/other, and this log is" in str(error)


def test_a_policy_under_the_floor(tmp_path: Path) -> None:
    error = refused(store(tmp_path, EVENTS), policy=RetentionPolicy(floor=60))
    assert "under the floor of 60" in str(error)


def test_a_hold_since_the_plan(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    change = HoldChange("add", hold("user:user-4"))
    pruner(path).change_holds(change, NOW)
    assert "seq 4 stays: under hold h1" in str(refused(path))
    pruner(path).change_holds(replace(change, change="remove"), NOW)
    apply(path)
    assert [one.action for one in stored_events(tmp_path)[-3:]] == [
        "retention.hold.add",
        "retention.hold.remove",
        "retention.prune",
    ]
    assert dict(verified(tmp_path).counts) == PRUNED


def test_a_hold_that_cannot_be_read(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    (tmp_path / "audit.holds.jsonl").write_text("{}\n")
    assert "audit.holds.jsonl, line 1" in str(refused(path))


def test_a_record_that_does_not_hold(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    (tmp_path / "audit.prunes.jsonl").write_text("{}\n")
    with pytest.raises(PruneRefused, match=r"audit\.prunes\.jsonl, line 1"):
        apply(path)


def test_a_second_prune_at_once(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    with exclusive(tmp_path / "audit.retention.lock", patience=0):
        assert "another prune or change of holds" in str(refused(path))
        with pytest.raises(PruneRefused, match="another prune"):
            pruner(path).change_holds(HoldChange("add", hold("user:x")), NOW)
    apply(path)


def test_a_log_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store(tmp_path, EVENTS)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "belongs to another user" in str(refused(path))


def test_writers_that_hold_the_log_all_the_time(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    with exclusive(tmp_path / "audit.lock", patience=0), pytest.raises(SinkUnavailable):
        apply(path)
    apply(path)


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert pruner(tmp_path / "audit.jsonl").find(POLICY, NOW) is None
    with pytest.raises(SinkUnavailable, match="No such file"):
        apply(tmp_path / "audit.jsonl")


def test_a_file_that_begins_with_no_event(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8,))
    (tmp_path / "audit.000000000000.jsonl").write_text("{}\n")
    with pytest.raises(ChainBroken, match="first line is no event"):
        apply(path)


def test_a_line_that_is_far_too_long(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    path.write_bytes(b"\n".join([path.read_bytes().split(b"\n")[0], b"x" * (3 << 20), b""]))
    with pytest.raises(PrefixBroken, match="no event stands in its place"):
        pruner(path).find(POLICY, NOW)


def test_a_hold_is_added_once_and_ended_once(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    add = HoldChange("add", hold("user:user-4"))
    end = replace(add, change="remove")
    with pytest.raises(UsageError, match="hold h1 is not in force"):
        pruner(path).change_holds(end, NOW)
    pruner(path).change_holds(add, NOW)
    with pytest.raises(UsageError, match="hold h1 is in force already"):
        pruner(path).change_holds(add, NOW)


def test_a_hold_comes_behind_a_prune_that_the_chain_told_of(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8,))
    left_after(path, 3)
    pruner(path).change_holds(HoldChange("add", hold("user:user-4")), NOW)
    assert kept(tmp_path) == EVENTS[12:]
    assert dict(verified(tmp_path).counts) == PRUNED


# Crashes.

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.retention import POLICY, REQUEST, day, pruner
from tests.writer.pruning.test_archive import NOW, PLAN

steps = pruner(Path(sys.argv[1])).steps(PLAN, POLICY, REQUEST, NOW)
for _ in range(int(sys.argv[2])):
    next(steps)
os.kill(os.getpid(), signal.SIGKILL)
"""


def left_after(path: Path, count: int) -> None:
    """Stop a prune behind so many steps; what a generator closes, a kill gives back too."""
    steps = pruner(path).steps(PLAN, POLICY, REQUEST, NOW)
    for _ in range(count):
        next(steps)
    steps.close()


@UNMEASURED
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_prune_that_was_cut_short_is_finished_or_never_was(tmp_path: Path, layout: str) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    count = len(apply(store(origin, EVENTS, LAYOUTS[layout])))
    for stopped in range(1, count + 1):
        folder = tmp_path / str(stopped)
        folder.mkdir()
        path = store(folder, EVENTS, LAYOUTS[layout])
        left_after(path, stopped)
        assert kept(folder)[-18:] == EVENTS[12:]
        is_told = stored_events(folder)[-1].action == PRUNE_ACTION
        sink = ArchiveSink(path, chain=CHAIN)
        sink.append(sealer([unsealed("behind the crash")]), durable=True)
        pruner(path).finish()
        assert kept(folder)[:-1] == (EVENTS[12:] if is_told else EVENTS)
        assert dict(verified(folder).counts) == (PRUNED if is_told else {Code.NO_CHECKPOINT: 1})
        apply(path)
        assert dict(verified(folder).counts) == PRUNED
        assert kept(folder)[:-1] == EVENTS[12:]
        assert [one.action for one in stored_events(folder)].count(PRUNE_ACTION) == 1
        assert not list(folder.glob("audit.prune.*"))


@UNMEASURED
def test_a_killed_prune_is_finished_by_the_next(tmp_path: Path) -> None:
    for stopped in (3, 5):
        path = store(tmp_path, EVENTS, (4, 8, 20))
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(stopped)], check=False
        )
        assert killed.returncode == -signal.SIGKILL
        assert kept(tmp_path)[-18:] == EVENTS[12:]
        apply(path)
        assert dict(verified(tmp_path).counts) == PRUNED
        for left in tmp_path.iterdir():
            left.unlink()


def test_a_crash_within_the_cut_leaves_a_part_that_is_made_anew(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (4, 8))
    left_after(path, 5)
    (tmp_path / "audit.prune.part").write_bytes(b"half")
    apply(path)
    assert dict(verified(tmp_path).counts) == PRUNED


def test_a_crash_between_the_new_file_and_the_old_one(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    cut = tmp_path / "audit.000000000008.jsonl"
    left_after(path, 5)
    whole = cut.read_bytes()
    apply(path)
    again = tmp_path / "again"
    shutil.copytree(tmp_path, again)
    (again / cut.name).write_bytes(whole)
    (again / "audit.prune.pending").write_text(
        json.dumps([(again / "audit.prunes.jsonl").read_text().strip(), _told_id(again), 29])
    )
    pruner(again / "audit.jsonl").finish()
    assert dict(verified(again).counts) == PRUNED


def _told_id(folder: Path) -> str:
    return stored_events(folder)[-1].id


def test_what_was_prepared_and_is_changed_is_not_carried_out(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    left_after(path, 3)
    pending = tmp_path / "audit.prune.pending"
    record, event_id, seq = json.loads(pending.read_text())
    pending.write_text(json.dumps([record.replace('"v":1', '"v":2'), event_id, seq]))
    with pytest.raises(PruneRefused, match="the record of the prune does not hold"):
        pruner(path).finish()
    assert kept(tmp_path) == EVENTS


def test_a_cut_that_would_begin_with_another_event(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8, 20))
    left_after(path, 5)
    half = tmp_path / "audit.000000000008.jsonl"
    half.write_bytes(b"".join(half.read_bytes().splitlines(keepends=True)[:3]))
    with pytest.raises(PrefixBroken, match="seq 12: it is not where it must be"):
        pruner(path).finish()


def test_an_event_of_a_prune_that_lacks_its_line_end_is_told(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    left_after(path, 3)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    pruner(path).finish()
    assert dict(verified(tmp_path).counts) == PRUNED


@pytest.mark.parametrize("begun", [True, False])
def test_a_file_that_is_closed_while_it_is_cut(tmp_path: Path, *, begun: bool) -> None:
    path = store(tmp_path, EVENTS)
    rotating = pruner(path)
    log, taken = rotating._log, []
    locked = log.locked

    def rotate_first() -> object:
        taken.append(1)
        if len(taken) == 2:
            path.rename(tmp_path / "audit.000000000000.jsonl")
            if begun:  # a writer that is killed before leaves none
                path.touch()
        return locked()

    log.locked = rotate_first  # type: ignore[method-assign, assignment]
    steps = list(rotating.steps(PLAN, POLICY, REQUEST, NOW))
    assert steps.count(PruneStep.FILE_CUT) == 1
    active = ["audit.jsonl"] if begun else []
    assert names(tmp_path) == ["audit.000000000012.jsonl", *active, "audit.prunes.jsonl"]
    assert dict(verified(tmp_path).counts) == PRUNED


def test_nobody_else_reads_what_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(tmp_path, EVENTS)
    path.chmod(0o600)
    modes: list[int] = []
    replace_file = Path.replace

    def watched(part: Path, target: Path) -> Path:
        modes.append(stat.S_IMODE(part.stat().st_mode))
        return replace_file(part, target)

    def made_private(file: int, mode: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(file).st_mode))
        os.chmod(file, mode)

    monkeypatch.setattr(Path, "replace", watched)
    monkeypatch.setattr(os, "fchmod", made_private)
    apply(path)
    assert modes == [0o640, 0o600, 0o600]  # the preparation, the new file before its mode and after
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_events_that_come_while_a_file_is_cut_are_kept(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    cutting = pruner(path)
    log, taken = cutting._log, []
    locked = log.locked

    def write_first() -> object:
        taken.append(1)
        if len(taken) == 2:
            ArchiveSink(path, chain=CHAIN).append(sealer([unsealed("late")]), durable=True)
        return locked()

    log.locked = write_first  # type: ignore[method-assign, assignment]
    list(cutting.steps(PLAN, POLICY, REQUEST, NOW))
    assert stored_events(tmp_path)[-1].action == "late"
    assert dict(verified(tmp_path).counts) == PRUNED
