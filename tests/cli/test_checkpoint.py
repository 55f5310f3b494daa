"""Checkpoints: made, cosigned, judged and copied."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from audit_console.cli.notes import require_signable
from audit_console.core.event import AuditEvent
from audit_console.core.prunes import PruneCircumstances, encode_prune
from audit_console.errors import SinkUnavailable, UsageError
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.memory import MemorySource
from audit_console.writer.pruning.archive_files import open_plain
from audit_console.writer.pruning.archive_log import ArchiveLog
from tests.cli.program import children_of, run_here, run_program, spoken_line
from tests.cli.trusted import CHAIN, Keys, make_keys, verdict_of, vkey_of
from tests.support.chains import event, linked, v1_lines
from tests.support.disk import fill_disk
from tests.support.effort import UNMEASURED
from tests.support.places import text_of
from tests.support.retention import aged_chain, day, plan_of
from tests.support.trees import grown
from tests.support.trusting import leaves


def test_a_cut_log_fails_by_a_checkpoint_that_was_exported(
    sealed_log: Path, keys: Keys, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere.txt"
    exported = run_here(
        "checkpoint", "export", str(sealed_log), "--policy", keys.policy, "-o", str(copy)
    )
    assert (exported.returncode, exported.stdout) == (0, "")
    assert "helps only where nobody who can write the log can reach it" in exported.stderr
    checked = run_here("checkpoint", "verify", str(copy), "--policy", keys.policy)
    assert checked.returncode == 0
    assert checked.stdout.startswith(f"PASS: {CHAIN}, the first 40 events: signed by the log; ")
    lines = sealed_log.read_bytes().splitlines(keepends=True)
    sealed_log.write_bytes(b"".join(lines[:30]))
    sealed_log.with_name("whole.checkpoints.jsonl").unlink()
    found = verdict_of(str(sealed_log), "--policy", keys.policy, "--checkpoint", str(copy))
    assert found == (1, {"TAIL_TRUNCATED": 1})


def test_a_checkpoint_is_cosigned_later(whole_log: Path, keys: Keys) -> None:
    run_here("checkpoint", "create", str(whole_log), "--key", keys.log)
    found = verdict_of(str(whole_log), "--policy", keys.policy)
    assert found == (3, {"UNTRUSTED_CHECKPOINT": 1})
    made = run_here(
        *("checkpoint", "create", str(whole_log), "--policy", keys.policy),
        *("--cosign", keys.console),
    )
    assert made.returncode == 0, made.stderr
    assert verdict_of(str(whole_log), "--policy", keys.policy) == (0, {})


def test_what_is_not_trusted_is_said_with_the_reason(
    whole_log: Path, keys: Keys, tmp_path: Path
) -> None:
    run_here("checkpoint", "create", str(whole_log), "--key", keys.log)
    reason = "signed by the log; not by as many witnesses as the policy asks for"
    policy = ("--policy", keys.policy)
    exported = run_here("checkpoint", "export", str(whole_log), *policy)
    assert spoken_line(exported) == (
        f"audit-console: no policy here trusts the checkpoint of {CHAIN}: {reason}"
    )
    proof = str(tmp_path / "proof.json")
    event = "00000000-0000-4000-8000-000000000017"
    run_here("prove", str(whole_log), event, "-o", proof)
    checked = run_here("check-proof", proof, *policy)
    found = f"event 17 is among the first 40 events of {CHAIN}"
    assert (checked.returncode, checked.stdout) == (3, f"INCOMPLETE: {found}: {reason}\n")
    nobody = run_here("check-proof", proof)
    assert nobody.returncode == 3
    assert nobody.stdout == (
        f"INCOMPLETE: {found}: by whose word? Give --policy FILE, or set `policy`\n"
    )


def test_a_checkpoint_that_finds_no_room_leaves_no_half_line(
    sealed_log: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = sealed_log.with_name("whole.checkpoints.jsonl")
    before = notes.read_bytes()
    with monkeypatch.context() as disk:
        fill_disk(disk)
        refused = run_here("checkpoint", "create", str(sealed_log), "--key", keys.log)
    assert refused.returncode == 4
    assert f"{notes}: No space left on device. Make room" in spoken_line(refused)
    assert notes.read_bytes() == before


def test_a_checkpoint_is_added_while_no_writer_adds_one(
    whole_log: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = whole_log.with_suffix(".checkpoints.jsonl")
    log = ArchiveLog(whole_log, CHAIN, open_plain, patience=0)
    free = False

    def look(_: int) -> None:
        nonlocal free
        with suppress(SinkUnavailable), log.locked():
            free = True

    monkeypatch.setattr("audit_console.writer.files.sync_to_disk", look)
    made = run_here("checkpoint", "create", str(whole_log), "--key", keys.log)
    assert made.returncode == 0, made.stderr
    assert beside.exists()
    assert not free


@UNMEASURED
def test_what_contradicts_a_cosignature_is_not_cosigned(whole_log: Path, keys: Keys) -> None:
    notes = whole_log.with_name("whole.checkpoints.jsonl")
    cosign = ("checkpoint", "create", str(whole_log), "--policy", keys.policy)
    run_here("checkpoint", "create", str(whole_log), "--key", keys.log)
    assert run_here(*cosign, "--cosign", keys.console).returncode == 0
    notes.unlink()
    another = [replace(event(seq), action="another past") for seq in range(40)]
    whole_log.write_bytes(text_of(v1_lines(linked(another))))
    empty_memory = {"XDG_STATE_HOME": str(whole_log.parent / "state")}
    log_signs = ("checkpoint", "create", str(whole_log), "--key", keys.log)
    assert run_here(*log_signs, environment=empty_memory).returncode == 0
    refused = run_here(*cosign, "--cosign", keys.console)
    assert refused.returncode == 2
    assert "HISTORY_REWRITTEN" in spoken_line(refused)


def write_lines(path: Path, events: Iterable[AuditEvent]) -> None:
    path.write_bytes(text_of(v1_lines(events)))


def test_of_two_histories_that_are_verified_at_once_one_is_cosigned(
    whole_log: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_log = tmp_path / "other.jsonl"
    another = [replace(event(seq), action="another past") for seq in range(40)]
    other_log.write_bytes(text_of(v1_lines(linked(another))))

    def create(log: Path) -> tuple[str, ...]:
        sign = ("--key", keys.log, "--cosign", keys.console)
        return "checkpoint", "create", str(log), *sign, "-o", str(log.with_suffix(".note"))

    def meanwhile(verification: Verification) -> None:
        require_signable(verification)
        assert run_program(*create(other_log)).returncode == 0

    monkeypatch.setattr("audit_console.cli.notes.require_signable", meanwhile)
    refused = run_here(*create(whole_log))
    assert refused.returncode == 4
    said = "is not cosigned: it was verified here by another run meanwhile"
    assert said in spoken_line(refused)
    assert not whole_log.with_suffix(".note").exists()


def test_a_prune_of_what_the_console_saw_is_not_cosigned(tmp_path: Path, keys: Keys) -> None:
    log, rewritten = tmp_path / "log" / "audit.jsonl", aged_chain(40)
    log.parent.mkdir()
    write_lines(log, linked(replace(one, action="as it was") for one in rewritten[:10]))
    run_here("verify", str(log))
    told = PruneCircumstances(actor="olga", reason="yearly", applied_at=day(40))
    tree = grown(leaves(rewritten[:12]))
    record = encode_prune(plan_of(rewritten, 0, 12, 12), tree, told, None)
    telling = replace(event(40), action="retention.prune", event_type="system_event")
    end = linked([replace(telling, details=record)], rewritten[-1].event_hash or "")
    write_lines(log, [*rewritten[12:], *end])
    log.with_suffix(".prunes.jsonl").write_text(record + "\n", encoding="utf-8")
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "state")}
    run_here("checkpoint", "create", str(log), "--key", keys.log, environment=elsewhere)
    before = run_here("memory", "show").stdout
    policy = tmp_path / "policy.txt"
    policy.write_text(f"log {vkey_of('show', keys.log)}\nquorum none\n", encoding="utf-8")
    refused = run_here(
        *("checkpoint", "create", str(log), "--policy", str(policy), "--cosign", keys.console)
    )
    assert refused.returncode == 2
    assert "too little of them is left to compare" in spoken_line(refused)
    assert before.startswith(f"{CHAIN}\t10\t")
    assert run_here("memory", "show").stdout == before


@UNMEASURED
def test_what_is_wrong_is_not_signed(sealed_log: Path, keys: Keys, demo_log: Path) -> None:
    refused = run_here("checkpoint", "create", str(demo_log), "--key", keys.log)
    assert refused.returncode == 2
    assert "EVENT_HASH_MISMATCH, GAP" in spoken_line(refused)
    lines = sealed_log.read_bytes().splitlines(keepends=True)
    sealed_log.write_bytes(b"".join(lines[:30]))
    sealed_log.with_name("whole.checkpoints.jsonl").unlink()
    rolled_back = run_here("checkpoint", "create", str(sealed_log), "--key", keys.log)
    assert rolled_back.returncode == 2
    assert "ROLLBACK" in spoken_line(rolled_back)
    assert "whole.checkpoints.jsonl" not in children_of(sealed_log.parent)


def test_what_was_not_read_to_its_end_is_not_signed() -> None:
    source, stop = MemorySource(v1_lines(aged_chain(20)), batch_lines=5), Event()
    stop.set()
    with pytest.raises(UsageError, match="it was not read to its end"):
        require_signable(verify(source, stop=stop))
    require_signable(verify(MemorySource(v1_lines(aged_chain(20)))))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["create", "{log}"], "who signs?"),
        (
            ["create", "{log}", "--key", "{console}"],
            "is not the key of a log. Make one with: audit-console keys new NAME, or that of",
        ),
        (["create", "{log}", "--key", "{log}"], "whole.jsonl is no key file"),
        (["create", "{log}", "--key", "{other}"], "no whole chain of that name"),
        (["create", "{log}", "--cosign", "{console}"], "whose checkpoint is cosigned?"),
        (
            ["create", "{log}", "--cosign", "{console}", "--policy", "{policy}"],
            "0 chains have a checkpoint",
        ),
        (["create", "{log}", "--key", "{key}", "-o", "{log}"], "is the log itself"),
        (["export", "{log}"], "there is no checkpoint"),
        (["verify", "{log}"], "whose checkpoints count?"),
        (["verify", "{log}", "--policy", "{policy}"], "is not {"),
        (["verify", "{none}", "--policy", "{policy}"], "No such file"),
    ],
)
def test_a_checkpoint_that_cannot_be_made_or_read(
    whole_log: Path, keys: Keys, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    other = tmp_path / "other.key"
    vkey_of("new", "another", "--log", "-o", str(other))
    whole_log.chmod(0o644)
    places = {
        "log": whole_log,
        "key": keys.log,
        "console": keys.console,
        "other": other,
        "policy": keys.policy,
        "none": tmp_path / "none",
    }
    words = [word.format(**places) for word in arguments]
    refused = run_here("checkpoint", *words)
    assert refused.returncode in {2, 4}
    assert reason in spoken_line(refused)
    assert "whole.checkpoints.jsonl" not in children_of(whole_log.parent)


def test_a_checkpoint_of_nobody_known_is_told(sealed_log: Path, keys: Keys, tmp_path: Path) -> None:
    beside = sealed_log.with_name("whole.checkpoints.jsonl")
    strangers = make_keys(tmp_path / "strangers")
    unknown = run_here("checkpoint", "verify", str(beside), "--policy", strangers.policy)
    assert unknown.returncode == 3
    assert "not signed by a key" in unknown.stdout
    text = beside.read_text("utf-8")
    beside.write_text(text.replace("\\n40\\n", "\\n41\\n"), encoding="utf-8")
    forged = run_here("checkpoint", "verify", str(beside), "--policy", keys.policy)
    assert forged.returncode == 1
    assert "is not by its key" in forged.stdout
    exported = run_here("checkpoint", "export", str(sealed_log), "--policy", keys.policy)
    assert exported.returncode == 2
    assert "left out: " in exported.stderr
