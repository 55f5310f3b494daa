"""`audit-console search` as a program."""

from __future__ import annotations

import csv
import io
import re
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.matching import Marks
from audit_console.core.query.fields import TYPED_NAMES
from audit_console.core.query.stages import NAMES
from audit_console.search.marks import FILE_NAME, MarkStore
from audit_console.writer import ArchiveSink, AuditLogger, PostgresSink
from tests.cli.conftest import chain
from tests.cli.program import run_here, run_program, spoken_line
from tests.support.effort import UNMEASURED

BRUTE_FORCE = "type:authentication result:failure ip:203.0.113.66"


def search(log: Path | str, query: str, *options: str) -> str:
    completed = run_here("search", str(log), query, *options)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


@cache
def matching(log: Path) -> list[str]:
    """The lines of the brute force, found without the program."""
    kept = []
    for line in log.read_text().splitlines():
        if "203.0.113.66" not in line:
            continue
        event = decode_line(line)
        assert isinstance(event, AuditEvent)
        if (
            event.event_type == "authentication"
            and event.result == "failure"
            and event.ip_address == "203.0.113.66"
        ):
            kept.append(line)
    return kept


@UNMEASURED
def test_original_lines_come_out_byte_for_byte(demo_log: Path) -> None:
    expected = matching(demo_log)
    assert len(expected) > 10
    completed = run_program("search", str(demo_log), BRUTE_FORCE, "--format", "jsonl")
    assert completed.stdout.splitlines() == expected


@UNMEASURED
def test_a_table_names_its_columns_and_is_not_cut_without_a_screen(demo_log: Path) -> None:
    lines = search(demo_log, BRUTE_FORCE).splitlines()
    assert lines[0].split("  ")[0] == "time (UTC)"
    assert len(lines) == len(matching(demo_log)) + 1
    assert all("user/marek.novak" in line for line in lines[1:])


@UNMEASURED
def test_counts_come_as_a_table(demo_log: Path) -> None:
    lines = search(demo_log, f"{BRUTE_FORCE} | count by user").splitlines()
    assert lines[0].split() == ["user", "count"]
    assert lines[1].split() == ["marek.novak", str(len(matching(demo_log)))]


@UNMEASURED
def test_stages_that_keep_events_print_events(demo_log: Path) -> None:
    lines = search(demo_log, f"{BRUTE_FORCE} | limit 2").splitlines()
    assert lines[0].startswith("time (UTC)")
    assert len(lines) == 3


@UNMEASURED
def test_csv_holds_every_field(demo_log: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(search(demo_log, BRUTE_FORCE, "--format", "csv"))))
    ids = [decode_line(line) for line in matching(demo_log)]
    assert [row["id"] for row in rows] == [one.id for one in ids if isinstance(one, AuditEvent)]
    assert rows[0]["timestamp"].endswith("Z")


