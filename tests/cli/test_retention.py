"""`audit-console retention` as a user runs it."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from audit_console.cli.trusting import memory
from audit_console.core.event import AuditEvent
from audit_console.core.retention import PrunePlan, decode_plan
from audit_console.core.vouchers import Remembered
from audit_console.database import connect
from audit_console.demo import CHAIN as DEMO_CHAIN
from audit_console.demo import TAMPERS
from audit_console.demo.database import fill_table
from audit_console.writer.pruning.recording import PruneStep
from tests.cli.program import command_bound_by_permissions, run_here, run_program, spoken_line
from tests.support.archives import stored_events
from tests.support.chains import CHAIN, linked, orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.postgres import fill
from tests.support.retention import POLICY, REQUEST, aged_chain, day, pruner, store
from tests.support.trees import grown
from tests.support.trusting import leaves, log_key, policy_text, stored
from tests.support.writing import stored_lines

EVENTS = aged_chain(60)
"""From 2026-08-01 on, one a day: all far older than the days that are kept here."""

BEFORE = ("--keep", "20d", "--before", "2026-08-13")
"""The first 12 events, whatever the clock says."""

THIRTY_DAYS_OF_THE_DEMO = ("--keep", "30d", "--before", "2026-10-24")
"""Counted from the end of the demo, whatever the clock says."""

KEPT_AS_PARQUET = ("--archive-format", "parquet")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return run_here("retention", *words)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    store(folder, EVENTS, (8, 20))
    return folder


@UNMEASURED
def test_a_plan_goes_to_standard_output_where_that_is_asked_for(log: Path, tmp_path: Path) -> None:
    plan, seen = tmp_path / "plan.json", tmp_path / "seen.txt"
    assert run("preview", str(log), *BEFORE, "--plan", str(plan)).returncode == 0
    printed = run("preview", str(log), *BEFORE, "--plan", "-", "-o", str(seen))
    assert (printed.returncode, printed.stdout) == (0, plan.read_text("utf-8"))
    assert not Path("-").exists()


@pytest.fixture
def plan(log: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    done = run("preview", str(log), *BEFORE, "--plan", str(path))
    assert done.returncode == 0, done.stderr
    return path


def configured(home: Path, text: str) -> None:
    folder = home / "xdg_config_home" / "audit-console"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def kept(folder: Path) -> list[AuditEvent]:
    return [one for one in stored_events(folder) if not one.action.startswith("retention.")]


@UNMEASURED
def test_a_log_is_previewed_applied_and_verified(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    seen = run_program(
        *("retention", "preview", str(log), *BEFORE, "--format", "json", "--plan", str(path))
    )
    assert seen.returncode == 0, seen.stderr
    said = json.loads(seen.stdout)
    assert (said["events"], said["kept"], said["faults"]) == (12, 48, [])
    assert said["plan"] == json.loads(path.read_text())
    assert spoken_line(seen) == f"audit-console: plan {said['plan']['plan_sha256']} is in {path}"
    copies = tmp_path / "copies"
    copies.mkdir()
    done = run_program(
        *("retention", "apply", str(log), "--plan", str(path), "--archive", str(copies)),
        *("--actor", "olga", "--reason", "yearly clean-up"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"seq 0 to 11 of {CHAIN} are deleted; the rest is INCOMPLETE: "
        "PRUNED_PREFIX, PRUNE_NOT_BACKED, UNSEALED_TAIL\n"
    )
    assert "audit-console: a copy of it was kept and read back" in done.stderr.splitlines()
    assert kept(log) == EVENTS[said["events"] :]
    record = json.loads((log / "audit.prunes.jsonl").read_text())
    assert (record["actor"], record["reason"]) == ("olga", "yearly clean-up")
    assert record["events"] == said["events"]
    checked = run_here("verify", str(log))
    assert checked.returncode == 3
    assert checked.stdout.startswith("INCOMPLETE: no fault found, but open: PRUNE_NOT_BACKED")
    copied = run_here("verify", str(copies), environment={"XDG_STATE_HOME": str(tmp_path)})
    assert copied.stdout.startswith("INCOMPLETE: no fault found, but open: NO_CHECKPOINT")


@UNMEASURED
@pytest.mark.parametrize("copied", ["", "parquet"])
def test_a_copy_may_be_parquet(log: Path, plan: Path, tmp_path: Path, copied: str) -> None:
    words = ("apply", str(log), "--plan", str(plan), "--archive", str(tmp_path))
    done = run(*words, *(["--archive-format", copied] if copied else []))
    assert done.returncode == 0, done.stderr
    (copy,) = tmp_path.glob(f"audit_example_org_test.*{copied or '.jsonl.zst'}")
    copied_log = run_here("verify", str(copy), environment={"XDG_STATE_HOME": str(tmp_path)})
    assert copied_log.stdout.startswith("INCOMPLETE: no fault found, but open: NO_CHECKPOINT")
    record = json.loads((log / "audit.prunes.jsonl").read_text())
    assert (record["archive"]["name"], record["archive"]["events"]) == (copy.name, 12)


@pytest.fixture(params=["archive", "table"])
def demo_copy(request: pytest.FixtureRequest, demo_log: Path, tmp_path: Path) -> str:
    if request.param == "archive":
        return str(shutil.copy(demo_log, tmp_path))
    dsn: str = request.getfixturevalue("database")
    fill_table(dsn)
    return dsn


@UNMEASURED
def test_the_demo_kept_thirty_days_is_previewed_applied_and_verified(
    demo_copy: str, tmp_path: Path
) -> None:
    plan, copies = tmp_path / "plan.json", tmp_path / "copies"
    copies.mkdir()
    seen = run("preview", demo_copy, *THIRTY_DAYS_OF_THE_DEMO, "--plan", str(plan))
    assert seen.stdout.startswith("PREVIEW: 18,011 of 44,667 events would go\n"), seen.stderr
    words = ("--plan", str(plan), "--archive", str(copies), *KEPT_AS_PARQUET)
    done = run("apply", demo_copy, *words)
    told = f"seq 0 to 18,010 of {DEMO_CHAIN} are deleted; the rest is FAIL: "
    codes = sorted(tamper.code for tamper in TAMPERS.values())
    assert done.stdout.startswith(told + ", ".join(codes))
    assert done.returncode == 1
    assert run("preview", demo_copy, *THIRTY_DAYS_OF_THE_DEMO).stdout.startswith("NOTHING")
    checked = json.loads(run_here("verify", demo_copy, "--format", "json").stdout)
    (chain,) = checked["chains"]
    assert (chain["first_seq"], chain["events"]) == (18_011, 44_667 - 18_011 + 1)
    assert {one["code"] for one in checked["findings"] if one["class"] == "F"} == set(codes)
    assert run_here("verify", "--allow-unanchored", str(copies)).returncode == 0


@UNMEASURED
def test_a_log_with_a_key_is_signed_again(log: Path, plan: Path, tmp_path: Path) -> None:
    key, policy = tmp_path / "log.key", tmp_path / "policy.txt"
    log_key().store(key)
    policy.write_text(policy_text(witnesses=()), encoding="utf-8")
    signed = run_here("checkpoint", "create", str(log), "--key", str(key))
    assert signed.returncode == 0, signed.stderr
    trusted = ("--key", str(key), "--policy", str(policy))
    done = run("apply", str(log), "--plan", str(plan), *trusted)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("the rest is PASS: PRUNED_PREFIX\n")
    assert run_here("verify", str(log), "--policy", str(policy)).returncode == 0


@UNMEASURED
def test_a_checkpoint_that_cannot_be_kept_is_told_before_anything_is_deleted(
    log: Path, plan: Path, tmp_path: Path
) -> None:
    key, beside = tmp_path / "log.key", log / "audit.checkpoints.jsonl"
    log_key().store(key)
    beside.write_bytes(b"")
    beside.chmod(stat.S_IRUSR)
    done = run_program(
        *("retention", "apply", str(log), "--plan", str(plan), "--key", str(key)),
        command=command_bound_by_permissions(),
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert f"cannot write {beside}: Permission denied" in spoken_line(done)
    assert kept(log) == EVENTS


@UNMEASURED
def test_what_goes_is_held_to_what_the_console_saw_and_remembered(
    log: Path, plan: Path, tmp_path: Path
) -> None:
    key, policy = tmp_path / "log.key", tmp_path / "policy.txt"
    log_key().store(key)
    policy.write_text(policy_text(witnesses=()), encoding="utf-8")
    note = stored(leaves(EVENTS), 60, at=None)
    (log / "audit.checkpoints.jsonl").write_text(f"{note}\n", encoding="utf-8")
    memory().remember([Remembered(CHAIN, 5, grown(leaves(EVENTS)[:5]).root(), day(5))])
    trusted = ("--key", str(key), "--policy", str(policy))
    done = run("apply", str(log), "--plan", str(plan), *trusted)
    assert done.stdout.endswith("the rest is PASS: PRUNED_PREFIX\n"), done.stderr
    assert memory().all()[CHAIN].size == 61


@UNMEASURED
def test_what_no_checkpoint_backs_is_said_before_and_after(log: Path, tmp_path: Path) -> None:
    policy, path = tmp_path / "policy.txt", tmp_path / "plan.json"
    policy.write_text(policy_text(), encoding="utf-8")
    notes = [stored(leaves(EVENTS), size, at=at) for size, at in ((8, day(9)), (60, day(60)))]
    (log / "audit.checkpoints.jsonl").write_text("".join(f"{one}\n" for one in notes))
    trusted = ("--policy", str(policy))
    seen = run(*("preview", str(log), *BEFORE, *trusted, "--plan", str(path)))
    said = " ".join(seen.stdout.split())
    assert "No trusted checkpoint from before the cut-off covers seq 8 to 11" in said
    assert "that is a fault, and the log FAILS from then on" in said
    done = run("apply", str(log), "--plan", str(path), *trusted)
    assert done.returncode == 1
    assert "the rest is FAIL: " in done.stdout
    meaning = "PRUNE_NOT_BACKED: no checkpoint from before the cut-off covers what was deleted"
    assert f"audit-console: {meaning}" in done.stderr.splitlines()
    checked = run_here("verify", str(log), *trusted)
    assert checked.returncode == 1
    assert "covers what was deleted (seq 8 to 11)" in " ".join(checked.stdout.split())


@UNMEASURED
def test_text_and_html_say_the_same(log: Path, tmp_path: Path) -> None:
    text = run("preview", str(log), *BEFORE)
    assert text.stdout.startswith("PREVIEW: 12 of 60 events would go\n")
    assert "what goes, by user" in text.stdout.lower()
    target = tmp_path / "preview.html"
    told = run(*("preview", str(log), *BEFORE, "--format", "html", "-o", str(target)))
    assert (told.returncode, told.stdout) == (0, "")
    headline = "PREVIEW: 12 of 60 events would go"
    assert spoken_line(told) == f"audit-console: {target}: {headline}"
    assert "<h1>PREVIEW: 12 of 60 events would go</h1>" in target.read_text(encoding="utf-8")
    again = run("preview", str(log), *BEFORE, "-o", str(target))
    assert again.returncode == 2


def test_nothing_to_delete(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    done = run(*("preview", str(log), "--before", "2026-07-01", "--plan", str(path)))
    assert done.stdout.startswith("NOTHING to delete: all 60 events stay\n")
    assert "nothing goes, so there is no plan" in done.stderr
    assert not path.exists()


def test_a_preview_writes_nothing(log: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in log.iterdir()}
    log.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        done = run_program(
            *("retention", "preview", str(log), *BEFORE), command=command_bound_by_permissions()
        )
    finally:
        log.chmod(stat.S_IRWXU)
    assert done.returncode == 0, done.stderr
    now = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in log.iterdir()}
    assert now == before


def test_the_orchestrators_format_is_only_previewed(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(text_of(orchestrator_lines(orchestrator_chain(9))))
    done = run("preview", str(path), "--keep", "0d")
    assert done.returncode == 0, done.stderr
    assert "9 of 9 events are older than the cut-off, and none can go" in done.stdout
    assert "audit-console seal SOURCE --key FILE" in " ".join(done.stdout.split())


def test_holds_are_added_listed_and_ended(log: Path, plan: Path) -> None:
    added = run(
        *("hold", "add", str(log), "user:user-4", "--reason", "case 7"),
        *("--owner", "legal"),
    )
    assert added.returncode == 0, added.stderr
    listed = run("hold", "list", str(log))
    assert listed.stdout.startswith("hold ")
    hold_id = listed.stdout.split()[1]
    assert f"hold {hold_id} of legal: user:user-4 (case 7) since 2" in listed.stdout
    refused = run("apply", str(log), "--plan", str(plan))
    assert (refused.returncode, refused.stdout) == (4, "")
    assert f"seq 4 stays: under hold {hold_id}" in spoken_line(refused)
    preview = run("preview", str(log), *BEFORE)
    assert preview.stdout.startswith("PREVIEW: 4 of 61 events would go")
    ended = run("hold", "remove", str(log), hold_id, "--reason", "settled")
    assert ended.returncode == 0, ended.stderr
    listed = run("hold", "list", str(log))
    assert (listed.stdout, spoken_line(listed)) == ("", "audit-console: no hold is in force")
    again = run("hold", "remove", str(log), hold_id, "--reason", "x")
    assert again.returncode == 2
    assert "is in force" in spoken_line(again)
    done = run("apply", str(log), "--plan", str(plan))
    assert done.returncode == 0, done.stderr
    assert kept(log) == EVENTS[12:]


def test_a_hold_may_be_of_all_but_some(log: Path) -> None:
    held = run("hold", "add", str(log), "-user:user-4", "--reason", "-  as told by phone")
    assert "-user:user-4" in spoken_line(held)
    assert "-user:user-4 (-  as told by phone)" in run("hold", "list", str(log)).stdout


@UNMEASURED
def test_words_in_another_encoding_are_stored_as_far_as_they_can_be_read(
    log: Path, plan: Path
) -> None:
    done = run(
        "apply", str(log), "--plan", str(plan), "--actor", "Ren\udce9", "--reason", "\udce9t\udce9"
    )
    assert done.returncode == 0, done.stderr
    held = run(
        "hold", "add", str(log), "user:x", "--owner", "Ren\udce9", "--reason", "\udce9t\udce9"
    )
    assert held.returncode == 0, held.stderr
    assert "of Ren\ufffd: user:x (\ufffdt\ufffd) since" in run("hold", "list", str(log)).stdout


def test_a_hold_needs_a_query_that_lasts(log: Path) -> None:
    done = run("hold", "add", str(log), "star:yes", "--reason", "x")
    assert done.returncode == 2
    assert "star can change" in spoken_line(done)


@UNMEASURED
def test_a_broken_prefix_is_a_fault(log: Path, plan: Path) -> None:
    first = log / "audit.000000000000.jsonl"
    first.write_bytes(first.read_bytes().replace(b"user-3", b"user-9", 1))
    done = run("apply", str(log), "--plan", str(plan))
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not verify: EVENT_HASH_MISMATCH; nothing is deleted" in spoken_line(done)
    seen = run("preview", str(log), *BEFORE)
    assert "NO: EVENT_HASH_MISMATCH; this plan is refused" in seen.stdout


@UNMEASURED
def test_a_fault_behind_what_goes_is_told_afterwards(log: Path, plan: Path) -> None:
    active = log / "audit.jsonl"
    active.write_bytes(active.read_bytes().replace(b"user-3", b"user-9", 1))
    done = run("apply", str(log), "--plan", str(plan))
    assert done.returncode == 1
    assert "the rest is FAIL: EVENT_HASH_MISMATCH" in done.stdout


@UNMEASURED
def test_the_floor_binds_everybody(log: Path, plan: Path, user_directories: Path) -> None:
    configured(user_directories, "[retention]\ndays = 90\nfloor = 30\n")
    seen = run("preview", str(log), *BEFORE)
    assert (seen.returncode, "20 days are under the floor of 30" in seen.stderr) == (2, True)
    done = run("apply", str(log), "--plan", str(plan))
    assert (done.returncode, "20 days are under the floor of 30" in done.stderr) == (4, True)
    assert kept(log) == EVENTS


def test_a_date_within_the_days_is_not_dropped_unsaid(log: Path) -> None:
    seen = run("preview", str(log), "--keep", "9000d", "--before", "2026-08-13")
    assert "--before 2026-08-13 is within the 9,000 days that everything is kept" in seen.stderr
    assert "is within" not in run("preview", str(log), *BEFORE).stderr


def test_rules_of_the_configuration_keep_longer(log: Path, user_directories: Path) -> None:
    configured(
        user_directories, '[retention]\ndays = 20\n[retention.longer]\n"user:user-3" = 9999\n'
    )
    seen = run("preview", str(log), "--before", "2026-08-13")
    assert seen.stdout.startswith("PREVIEW: 3 of 60 events would go")
    assert "kept 9,999 days: user:user-3" in seen.stdout


@UNMEASURED
def test_a_table_is_previewed_applied_and_verified(database: str, tmp_path: Path) -> None:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    path = tmp_path / "plan.json"
    reader = make_conninfo(database, options="-crole=audit_reader")
    seen = run("preview", reader, *BEFORE, "--format", "json", "--plan", str(path))
    assert seen.returncode == 0, seen.stderr
    said = json.loads(seen.stdout)
    assert (said["events"], said["kept"], said["faults"], said["bytes"]) == (12, 48, None, None)
    held = run("hold", "add", database, "user:user-4", "--reason", "case 7")
    assert held.returncode == 0, held.stderr
    refused = run("apply", database, "--plan", str(path))
    assert (refused.returncode, "seq 4 stays" in refused.stderr) == (4, True)
    hold_id = run("hold", "list", database).stdout.split()[1]
    assert run("hold", "remove", database, hold_id, "--reason", "settled").returncode == 0
    done = run("apply", database, "--plan", str(path), "--archive", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "the rest is INCOMPLETE: PRUNED_PREFIX, PRUNE_NOT_BACKED, UNSEALED_TAIL\n"
    )
    assert len(stored_lines(database)) == said["kept"] + 3
    assert run_here("verify", database).returncode == 3


@UNMEASURED
def test_a_hold_that_is_gone_from_the_book_of_a_table_stops_preview_and_apply(
    database: str, tmp_path: Path
) -> None:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    path = tmp_path / "plan.json"
    assert run("preview", database, *BEFORE, "--plan", str(path)).returncode == 0
    assert run("hold", "add", database, "user:user-4", "--reason", "case 7").returncode == 0
    with closing(connect(database)) as connection:
        connection.execute("ALTER TABLE audit_holds DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM audit_holds")
        connection.commit()
    for asked in (("preview", database, *BEFORE), ("apply", database, "--plan", str(path))):
        refused = run(*asked)
        assert (refused.returncode, "the log tells of hold" in refused.stderr) == (4, True)
    assert len(stored_lines(database)) == len(EVENTS) + 1


WRONG_REQUESTS: dict[str, tuple[str, ...]] = {
    "not a number of days": ("preview", "{log}", "--keep", "soon"),
    "--before=VALUE": ("preview", "{log}", "--before", "-50d"),
    "not a time": ("preview", "{log}", "--before", "soon"),
    "No such file": ("apply", "{log}", "--plan", "{log}/nowhere"),
    "not a plan": ("apply", "{log}", "--plan", "{log}/audit.jsonl"),
    "no chain 'x'": ("preview", "{log}", "--chain", "x"),
    "--reason is empty. Say why": ("hold", "add", "{log}", "user:x", "--reason", " "),
    "--reason is empty": ("apply", "{log}", "--plan", "{plan}", "--reason", ""),
    "For all of them: id:*": ("hold", "add", "{log}", "", "--reason", "x"),
    "--archive-format without": ("apply", "{log}", "--plan", "{plan}", *KEPT_AS_PARQUET),
}


@pytest.mark.parametrize("reason", WRONG_REQUESTS)
def test_a_wrong_request_is_told_in_one_line(log: Path, plan: Path, reason: str) -> None:
    words = [word.format(log=log, plan=plan) for word in WRONG_REQUESTS[reason]]
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in spoken_line(done)


def test_what_apply_refuses(log: Path, plan: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    of_another_chain = store(
        other, linked([replace(one, chain="example.org/other") for one in EVENTS])
    )
    for words, reason in (
        ((str(log), "--archive", str(log)), "among the files of the log"),
        ((str(log), "--archive", str(tmp_path / "nowhere")), "no folder for the copy of what goes"),
        ((str(log / "audit.jsonl"),), "HEAD_MISSING"),
        ((str(of_another_chain),), f"is the chain example.org/other, not {CHAIN}"),
    ):
        done = run("apply", *words, "--plan", str(plan))
        assert "what goes was verified" not in done.stderr
        assert done.returncode == (1 if reason == "HEAD_MISSING" else 4)
        assert reason in done.stderr
    assert kept(log) == EVENTS


@UNMEASURED
def test_a_plan_that_was_applied_does_nothing_more(log: Path, plan: Path) -> None:
    assert run("apply", str(log), "--plan", str(plan)).returncode == 0
    before = {path: path.read_bytes() for path in log.iterdir()}
    again = run("apply", str(log), "--plan", str(plan))
    assert again.returncode == 0, again.stderr
    assert "the plan was applied already: nothing more is deleted" in again.stderr
    assert {path: path.read_bytes() for path in log.iterdir()} == before


def test_a_prune_that_was_cut_short_is_finished_by_the_same_command(log: Path, plan: Path) -> None:
    read = decode_plan(plan.read_text())
    assert isinstance(read, PrunePlan)
    steps = pruner(log / "audit.jsonl").steps(read, POLICY, REQUEST, day(40))
    while next(steps) is not PruneStep.RECORDED:
        pass
    steps.close()
    told = run("preview", str(log), *BEFORE)
    assert (told.returncode, "was cut short" in told.stderr) == (4, True)
    done = run("apply", str(log), "--plan", str(plan))
    assert done.returncode == 0, done.stderr
    said = [line.removeprefix("audit-console: ") for line in done.stderr.splitlines()]
    assert "a prune that was cut short is finished" in said
    assert kept(log) == EVENTS[12:]


def test_a_plan_can_be_read_back(plan: Path) -> None:
    read = decode_plan(plan.read_text())
    assert getattr(read, "pruned_to", None) == 12
