"""The copy that is kept of what goes."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from audit_console.core.findings import Code
from audit_console.errors import PruneRefused, SinkUnavailable
from audit_console.integrity.verifier import verify
from audit_console.retention.copies import PACKED_TEXT, Copies, Packing, copies_in, open_packed
from audit_console.retention.opening import pruner_of
from audit_console.search.parquet_copies import PARQUET
from audit_console.sources.archive import open_archive
from audit_console.writer.pruning.request import PruneRequest
from tests.support.chains import CHAIN, v1_lines
from tests.support.effort import UNMEASURED
from tests.support.pruned import RECORDS
from tests.support.retention import POLICY, aged_chain, day, plan_of, store
from tests.support.zstandard import compress

EVENTS = aged_chain(20)
LINES = v1_lines(EVENTS)
PLAN = plan_of(EVENTS, 0, 12, 12)
PACKINGS = pytest.mark.parametrize("packing", [PACKED_TEXT, PARQUET], ids=["jsonl", "parquet"])


@PACKINGS
def test_the_copy_holds_what_goes(tmp_path: Path, packing: Packing) -> None:
    told = Copies(tmp_path, packing).keep(PLAN, iter(LINES[:12]))
    (path,) = tmp_path.iterdir()
    assert path.name == f"audit_example_org_test.000000000000{packing.suffix}"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert told == {"name": path.name, "sha256": sha256, "events": 12}
    assert list(packing.read(path)) == LINES[:12]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_chains_whose_names_become_one_have_folders_of_their_own(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    copies.keep_records(CHAIN, RECORDS)
    copies.keep(PLAN, iter(LINES[:12]))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    other = replace(PLAN, chain=CHAIN.replace("/", "."))
    with pytest.raises(PruneRefused, match=f"of the chain {CHAIN}; nothing is deleted"):
        copies.keep(other, iter(LINES[:12]))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("folder", "place", "reason"),
    [
        ("log", "log", "among the files of the log"),
        ("log", "log/audit.jsonl", "among the files of the log"),
        ("nowhere", "postgresql://host/name", "no folder for the copy"),
    ],
)
def test_where_no_copy_can_stand(tmp_path: Path, folder: str, place: str, reason: str) -> None:
    (tmp_path / "log").mkdir()
    at = place if "://" in place else str(tmp_path / place)
    with pytest.raises(PruneRefused, match=reason):
        copies_in(tmp_path / folder, [at])


def test_a_copy_stands_in_any_other_folder(tmp_path: Path) -> None:
    places = [str(tmp_path / "log" / "audit.jsonl"), "postgresql://host/name"]
    assert copies_in(tmp_path, places) == Copies(tmp_path)


def test_what_stood_beside_copies_and_is_no_record_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "audit_example_org_test.prunes.jsonl").write_bytes(b"\xff\n{}\n")
    Copies(tmp_path).keep(PLAN, iter(LINES[:12]))
    Copies(tmp_path).keep_records(CHAIN, RECORDS)
    beside = tmp_path / "audit_example_org_test.prunes.jsonl"
    assert beside.read_text(encoding="utf-8").splitlines() == RECORDS


def test_records_that_cannot_be_written_stop_the_prune(tmp_path: Path) -> None:
    with pytest.raises(PruneRefused, match="no copy of what goes: No such file"):
        Copies(tmp_path / "nowhere").keep_records(CHAIN, RECORDS)


def test_packed_lines_are_opened_as_text(tmp_path: Path) -> None:
    told = Copies(tmp_path).keep(PLAN, iter(LINES[:12]))
    with open_packed(tmp_path / str(told["name"])) as text:
        assert text.read().splitlines() == LINES[:12]


@PACKINGS
def test_a_copy_that_lacks_events_stops_the_prune(tmp_path: Path, packing: Packing) -> None:
    with pytest.raises(PruneRefused, match="the copy does not hold what goes"):
        Copies(tmp_path, packing).keep(PLAN, iter(LINES[:11]))


@PACKINGS
@pytest.mark.parametrize("damage", [slice(-9), slice(9, None), slice(0)])
def test_a_copy_that_was_damaged_stops_the_prune(
    tmp_path: Path, packing: Packing, damage: slice
) -> None:
    def write(stored: BinaryIO, lines: Iterable[bytes]) -> None:
        whole = io.BytesIO()
        packing.write(whole, lines)
        stored.write(whole.getvalue()[damage])

    with pytest.raises(PruneRefused, match="the copy does not hold what goes"):
        Copies(tmp_path, replace(packing, write=write)).keep(PLAN, iter(LINES[:12]))


@PACKINGS
def test_the_copy_of_another_log_is_never_replaced(tmp_path: Path, packing: Packing) -> None:
    of_another = replace(PLAN, chain=PLAN.chain.replace(".", "_"))
    told = Copies(tmp_path, packing).keep(of_another, iter(LINES[1:13]))
    copy = tmp_path / str(told["name"])
    before = copy.read_bytes()
    with pytest.raises(PruneRefused, match="holds other events; nothing is deleted") as refused:
        Copies(tmp_path, packing).keep(PLAN, iter(LINES[:12]))
    assert refused.value.hint == "name another folder"
    assert [copy.read_bytes()] == [path.read_bytes() for path in tmp_path.iterdir()] == [before]


@PACKINGS
def test_the_copy_of_an_earlier_try_is_replaced(tmp_path: Path, packing: Packing) -> None:
    shorter = plan_of(EVENTS, 0, 5, 12)
    Copies(tmp_path, packing).keep(shorter, iter(LINES[:5]))
    told = Copies(tmp_path, packing).keep(PLAN, iter(LINES[:12]))
    assert list(packing.read(tmp_path / str(told["name"]))) == LINES[:12]


@PACKINGS
def test_a_copy_that_finds_no_room_leaves_nothing_behind(tmp_path: Path, packing: Packing) -> None:
    def write(stored: BinaryIO, lines: Iterable[bytes]) -> None:
        packing.write(stored, lines)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(PruneRefused, match="No space left"):
        Copies(tmp_path, replace(packing, write=write)).keep(PLAN, iter(LINES[:12]))
    assert list(tmp_path.iterdir()) == []


@PACKINGS
def test_a_folder_that_cannot_be_written_stops_the_prune(tmp_path: Path, packing: Packing) -> None:
    with pytest.raises(PruneRefused, match="no copy of what goes: No such file"):
        Copies(tmp_path / "nowhere", packing).keep(PLAN, iter(LINES[:12]))


@UNMEASURED
@PACKINGS
def test_copies_of_all_prunes_are_one_log_again(tmp_path: Path, packing: Packing) -> None:
    log, copies = tmp_path / "log", tmp_path / "copies"
    log.mkdir()
    copies.mkdir()
    store(log, EVENTS, (5, 10))
    request = PruneRequest(actor="o", reason="r", keeper=Copies(copies, packing))
    for first, end in ((0, 7), (7, 12)):
        steps = pruner_of([str(log)]).steps(
            plan_of(EVENTS, first, end, end), POLICY, request, day(40)
        )
        assert len(list(steps)) > 5
    result = verify(open_archive([str(copies)], keep=False))
    assert dict(result.counts) == {Code.NO_CHECKPOINT: 1}
    assert [(one.first_seq, one.last_seq) for one in result.chains] == [(0, 11)]


def test_packed_files_of_both_kinds_are_pruned(tmp_path: Path) -> None:
    store(tmp_path, EVENTS, (3, 8, 15))
    for name, pack in (("audit.000000000000.jsonl", ".zst"), ("audit.000000000008.jsonl", ".gz")):
        data = (tmp_path / name).read_bytes()
        packed = tmp_path / f"{name}{pack}"
        if pack == ".gz":
            packed.write_bytes(gzip.compress(data))
        else:
            packed.write_bytes(compress(data))
        (tmp_path / name).unlink()
    list(pruner_of([str(tmp_path)]).steps(PLAN, POLICY, PruneRequest("o", "r"), day(40)))
    assert sorted(path.name for path in tmp_path.glob("audit.0*")) == ["audit.000000000012.jsonl"]
    counts = verify(open_archive([str(tmp_path)], keep=False)).counts
    assert set(counts) == {Code.PRUNED_PREFIX, Code.PRUNE_NOT_BACKED, Code.NO_CHECKPOINT}


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda packed: packed[:-9], id="cut short"),
        pytest.param(lambda packed: packed[:6] + b"\xff" * 40 + packed[46:], id="overwritten"),
    ],
)
def test_a_log_that_is_packed_and_damaged_is_said(
    tmp_path: Path, damaged: Callable[[bytes], bytes]
) -> None:
    store(tmp_path, EVENTS, (8,))
    closed = tmp_path / "audit.000000000000.jsonl"
    packed = tmp_path / f"{closed.name}.zst"
    packed.write_bytes(damaged(compress(closed.read_bytes())))
    closed.unlink()
    with pytest.raises(SinkUnavailable, match=rf"{packed.name} is damaged"):
        list(pruner_of([str(tmp_path)]).steps(PLAN, POLICY, PruneRequest("o", "r"), day(40)))
