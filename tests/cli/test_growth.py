"""`prove --since` and `check-proof`: a log that only grew, and every way in which it did not."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from tests.cli.conftest import chain
from tests.cli.program import children_of, run_here, run_program, spoken_line
from tests.cli.trusted import CHAIN, Keys, make_keys, run_script, vkey_of
from tests.support.chains import linked
from tests.support.effort import UNMEASURED
from tests.support.retention import aged_chain, store

GROWN = f"PASS: the first 40 events of {CHAIN} begin with the 30 of the old checkpoint, "


def write(log: Path, events: list[AuditEvent]) -> None:
    log.write_text("".join(f"{encode_line(one)}\n" for one in events), encoding="utf-8")


def sign(log: Path, keys: Keys) -> None:
    made = run_here("checkpoint", "create", str(log), "--key", keys.log, "--cosign", keys.console)
    assert made.returncode == 0, made.stderr


def export(log: Path, keys: Keys, to: Path) -> Path:
    done = run_here("checkpoint", "export", str(log), "--policy", keys.policy, "-o", str(to))
    assert done.returncode == 0, done.stderr
    return to


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    write(folder / "audit.jsonl", chain(30))
    return folder / "audit.jsonl"


@pytest.fixture
def old(log: Path, keys: Keys, tmp_path: Path) -> Path:
    """What an auditor took away when the log had 30 events; now it has 40, and is signed."""
    sign(log, keys)
    kept = export(log, keys, tmp_path / "old.checkpoint")
    write(log, chain(40))
    sign(log, keys)
    return kept


@pytest.fixture
def proof(log: Path, old: Path, keys: Keys, tmp_path: Path) -> Path:
    path = tmp_path / "proof.json"
    made = run_here(
        *("prove", str(log), "--since", str(old), "--policy", keys.policy, "-o", str(path))
    )
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    return path


def prove(log: Path, old: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Ask for a proof that is refused, and look that no file is left."""
    target = old.parent / "out" / "proof.json"
    target.parent.mkdir(exist_ok=True)
    done = run_here("prove", str(log), "--since", str(old), "-o", str(target), *more)
    assert done.stdout == ""
    assert children_of(target.parent) == []
    return done


@UNMEASURED
def test_growth_is_proven_and_checked_without_the_log(
    log: Path, old: Path, proof: Path, keys: Keys
) -> None:
    log.unlink()
    checked = run_program("check-proof", str(proof), "--policy", keys.policy, "--since", str(old))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith(GROWN)
    root = old.read_text("utf-8").split("\n")[2]
    assert f"whose tree head is {root}: signed by the log; cosigned by me " in checked.stdout
    assert "; the old one signed by the log; cosigned by me " in checked.stdout
    nobody = run_here("check-proof", str(proof))
    assert nobody.returncode == 3
    assert nobody.stdout.startswith(GROWN.replace("PASS", "INCOMPLETE"))


@UNMEASURED
def test_a_proof_on_standard_output(log: Path, old: Path, proof: Path) -> None:
    printed = run_here("prove", str(log), "--since", str(old))
    assert printed.stdout == proof.read_text("utf-8")
    assert [line.rpartition(": ")[2] for line in printed.stderr.splitlines()] == [
        "no policy here trusts the old checkpoint",
        "no policy here trusts the newer checkpoint",
    ]


def test_the_script_checks_growth_without_this_program(
    old: Path, proof: Path, keys: Keys, tmp_path: Path
) -> None:
    script = tmp_path / "check_proof.py"
    script.write_text(run_here("check-proof", "--script").stdout, encoding="utf-8")
    vkeys = [vkey_of("show", keys.log), vkey_of("show", keys.console)]
    good = run_script(script, proof, *vkeys)
    assert (good.returncode, good.stderr) == (0, "")
    root = old.read_text("utf-8").split("\n")[2]
    assert good.stdout.splitlines() == [
        f"the first 30 with tree head {root} are the beginning of the first 40 of '{CHAIN}'",
        f"signed by {CHAIN}",
        "signed by console.example.org/me",
    ]
    text = proof.read_text("utf-8")
    for before, after in (
        ("\\n40\\n", "\\n41\\n"),
        ("\\n30\\n", "\\n31\\n"),
        ("\\n30\\n", "\\n0\\n"),
        ("\\n30\\n", "\\n50\\n"),
        ('"hashes": [\n  "', '"hashes": [\n  "00'),
        (root, root.swapcase()),
    ):
        assert before in text
        proof.write_text(text.replace(before, after), encoding="utf-8")
        bad = run_script(script, proof, *vkeys)
        assert bad.returncode == 1, (before, after)
        assert bad.stderr.startswith("FAIL: "), bad.stderr
        checked = run_here("check-proof", str(proof), "--policy", keys.policy)
        assert (checked.returncode, checked.stderr) == (1, ""), (before, after)