@UNMEASURED
def test_parquet_goes_to_a_file(demo_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "found.parquet"
    assert search(demo_log, BRUTE_FORCE, "--format", "parquet", "-o", str(target)) == ""
    assert pl.read_parquet(target).height == len(matching(demo_log))


@UNMEASURED
@pytest.mark.parametrize("form", ["table", "csv", "parquet", "jsonl"])
def test_nothing_found_is_an_empty_result(demo_log: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / "found"
    search(demo_log, "user:nobody", "--format", form, "-o", str(target))
    held = pl.read_parquet(target).height if form == "parquet" else None
    lines = target.read_bytes().splitlines() if form != "parquet" else []
    assert held == 0 if form == "parquet" else len(lines) == (0 if form == "jsonl" else 1)


def shuffled_in_time(logger: AuditLogger) -> None:
    """Log events, one of which happened before those that were logged before it."""
    with closing(logger):
        for number, day in enumerate((3, 5, 4, 6)):
            logger.log_event(
                event_type="authentication",
                action=f"action {number}",
                resource_type="user",
                resource_id="alice",
                timestamp=datetime(2026, 11, day, tzinfo=UTC),
            )


@UNMEASURED
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_exported_of_a_table_is_the_log_again(
    database: str, tmp_path: Path, form: str
) -> None:
    shuffled_in_time(AuditLogger(PostgresSink(database, chain="audit.example.org/shop")))
    target = str(tmp_path / f"audit.{form}")
    search(database, "", "--format", form, "-o", target)
    verified = run_here("verify", target, "--allow-unanchored")
    assert (verified.returncode, "OUT_OF_ORDER" in verified.stdout) == (0, False)


def test_lines_are_in_the_order_of_the_log_and_a_table_in_that_of_time(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    shuffled_in_time(AuditLogger(ArchiveSink(log, chain="audit.example.org/shop")))
    assert search(log, "", "--format", "jsonl") == log.read_text()
    days = [line[:10] for line in search(log, "").splitlines()[1:]]
    assert days == sorted(days)


@UNMEASURED
def test_it_says_how_complete_the_answer_is(demo_log: Path) -> None:
    completed = run_here("search", str(demo_log), BRUTE_FORCE)
    assert spoken_line(completed) == (
        f"audit-console: {len(matching(demo_log))} of 44,667 events matched"
        " · 44,667 lines read · 0 bad"
        " · 2026-10-05 00:00:00Z to 2026-11-22 23:45:04Z · FAIL"
    )


@UNMEASURED
def test_a_log_that_ended_earlier_is_no_silent_nothing(demo_log: Path) -> None:
    completed = run_here("search", str(demo_log), "since:-1s")
    advice = completed.stderr.splitlines()[-1]
    assert "the log ends at 2026-11-22 23:45:04Z" in advice
    assert advice.endswith("Try: since:end-1s")


@UNMEASURED
def test_what_finds_nothing_either_is_not_offered(demo_log: Path) -> None:
    completed = run_here("search", str(demo_log), "user:nobody since:-1s")
    advice = completed.stderr.splitlines()[-1]
    assert "the log ends at 2026-" in advice
    assert "Try:" not in advice
    assert advice.endswith("user:nobody since:end-1s finds nothing either")


@UNMEASURED
@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("| top user", "| top user 10"),
        ("user:bob | rare action", "user:bob | rare action 10"),
        ("user:alice user:bob", "user:(alice OR bob)"),
        ("since:end-1s", "time:>=2026-11-01T00:00:38Z"),
    ],
)
def test_the_query_in_force_is_said(whole_log: Path, query: str, asked: str) -> None:
    first, *_ = run_here("search", str(whole_log), query).stderr.splitlines()
    assert first == f"audit-console: asked: {asked}"


def test_a_time_by_the_clock_is_said_as_it_is(whole_log: Path) -> None:
    first, *_ = run_here("search", str(whole_log), "since:-24h").stderr.splitlines()
    assert re.fullmatch(r"audit-console: asked: time:>=\d{4}-\d\d-\d\dT[\d:.]+Z", first)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("-ip:10.0.0.7", " · includes 40 rows without ip · "),
        ("seq:7 -ip:10.0.0.7", " · includes 1 row without ip · "),
        ("-user:bob", "40 of 40 events matched · 40 lines read"),
        ("-ip:*", "40 of 40 events matched · 40 lines read"),
    ],
)
def test_rows_without_a_negated_field_are_said(whole_log: Path, query: str, said: str) -> None:
    assert said in spoken_line(run_here("search", str(whole_log), query))


@UNMEASURED
def test_around_an_event(demo_log: Path) -> None:
    event = decode_line(matching(demo_log)[3])
    assert isinstance(event, AuditEvent)
    lines = search(demo_log, f"around:{event.id}±1s", "--format", "jsonl").splitlines()
    assert matching(demo_log)[3] in lines
    completed = run_here("search", str(demo_log), "around:no-such-id±1s")
    assert completed.returncode == 2
    assert "there is no event no-such-id" in spoken_line(completed)


def test_a_wrong_query_is_said_with_its_column(tmp_path: Path) -> None:
    completed = run_here("search", str(tmp_path / "not looked at"), "type:x usr:alice")
    assert completed.returncode == 2
    assert "column 8: unknown field usr" in spoken_line(completed)
    assert "Did you mean user: ?" in spoken_line(completed)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["-user:*"], 0),
        (["-alice"], 0),
        (["-type:secret_access"], 40),
        (["-(user:bob OR user:carol)"], 40),
        (['-"rate limit"'], 40),
        (["-user:bob", "--format", "jsonl"], 40),
        (["--format", "jsonl", "-user:bob"], 40),
        (["--", "-offline"], 40),
        (["--format", "jsonl", "--", "-user:bob"], 40),
        (["-user:alice user:bob"], 0),
        (["-o", "-", "-user:bob"], 40),
        (["-o-", "-user:bob"], 40),
    ],
)
def test_a_query_may_begin_with_not(whole_log: Path, words: list[str], kept: int) -> None:
    completed = run_here("search", str(whole_log), *words)
    assert completed.returncode == 0, completed.stderr
    assert f" {kept} of 40 events matched" in completed.stderr


