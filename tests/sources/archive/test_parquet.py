"""An export as Parquet is a log: read, searched and verified as its lines are."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from io import BufferedReader
from pathlib import Path

import duckdb
import polars as pl
import pytest

from audit_console.cli.main import run
from audit_console.core.beside import CHECKPOINTS
from audit_console.core.findings import Code, Verdict
from audit_console.errors import NotAnAuditLog
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.archive.beside import path_beside
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.parquet import TEXT_BYTES, ParquetText
from tests.cli.program import children_of, run_here, spoken_line
from tests.support.chains import v1_chain, v1_lines
from tests.support.disk import fill_disk
from tests.support.effort import UNMEASURED
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS, lines_of, text_of
from tests.support.retention import aged_chain
from tests.support.tampers import edited, removed
from tests.support.trusting import leaves, log_key, policy_text, stored

PARQUET = ("--format", "parquet")


def exported(log: Path, target: Path | str, query: str = "") -> Path:
    assert run(["search", str(log), query, *PARQUET, "-o", str(target)]) == 0
    return Path(target)


def verified(place: Path) -> Verification:
    with closing(open_archive([str(place)], keep=False)) as source:
        return verify(source)


def written(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(text_of(lines))
    return path


def as_parquet(path: Path, lines: Sequence[str | None]) -> Path:
    pl.DataFrame({"line": lines}, schema={"line": pl.String}).write_parquet(path)
    return path


@UNMEASURED
@pytest.mark.parametrize("log", [V1_VECTORS, UPSTREAM_VECTORS], ids=["v1", "orchestrator"])
def test_an_export_holds_every_line_and_verifies_as_the_log_does(tmp_path: Path, log: Path) -> None:
    target = exported(log, tmp_path / "all.parquet")
    assert pl.read_parquet(target)["line"].to_list() == [one.decode() for one in lines_of(log)]
    expected, found = verified(log), verified(target)
    assert found.verdict is expected.verdict
    assert found.counts == expected.counts
    assert [(one.events, one.verified) for one in found.chains] == [
        (one.events, one.verified) for one in expected.chains
    ]


def test_an_edit_and_a_gap_are_found_in_it_too(tmp_path: Path) -> None:
    lines = removed(20)(edited(7, action="x")(v1_lines(v1_chain(40))))
    target = exported(written(tmp_path / "audit.jsonl", lines), tmp_path / "all.parquet")
    found = verified(target)
    assert found.verdict is Verdict.FAIL
    assert {Code.EVENT_HASH_MISMATCH, Code.GAP} <= set(found.counts)


def test_its_bytes_are_counted_and_hashed_as_those_of_any_file(tmp_path: Path) -> None:
    target = exported(V1_VECTORS, tmp_path / "all.parquet")
    status = verified(target).status
    assert status.bytes_read == status.bytes_total == target.stat().st_size
    assert status.files[0].sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["[a].parquet", "?.parquet", "*.parquet"])
def test_a_name_that_could_be_a_pattern_is_that_of_one_file(tmp_path: Path, name: str) -> None:
    lines = [line.decode() for line in v1_lines(v1_chain(5))]
    as_parquet(tmp_path / "a.parquet", lines)
    forged = as_parquet(tmp_path / name, lines[:2])
    assert verified(forged).status.events == 2


def test_what_is_read_is_the_file_that_was_opened_and_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line.decode() for line in v1_lines(v1_chain(5))]
    opened = as_parquet(tmp_path / "audit.parquet", lines[:2])
    sha256 = hashlib.sha256(opened.read_bytes()).hexdigest()
    other = as_parquet(tmp_path / "other.parquet", lines)
    open_stored = ArchiveFile.open_stored

    def open_and_replace(file: ArchiveFile) -> BufferedReader:
        stored = open_stored(file)
        if other.exists():
            other.replace(opened)
        return stored

    with closing(open_archive([str(opened)], keep=False)) as source:
        monkeypatch.setattr(ArchiveFile, "open_stored", open_and_replace)
        status = verify(source).status
    assert not other.exists()
    assert (status.events, status.files[0].sha256) == (2, sha256)


def test_lines_are_looked_at_and_searched_again(tmp_path: Path) -> None:
    once = exported(V1_VECTORS, tmp_path / "once.parquet", "result:failure")
    twice = exported(once, tmp_path / "twice.parquet", "result:failure")
    failures = [one.decode() for one in lines_of(V1_VECTORS) if b'"result":"failure"' in one]
    assert failures
    assert pl.read_parquet(twice)["line"].to_list() == failures


def test_a_folder_of_days_is_one_log(tmp_path: Path) -> None:
    lines = [line.decode() for line in v1_lines(v1_chain(30))]
    for number, day in enumerate(("day=2026-11-03", "day=2026-11-01", "day=2026-11-02")):
        folder = tmp_path / "log" / day
        folder.mkdir(parents=True)
        as_parquet(folder / "0.parquet", lines[number * 10 : number * 10 + 10])
    found = verified(tmp_path / "log")
    assert found.counts == {Code.NO_CHECKPOINT: 1}
    assert found.status.events == 30


@UNMEASURED
def test_a_log_is_exported_by_day_verified_and_read_by_others(tmp_path: Path) -> None:
    chain = aged_chain(5)
    log = written(tmp_path / "audit.jsonl", v1_lines(chain))
    target = exported(log, f"{tmp_path}/days/")
    days = [f"day={one.recorded_at[:10]}" for one in chain if one.recorded_at]
    assert sorted(folder.name for folder in target.iterdir()) == days
    with duckdb.connect() as connection:
        table = connection.read_parquet(f"{target}/**/*.parquet", hive_partitioning=True)
        rows = table.order("seq").project("'day=' || day::text, line").fetchall()
    assert rows == list(zip(days, [line.decode() for line in v1_lines(chain)], strict=True))
    assert verified(target).counts == verified(log).counts
    shutil.rmtree(target / days[2])
    assert verified(target).counts == {**verified(log).counts, Code.GAP: 1}


def test_a_full_disk_names_the_folder_and_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch)
    folder = tmp_path / "exports"
    folder.mkdir()
    completed = run_here("search", str(V1_VECTORS), "", *PARQUET, "-o", f"{folder}/days/")
    assert completed.returncode == 4
    assert spoken_line(completed) == (
        f"audit-console: cannot write {folder}/days: No space left on device."
        " Name a folder that can be written."
    )
    assert children_of(folder) == []


def test_what_is_beside_a_folder_of_days_is_that_of_its_log(tmp_path: Path) -> None:
    events = aged_chain(6)
    log = written(tmp_path / "audit.jsonl", v1_lines(events))
    days = exported(log, f"{tmp_path}/days/")
    note = stored(leaves(events), 4)
    (days / "audit.checkpoints.jsonl").write_text(f"{note}\n", "utf-8")
    (days / "audit.prunes.jsonl").write_text('{"v":1}\n', "utf-8")
    (days / "audit.holds.jsonl").write_text('{"v":2}\n', "utf-8")
    for place in (days, days / "day=2026-08-03", f"{days}/*/part.parquet"):
        with closing(open_archive([str(place)], keep=False)) as source:
            assert source.checkpoints() == [note]
            assert source.prune_records() == ['{"v":1}']
            assert source.hold_changes() == ['{"v":2}']


def test_what_is_beside_one_of_the_days_is_found_from_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = exported(written(tmp_path / "audit.jsonl", v1_lines(aged_chain(2))), f"{tmp_path}/days/")
    monkeypatch.chdir(days / "day=2026-08-01")
    assert path_beside(["part.parquet"], CHECKPOINTS) == days / "audit.checkpoints.jsonl"


def test_a_folder_with_an_equals_sign_is_one_like_any_other_for_lines(tmp_path: Path) -> None:
    folder = tmp_path / "host=web1"
    folder.mkdir()
    written(folder / "audit.jsonl", v1_lines(aged_chain(2)))
    assert path_beside([str(folder)], CHECKPOINTS) == folder / "audit.checkpoints.jsonl"


@UNMEASURED
def test_a_folder_of_days_is_signed(tmp_path: Path) -> None:
    key, policy = tmp_path / "log.key", tmp_path / "policy.txt"
    log_key().store(key)
    policy.write_text(policy_text(witnesses=()), "utf-8")
    days = exported(written(tmp_path / "audit.jsonl", v1_lines(aged_chain(6))), f"{tmp_path}/days/")
    made = run_here("checkpoint", "create", str(days), "--key", str(key))
    assert made.returncode == 0, made.stderr
    assert str(days / "audit.checkpoints.jsonl") in spoken_line(made)
    assert run_here("verify", str(days), "--policy", str(policy)).returncode == 0


def test_events_without_a_time_of_record_are_of_the_day_of_their_timestamp(tmp_path: Path) -> None:
    target = exported(UPSTREAM_VECTORS, f"{tmp_path}/days/")
    tables = {folder.name: pl.read_parquet(folder / "part.parquet") for folder in target.iterdir()}
    assert sum(table.height for table in tables.values()) == len(lines_of(UPSTREAM_VECTORS))
    for name, table in tables.items():
        assert set(table["timestamp"].dt.strftime("day=%Y-%m-%d")) == {name}


def test_nothing_found_is_an_empty_folder_of_days(tmp_path: Path) -> None:
    assert children_of(exported(V1_VECTORS, f"{tmp_path}/days/", "user:nobody")) == []


@pytest.mark.parametrize(
    ("target", "query", "said"),
    [
        ("there/", "", "there exists"),
        ("days/", "| count by user", "a folder of days holds events"),
        ("none/days/", "", "no folder"),
    ],
)
def test_a_folder_of_days_that_is_not_written(
    tmp_path: Path, target: str, query: str, said: str
) -> None:
    (tmp_path / "there").mkdir()
    words = ("search", str(V1_VECTORS), query, "--format", "parquet", "--force")
    refused = run_here(*words, "-o", f"{tmp_path}/{target}")
    assert refused.returncode in {2, 4}
    assert said in spoken_line(refused)
    assert children_of(tmp_path) == ["there"]


def test_an_export_beside_the_log_is_no_part_of_it(tmp_path: Path) -> None:
    log = written(tmp_path / "audit.jsonl", v1_lines(v1_chain(10)))
    exported(log, tmp_path / "found.parquet")
    assert verified(tmp_path).status.events == 10


def test_a_row_without_a_line_is_told(tmp_path: Path) -> None:
    lines: list[str | None] = [line.decode() for line in v1_lines(v1_chain(5))]
    found = verified(as_parquet(tmp_path / "audit.parquet", [*lines, None]))
    assert found.counts[Code.MALFORMED] == 1
    assert found.verdict is Verdict.FAIL


def test_rows_that_share_one_text_are_put_together_a_few_at_a_time(tmp_path: Path) -> None:
    path = as_parquet(tmp_path / "audit.parquet", ["x" * (1 << 20)] * 50)
    assert path.stat().st_size < 10_000
    with path.open("rb") as file:
        text = ParquetText(file, file)
        sizes = list(iter(lambda: len(text.read1(1 << 40)), 0))
        text.close()
    assert sum(sizes) == 50 * ((1 << 20) + 1)
    assert max(sizes) <= TEXT_BYTES + 50


PEAK = """
import sys
from audit_console.cli.main import run
run(["verify", sys.argv[1]])
status = dict(line.split(":") for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) >> 10)
"""


@UNMEASURED
@pytest.mark.parametrize("line", ["", "{:07}"], ids=["shared", "apart"])
def test_a_small_file_of_long_lines_takes_little_memory(tmp_path: Path, line: str) -> None:
    lines = [line.format(number) + "x" * ((1 << 20) - 7) for number in range(500)]
    path = as_parquet(tmp_path / "audit.parquet", lines)
    assert path.stat().st_size < 1 << 20
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.split()[-1]) < 1_200, "MiB; the text has 500, and took 2,000"


def test_counts_and_other_tables_are_no_log(tmp_path: Path) -> None:
    target = exported(V1_VECTORS, tmp_path / "counts.parquet", "| count by user")
    with pytest.raises(NotAnAuditLog, match="without a column of texts named 'line'"):
        verified(target)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    target = exported(V1_VECTORS, tmp_path / "all.parquet")
    whole = target.read_bytes()
    target.write_bytes(whole[:-9] + b"\xff" * 9)
    with pytest.raises(NotAnAuditLog):
        verified(target)


def test_a_damaged_page_never_passes(tmp_path: Path) -> None:
    target = exported(V1_VECTORS, tmp_path / "all.parquet")
    whole = target.read_bytes()
    middle = len(whole) // 2
    target.write_bytes(whole[:middle] + b"\xff" * 64 + whole[middle + 64 :])
    try:
        verdict = verified(target).verdict
    except NotAnAuditLog:
        return
    assert verdict is Verdict.FAIL