def test_a_log_that_was_rolled_back(log: Path, old: Path) -> None:
    write(log, chain(25))
    done = prove(log, old)
    assert done.returncode == 1
    assert spoken_line(done) == (
        "audit-console: the log has 25 events, and the old checkpoint signs 30: the end is "
        "missing. See what was done to the log with: audit-console verify."
    )


def test_a_log_that_was_written_anew(log: Path, old: Path, keys: Keys) -> None:
    log.with_name("audit.checkpoints.jsonl").unlink()
    write(log, linked(replace(one, user_id="mallory") for one in chain(40)))
    assert run_here("memory", "forget", CHAIN).returncode == 0
    sign(log, keys)
    done = prove(log, old, "--policy", keys.policy)
    assert done.returncode == 1
    assert spoken_line(done) == (
        "audit-console: the first 30 events of the log are not those that the old checkpoint "
        "signs. See what was done to the log with: audit-console verify."
    )


def test_an_event_between_the_checkpoints_was_edited(log: Path, old: Path) -> None:
    text = log.read_text("utf-8")
    log.write_text(text.replace("user-35", "user-36"), encoding="utf-8")
    done = prove(log, old)
    assert done.returncode == 1
    assert "first 40 events of the log are not those that its checkpoint signs" in spoken_line(done)


def test_an_old_checkpoint_of_another_log(log: Path, tmp_path: Path) -> None:
    other = make_keys(tmp_path / "other", "audit.example.org/other")
    elsewhere = tmp_path / "other" / "audit.jsonl"
    write(elsewhere, linked([replace(one, chain="audit.example.org/other") for one in chain(10)]))
    sign(elsewhere, other)
    done = prove(log, export(elsewhere, other, tmp_path / "other.checkpoint"))
    assert done.returncode == 2
    assert "the old checkpoint is of audit.example.org/other, and this log is not" in (
        spoken_line(done)
    )


def test_an_old_checkpoint_that_was_altered_or_is_of_a_stranger(
    log: Path, old: Path, keys: Keys, tmp_path: Path
) -> None:
    text = old.read_text("utf-8")
    old.write_text(text.replace("\n30\n", "\n29\n"), encoding="utf-8")
    altered = prove(log, old, "--policy", keys.policy)
    assert altered.returncode == 1
    assert f"the signature of {CHAIN} under the old checkpoint is not by its key" in (
        spoken_line(altered)
    )
    old.write_text(text, encoding="utf-8")
    strangers = make_keys(tmp_path / "strangers")
    proof = tmp_path / "proof.json"
    unknown = run_here(
        *("prove", str(log), "--since", str(old), "-o", str(proof)),
        *("--policy", strangers.policy),
    )
    assert unknown.returncode == 0
    assert (
        "no policy here trusts the old checkpoint: not signed by a key that the policy gives"
        in unknown.stderr
    )
    checked = run_here("check-proof", str(proof), "--policy", strangers.policy)
    assert checked.returncode == 3
    assert "; the old one not signed by a key that the policy gives this log" in checked.stdout


def test_a_log_without_a_newer_checkpoint(log: Path, keys: Keys, tmp_path: Path) -> None:
    sign(log, keys)
    latest = export(log, keys, tmp_path / "latest.checkpoint")
    proof = tmp_path / "proof.json"
    same = run_here(
        *("prove", str(log), "--since", str(latest), "-o", str(proof)),
        *("--policy", keys.policy),
    )
    assert same.returncode == 0
    assert "no checkpoint beside the log covers more events" in spoken_line(same)
    checked = run_here("check-proof", str(proof), "--policy", keys.policy)
    assert checked.stdout.startswith(f"PASS: the first 30 events of {CHAIN} begin with the 30 of")
    log.with_name("audit.checkpoints.jsonl").unlink()
    none = prove(log, latest)
    assert none.returncode == 2
    assert "checkpoint create" in spoken_line(none)