@UNMEASURED
def test_options_may_stand_between_logs_and_query(whole_log: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.jsonl"
    second.write_bytes(whole_log.read_bytes())
    for query in ("user:alice", "-user:bob"):
        logs = (str(whole_log), str(second))
        completed = run_here("search", *logs, "--format", "jsonl", query)
        assert "80 of 80 events matched" in completed.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["user:alice", "--fromat", "csv"], "--fromat"),
        (["-user:bob", "--fromat", "csv"], "--fromat"),
        (["--fromat=csv", "-user:bob"], "--fromat=csv"),
        (["user:alice", "-f", "csv"], "-f"),
        (["--format", "-user:bob"], "--format: expected one argument"),
        ([], "required: QUERY"),
    ],
)
def test_a_mistyped_option_is_no_query(whole_log: Path, words: list[str], said: str) -> None:
    completed = run_here("search", str(whole_log), *words)
    assert completed.returncode == 2
    assert said in spoken_line(completed)


def test_counts_have_no_original_lines(whole_log: Path) -> None:
    completed = run_here("search", str(whole_log), "| count", "--format", "jsonl")
    assert completed.returncode == 2
    assert "no original lines" in spoken_line(completed)


@UNMEASURED
@pytest.mark.parametrize(
    ("name", "begin"),
    [("found.JSONL", b'{"v":1'), ("found.csv", b"check,"), ("found.parquet", b"PAR1")],
)
def test_the_ending_of_a_file_names_its_form(
    whole_log: Path, tmp_path: Path, name: str, begin: bytes
) -> None:
    target = tmp_path / name
    assert run_here("search", str(whole_log), "", "-o", str(target)).returncode == 0
    assert target.read_bytes().startswith(begin)
    again = ("-o", str(target), "--force", "--format", "table")
    assert run_here("search", str(whole_log), "", *again).returncode == 0
    assert target.read_bytes().startswith(b"time (UTC)")


def test_a_folder_is_of_parquet(whole_log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    refused = run_here("search", str(whole_log), "", "-o", f"{folder}/", "--format", "csv")
    assert refused.returncode == 2
    assert f"{folder}/ is a folder. Name a file for the result." in spoken_line(refused)
    assert run_here("search", str(whole_log), "", "-o", f"{folder}/").returncode == 0
    assert list(folder.rglob("part.parquet"))


def test_the_help_names_every_field_and_stage() -> None:
    words = set(re.findall(r"[a-z]+", run_here("search", "--help").stdout))
    assert words >= {*TYPED_NAMES, *NAMES}


def test_a_file_is_not_replaced_unasked(whole_log: Path, tmp_path: Path) -> None:
    target = tmp_path / "found.csv"
    target.write_text("mine")
    completed = run_here("search", str(whole_log), "", "--format", "csv", "-o", str(target))
    assert completed.returncode == 2
    assert target.read_text() == "mine"
    search(whole_log, "", "--format", "csv", "-o", str(target), "--force")
    assert target.read_text().startswith("check,timestamp,")


@pytest.fixture
def marks(user_directories: Path) -> MarkStore:
    """The file in which the console keeps the marks of the user."""
    return MarkStore(user_directories / "xdg_data_home" / "audit-console" / FILE_NAME)


@UNMEASURED
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("star:yes", 1),
        ("tag:x", 1),
        ("note:*door*", 1),
        ("star:yes tag:y", 0),
        ("NOT star:yes", 39),
    ],
)
def test_marks_are_asked_for_as_on_the_screen(
    whole_log: Path, marks: MarkStore, query: str, kept: int
) -> None:
    event = chain(40)[7]
    marked = Marks(star=True, tags=frozenset({"x"}), note="the door was open")
    marks.change((event.id, event.event_hash), marked)
    assert search(whole_log, f"{query} | count").split() == ["count", str(kept)]


def test_marks_that_cannot_be_read_are_said(
    whole_log: Path, marks: MarkStore, user_directories: Path
) -> None:
    marks.change(("an id", "a hash"), Marks(star=True))
    path = user_directories / "xdg_data_home" / "audit-console" / FILE_NAME
    path.write_text("no mark\n")
    completed = run_here("search", str(whole_log), "star:yes")
    assert "1 line is no marks and left out" in completed.stderr