def test_a_log_whose_beginning_retention_deleted(keys: Keys, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    events = aged_chain(60)
    log = store(folder, events[:5])
    sign(log, keys)
    early = export(log, keys, tmp_path / "early.checkpoint")
    store(folder, events)
    sign(log, keys)
    whole = export(log, keys, tmp_path / "whole.checkpoint")
    plan = tmp_path / "plan.json"
    before = ("--keep", "20d", "--before", "2026-08-13")
    seen = run_here("retention", "preview", str(folder), *before, "--plan", str(plan))
    assert seen.returncode == 0, seen.stderr
    done = run_here("retention", "apply", str(folder), "--plan", str(plan))
    assert done.returncode == 0, done.stderr
    made = run_here("prove", str(folder), "--since", str(whole), "-o", str(tmp_path / "p.json"))
    assert made.returncode == 0, made.stderr
    assert run_here("check-proof", str(tmp_path / "p.json")).returncode == 3
    gone = prove(folder, early)
    assert gone.returncode == 2
    assert spoken_line(gone) == (
        "audit-console: the old checkpoint signs 5 events, and retention deleted the first 12: "
        "nothing is left that could show it. Name one that signs 12 events or more."
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "not a signed note"),
        (f"{CHAIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAA=\n", "no event"),
        ("", "not a signed note"),
        ('{"note":"x"}\n', "not a signed note"),
        ("{}\n{}\n", "is not {"),
        (None, "No such file"),
    ],
)
def test_what_is_no_old_checkpoint(
    log: Path, tmp_path: Path, text: str | None, reason: str
) -> None:
    file = tmp_path / "old.checkpoint"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    done = prove(log, file)
    assert done.returncode == 2
    assert reason in spoken_line(done)


@pytest.mark.usefixtures("old")
def test_one_old_checkpoint_is_meant(log: Path) -> None:
    done = prove(log, log.with_name("audit.checkpoints.jsonl"))
    assert done.returncode == 2
    assert "holds 2 checkpoints" in spoken_line(done)


def test_nothing_is_overwritten_unasked(log: Path, old: Path, proof: Path) -> None:
    before = proof.read_bytes(), old.read_bytes(), log.read_bytes()
    for target, flags, reason in (
        (proof, [], "exists"),
        (old, ["--force"], "is the old checkpoint itself"),
        (log, ["--force"], "is the log itself"),
        (log.parent, [], "is a folder"),
    ):
        done = run_here("prove", str(log), "--since", str(old), "-o", str(target), *flags)
        assert done.returncode == 2
        assert reason in spoken_line(done)
    assert (proof.read_bytes(), old.read_bytes(), log.read_bytes()) == before
    proof.write_bytes(b"")
    done = run_here("prove", str(log), "--since", str(old), "-o", str(proof), "--force")
    assert (done.returncode, proof.read_bytes()) == (0, before[0])


def test_a_proof_that_begins_with_another_checkpoint(
    log: Path, old: Path, proof: Path, keys: Keys, tmp_path: Path
) -> None:
    latest = export(log, keys, tmp_path / "latest.checkpoint")
    other = run_here("check-proof", str(proof), "--policy", keys.policy, "--since", str(latest))
    assert other.returncode == 1
    assert other.stdout == f"FAIL: the old checkpoint is not the one in {latest}\n"
    event = tmp_path / "event.json"
    made = run_here("prove", str(log), chain(8)[7].id, "-o", str(event))
    assert made.returncode == 0, made.stderr
    mixed = run_here("check-proof", str(event), "--since", str(old))
    assert mixed.returncode == 2
    assert "this is the proof of one event" in spoken_line(mixed)


def test_what_is_asked_for_must_be_said(log: Path) -> None:
    done = run_here("prove", str(log))
    assert done.returncode == 2
    assert "which event?" in spoken_line(done)
    helped = run_here("prove", "--help")
    assert "SOURCE ... --since CHECKPOINT" in helped.stdout
