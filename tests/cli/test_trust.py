"""Keys, checkpoints, seals, proofs and memory: the real program on real files."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from audit_console.cli.notes import require_signable
from audit_console.cli.opening import open_source
from audit_console.cli.screen import Trusting
from audit_console.core.event import AuditEvent
from audit_console.core.prunes import PruneCircumstances, encode_prune
from audit_console.core.vouchers import Remembered
from audit_console.errors import AuditConsoleError, SinkUnavailable, UsageError
from audit_console.integrity.memory import WitnessMemory
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources import archive
from audit_console.sources.archive import files
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.memory import MemorySource
from audit_console.writer.pruning.archive_files import open_plain
from audit_console.writer.pruning.archive_log import ArchiveLog
from tests.cli.program import children_of, run_here, run_program, spoken_line
from tests.cli.trusted import CHAIN, Keys, make_keys, run_script, vkey_of
from tests.support.chains import event, linked, orchestrator_chain, orchestrator_lines, v1_lines
from tests.support.disk import fill_disk
from tests.support.effort import UNMEASURED
from tests.support.places import V1_VECTORS, text_of
from tests.support.retention import aged_chain, day, plan_of
from tests.support.scripts import NOBODYS_WORD
from tests.support.trees import grown
from tests.support.trusting import leaves

SEALED = "audit.example.org/sealed"


def verdict_of(*arguments: str) -> tuple[int, dict[str, int]]:
    completed = run_here("verify", *arguments, "--format", "json")
    assert completed.stdout, completed.stderr
    document = json.loads(completed.stdout)
    assert document["exit_code"] == completed.returncode
    return completed.returncode, document["counts"]


def test_a_key_is_made_shown_and_never_printed(tmp_path: Path) -> None:
    path = tmp_path / "k" / "log.key"
    made = run_here("keys", "new", CHAIN, "--log", "-o", str(path))
    assert made.returncode == 0
    assert str(path) in spoken_line(made)
    secret = path.read_text("utf-8").split("+", 4)[4].strip()
    assert secret not in made.stdout + made.stderr
    assert vkey_of("show", str(path)) == made.stdout.strip()
    again = run_here("keys", "new", CHAIN, "--log", "-o", str(path))
    assert (again.returncode, again.stdout) == (2, "")
    assert "never replaced" in spoken_line(again)


def test_the_key_of_the_console_has_a_place_of_its_own(user_directories: Path) -> None:
    assert vkey_of("new", "console.example.org/me") == vkey_of("show")
    stored = list(user_directories.rglob("console.key"))
    assert len(stored) == 1
    no_file = run_here("keys", "new", CHAIN, "--log")
    assert no_file.returncode == 2
    no_name = run_here("keys", "new", "console.example.org/other", "-o", "")
    assert (no_name.returncode, no_name.stdout) == (2, "")


def test_a_signed_log_passes_with_its_policy_alone(sealed_log: Path, keys: Keys) -> None:
    assert verdict_of(str(sealed_log), "--policy", keys.policy) == (0, {})
    text = run_here("verify", str(sealed_log), "--policy", keys.policy)
    assert text.stdout.startswith("PASS: 40 events verified, no fault")
    assert "40 events by the log; cosigned by me 20" in text.stdout


def test_the_vectors_pass_from_the_command_line() -> None:
    folder = V1_VECTORS.parent
    completed = run_program("verify", str(folder), "--policy", str(folder / "policy.txt"))
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.startswith("PASS: 200 events verified, no fault")


def test_the_policy_can_be_set(sealed_log: Path, keys: Keys, user_directories: Path) -> None:
    folder = user_directories / "xdg_config_home" / "audit-console"
    folder.mkdir(parents=True)
    setting = folder / "config.toml"
    setting.write_text(f'policy = "{keys.policy}"\n', encoding="utf-8")
    assert verdict_of(str(sealed_log)) == (0, {})
    setting.write_text("\npolicies = 1\n", encoding="utf-8")
    refused = run_here("verify", str(sealed_log))
    assert refused.returncode == 2
    assert f"{setting}, line 2: 'policies' is no setting" in spoken_line(refused)


def test_an_empty_name_is_no_leave_to_do_without_a_policy(whole_log: Path) -> None:
    refused = run_here("verify", str(whole_log), "--policy", "")
    assert refused.returncode == 2
    assert "Name a policy file" in spoken_line(refused)


@pytest.mark.parametrize(("text", "reason"), [("quorum x\n", "line 1: 'x'"), (None, "No such")])
def test_a_policy_that_cannot_be_read(
    whole_log: Path, tmp_path: Path, text: str | None, reason: str
) -> None:
    path = tmp_path / "policy.txt"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    refused = run_here("verify", str(whole_log), "--policy", str(path))
    assert refused.returncode == 2
    assert str(path) in spoken_line(refused)
    assert reason in spoken_line(refused)


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


def test_a_proof_brings_the_note_that_most_signed(
    whole_log: Path, keys: Keys, tmp_path: Path
) -> None:
    run_here("checkpoint", "create", str(whole_log), "--key", keys.log)
    run_here(
        *("checkpoint", "create", str(whole_log), "--policy", keys.policy),
        *("--cosign", keys.console),
    )
    proof = str(tmp_path / "proof.json")
    event = "00000000-0000-4000-8000-000000000017"
    assert run_here("prove", str(whole_log), event, "-o", proof).returncode == 0
    checked = run_here("check-proof", proof, "--policy", keys.policy)
    assert (checked.returncode, checked.stderr) == (0, "")


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
    assert run_program(*log_signs, environment=empty_memory).returncode == 0
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
    run_program("checkpoint", "create", str(log), "--key", keys.log, environment=elsewhere)
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


def orchestrated(folder: Path) -> Path:
    path = folder / "orchestrated" / "audit.log"
    path.parent.mkdir()
    lines = orchestrator_lines(orchestrator_chain(20))
    path.write_bytes(text_of(lines))
    return path


@UNMEASURED
def test_a_weak_log_is_sealed_line_by_line(tmp_path: Path) -> None:
    log, keys = orchestrated(tmp_path), make_keys(tmp_path, SEALED)
    weak = verdict_of(str(log), "--policy", keys.policy)
    assert weak == (1, {"CHAIN_MISSING": 1, "NO_CHECKPOINT": 1, "WEAK_COVERAGE": 1})
    sealed = run_here("seal", str(log), "--key", keys.log, "--cosign", keys.console)
    assert sealed.returncode == 0, sealed.stderr
    assert f"sealed 20 events of {SEALED}" in sealed.stderr
    assert verdict_of(str(log), "--policy", keys.policy) == (0, {})
    text = log.read_bytes()
    log.write_bytes(text.replace(b"user-7", b"user-8", 1))
    edited = verdict_of(str(log), "--policy", keys.policy)
    assert edited == (1, {"CHECKPOINT_ROOT_MISMATCH": 1, "WEAK_COVERAGE": 1})
    log.write_bytes(text + b"garbage\n")
    spoilt = verdict_of(str(log), "--policy", keys.policy)
    assert spoilt == (1, {"MALFORMED": 1, "WEAK_COVERAGE": 1})
    more = orchestrator_lines(orchestrator_chain(22))[20:]
    log.write_bytes(text + text_of(more))
    grown = verdict_of(str(log), "--policy", keys.policy)
    assert grown == (3, {"UNSEALED_TAIL": 1, "WEAK_COVERAGE": 1})
    log.write_bytes(b"".join(text.splitlines(keepends=True)[:-1]))
    cut = verdict_of(str(log), "--policy", keys.policy)
    assert cut == (1, {"TAIL_TRUNCATED": 1, "WEAK_COVERAGE": 1})


def test_lines_without_hashes_are_verified_by_their_seal(tmp_path: Path) -> None:
    log, keys = orchestrated(tmp_path), make_keys(tmp_path, SEALED)
    entries = [one | {"event_hash": None, "previous_hash": None} for one in orchestrator_chain(20)]
    log.write_bytes(text_of(orchestrator_lines(entries)))
    assert run_here("seal", str(log), "--key", keys.log, "--cosign", keys.console).returncode == 0
    assert verdict_of(str(log), "--policy", keys.policy) == (0, {})
    refused = run_here("seal", str(V1_VECTORS), "--key", keys.log)
    assert refused.returncode == 2
    assert "checkpoint create" in spoken_line(refused)


def unhashed_lines(count: int) -> list[bytes]:
    entries = [
        one | {"event_hash": None, "previous_hash": None} for one in orchestrator_chain(count)
    ]
    return [line + b"\n" for line in orchestrator_lines(entries)]


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (slice(1, 30), "the first 20 events are not those that this console verified on "),
        (slice(10), "10 events are missing at the end that this console verified on "),
    ],
)
def test_another_log_is_not_sealed_under_a_name_that_is_remembered(
    tmp_path: Path, left: slice, found: str
) -> None:
    log, keys = tmp_path / "old.jsonl", make_keys(tmp_path, SEALED)
    log.write_bytes(b"".join(unhashed_lines(20)))
    cosign = ("--key", keys.log, "--cosign", keys.console)
    assert run_here("seal", str(log), *cosign).returncode == 0
    remembered = run_here("memory", "show").stdout
    other = tmp_path / "elsewhere" / "new.jsonl"
    other.parent.mkdir()
    other.write_bytes(b"".join(unhashed_lines(40)[left]))
    refused = run_here("seal", str(other), *cosign)
    assert refused.returncode == 2
    said = spoken_line(refused)
    assert said.startswith(f"audit-console: this log is not sealed as {SEALED}: {found}")
    assert said.endswith(f" anew after: audit-console memory forget {SEALED}.")
    assert run_here("memory", "show").stdout == remembered


def test_a_log_that_passes_by_its_seal_says_so(tmp_path: Path) -> None:
    log, keys = tmp_path / "old.jsonl", make_keys(tmp_path, SEALED)
    log.write_bytes(b"".join(unhashed_lines(20)))
    assert run_here("seal", str(log), "--key", keys.log, "--cosign", keys.console).returncode == 0
    text = run_here("verify", str(log), "--policy", keys.policy).stdout
    assert "YES       every line that was read is as it was when it was sealed\n" in text
    assert "- What was done to the lines before they were sealed.\n" in text
    assert "signed    20 events by the log; cosigned by me 20" in text


def test_an_event_is_proven_without_the_log(sealed_log: Path, keys: Keys, tmp_path: Path) -> None:
    proof, event = tmp_path / "proof.json", "00000000-0000-4000-8000-000000000017"
    made = run_here("prove", str(sealed_log), event, "-o", str(proof))
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    sealed_log.unlink()
    checked = run_here("check-proof", str(proof), "--policy", keys.policy)
    assert checked.returncode == 0
    assert checked.stdout.startswith(f"PASS: event 17 is among the first 40 events of {CHAIN}")
    nobody = run_here("check-proof", str(proof))
    assert nobody.returncode == 3
    unchecked = "not checked, for want of its key: the signature of "
    assert nobody.stdout.endswith(": by whose word? Give --policy FILE, or set `policy`\n")
    assert unchecked not in checked.stdout
    log_alone = tmp_path / "log-alone.txt"
    log_alone.write_text(f"log {vkey_of('show', keys.log)}\nquorum none\n", encoding="utf-8")
    half = run_here("check-proof", str(proof), "--policy", str(log_alone))
    assert half.returncode == 0
    assert half.stdout.endswith(f": signed by the log; {unchecked}console.example.org/me\n")
    proof.write_text(proof.read_text("utf-8").replace("alice", "bob"), encoding="utf-8")
    forged = run_here("check-proof", str(proof), "--policy", keys.policy)
    assert (forged.returncode, forged.stderr) == (1, "")


def test_a_line_of_a_sealed_log_is_proven(tmp_path: Path) -> None:
    log, keys = orchestrated(tmp_path), make_keys(tmp_path, SEALED)
    run_here("seal", str(log), "--key", keys.log, "--cosign", keys.console)
    event = str(orchestrator_chain(20)[11]["id"])
    proof = tmp_path / "proof.json"
    assert run_here("prove", str(log), event, "-o", str(proof)).returncode == 0
    checked = run_here("check-proof", str(proof), "--policy", keys.policy)
    assert checked.returncode == 0
    assert checked.stdout.startswith(f"PASS: event 11 is among the first 20 events of {SEALED}")


def test_what_cannot_be_proven(sealed_log: Path, tmp_path: Path) -> None:
    unknown = run_here("prove", str(sealed_log), "no-such-id")
    assert unknown.returncode == 2
    assert "no event with the id" in spoken_line(unknown)
    event = "00000000-0000-4000-8000-000000000017"
    text = sealed_log.read_text("utf-8")
    edited = text.replace("user-3", "user-9", 1)
    sealed_log.write_text(edited, encoding="utf-8")
    other = run_here("prove", str(sealed_log), event)
    assert other.returncode == 1
    assert "are not those that its checkpoint signs" in spoken_line(other)
    alone = tmp_path / "alone" / "audit.jsonl"
    alone.parent.mkdir()
    alone.write_text(text, encoding="utf-8")
    uncovered = run_here("prove", str(alone), event)
    assert uncovered.returncode == 2
    assert "no checkpoint covers" in spoken_line(uncovered)
    assert run_here("check-proof").returncode == 2
    assert run_here("check-proof", str(tmp_path / "none")).returncode == 2
    assert run_here("check-proof", str(sealed_log)).returncode == 1


@UNMEASURED
def test_the_script_checks_a_proof_without_this_program(
    sealed_log: Path, keys: Keys, tmp_path: Path
) -> None:
    proof, script = tmp_path / "proof.json", tmp_path / "check_proof.py"
    run_here("prove", str(sealed_log), "00000000-0000-4000-8000-000000000039", "-o", str(proof))
    printed = run_here("check-proof", "--script")
    assert len(printed.stdout.splitlines()) <= 60
    script.write_text(printed.stdout, encoding="utf-8")
    vkeys = [vkey_of("show", keys.log), vkey_of("show", keys.console)]
    good = run_script(script, proof, *vkeys)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines() == [
        f"event 39 is among the first 40 of '{CHAIN}'",
        f"signed by {CHAIN}",
        "signed by console.example.org/me",
    ]
    half = run_script(script, proof, vkeys[0])
    unchecked = "not checked, for want of its key: the signature of "
    assert half.stdout.splitlines()[1:] == [
        f"signed by {CHAIN}",
        f"{unchecked}'console.example.org/me'",
    ]
    stranger = vkey_of("new", "another", "--log", "-o", str(tmp_path / "another.key"))
    assert run_script(script, proof, stranger).stderr.startswith("FAIL: not signed by another: ")
    text = proof.read_text("utf-8")
    for old, new in (
        ("alice", "bob"),
        ('"index": 39', '"index": 38'),
        ('"index": 39', '"index": 40'),
        ("\\n40\\n", "\\n41\\n"),
        ('"entry"', '"line"'),
        (f"— {CHAIN} ", f"— {CHAIN}x "),
        (f"— {CHAIN} ", f"- {CHAIN} "),
        ("proof/1", "proof/9"),
        ('"size": 40', '"size": 41'),
        (f'"chain": "{CHAIN}"', '"chain": "another"'),
    ):
        assert old in text
        proof.write_text(text.replace(old, new), encoding="utf-8")
        failed = run_script(script, proof, *vkeys)
        assert (failed.returncode, failed.stderr[:6]) == (1, "FAIL: "), (old, new)
        assert len(failed.stderr.splitlines()) == 1
    proof.write_text(text, encoding="utf-8")
    damaged = run_script(script, proof, vkeys[0][:-3])
    assert (damaged.returncode, damaged.stderr[:6]) == (1, "FAIL: ")
    nobody = run_script(script, proof)
    assert (nobody.returncode, nobody.stderr) == (1, f"{NOBODYS_WORD}\n")
    assert nobody.stdout == f"event 39 is among the first 40 of '{CHAIN}'\n"
    for no_key in ("key", keys.policy):
        refused = run_script(script, proof, no_key)
        assert refused.returncode == 1
        assert refused.stderr.endswith("python3 -I check_proof.py FILE VERIFIER-KEY ...\n")


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 5000,
        b'{"schema":"audit-console/proof/1"}',
        b'{"schema":"audit-console/consistency/1","checkpoint":"x","old_checkpoint":7}',
    ],
)
def test_the_script_says_of_what_is_no_proof_that_it_is_none(
    tmp_path: Path, content: bytes | None
) -> None:
    proof, script = tmp_path / "proof.json", tmp_path / "check_proof.py"
    script.write_text(run_here("check-proof", "--script").stdout, encoding="utf-8")
    if content is not None:
        proof.write_bytes(content)
    done = run_script(script, proof)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("FAIL: no proof: ")
    assert done.stderr.endswith("python3 -I check_proof.py FILE VERIFIER-KEY ...\n")
    assert len(done.stderr.splitlines()) == 1
    assert content is not None or f"No such file or directory: '{proof}'" in done.stderr


def test_the_console_remembers_what_it_verified(whole_log: Path, tmp_path: Path) -> None:
    assert verdict_of(str(whole_log)) == (3, {"NO_CHECKPOINT": 1})
    assert verdict_of(str(whole_log)) == (0, {})
    shown = run_here("memory", "show").stdout.split("\t")
    assert shown[:2] == [CHAIN, "40"]
    lines = whole_log.read_bytes().splitlines(keepends=True)
    older = tmp_path / "older.jsonl"
    older.write_bytes(b"".join(lines[:30]))
    assert verdict_of(str(older)) == (1, {"ROLLBACK": 1})
    assert verdict_of(str(whole_log)) == (0, {})
    assert run_here("memory", "forget", CHAIN).returncode == 0
    assert run_here("memory", "forget", CHAIN).returncode == 2
    assert run_here("memory", "show").stdout == ""
    assert verdict_of(str(older)) == (3, {"NO_CHECKPOINT": 1})


@pytest.mark.parametrize(
    "command",
    [
        "verify LOG",
        "search LOG ''",
        "evidence LOG '' -o OUT",
        "checkpoint create LOG --key KEY",
        "retention preview LOG",
    ],
)
def test_what_is_remembered_is_read_before_the_log_is_listed(
    whole_log: Path, keys: Keys, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    remembered, find_files = WitnessMemory.all, files.find_files

    def all_remembered(memory: WitnessMemory) -> dict[str, Remembered]:
        read.append("memory")
        return remembered(memory)

    def found(places: Sequence[str]) -> list[ArchiveFile]:
        read.append("log")
        return find_files(places)

    monkeypatch.setattr(WitnessMemory, "all", all_remembered)
    monkeypatch.setattr(archive, "find_files", found)
    named = {"LOG": str(whole_log), "KEY": keys.log, "OUT": str(whole_log.with_suffix(".zip"))}
    words = [named.get(word, word) for word in shlex.split(command)]
    completed = run_here(*words)
    assert completed.returncode in {0, 3}, completed.stderr
    assert read[:2] == ["memory", "log"]


def test_the_screen_holds_no_log_to_what_was_seen_of_it_since_it_was_opened(
    whole_log: Path,
) -> None:
    lines = whole_log.read_bytes().splitlines(keepends=True)
    whole_log.write_bytes(b"".join(lines[:30]))
    trusting = Trusting(None)
    with closing(trusting.opener(partial(open_source, keep=True))([str(whole_log)])) as source:
        more = whole_log.with_name("more.jsonl")
        more.write_bytes(b"".join(lines))
        assert verdict_of(str(more)) == (3, {"NO_CHECKPOINT": 1})
        verification = trusting(source, stop=Event(), on_progress=lambda _: None)
    assert verification.counts == {"NO_CHECKPOINT": 1}


def test_a_broken_memory_is_no_reason_not_to_show_a_log(
    whole_log: Path, user_directories: Path
) -> None:
    state = user_directories / "xdg_state_home" / "audit-console"
    state.mkdir(parents=True)
    (state / "witness.json").write_text("{", encoding="utf-8")
    trusting = Trusting(None)
    with (
        closing(trusting.opener(partial(open_source, keep=True))([str(whole_log)])) as source,
        pytest.raises(AuditConsoleError, match="what this console remembers cannot be read"),
    ):
        trusting(source, stop=Event(), on_progress=lambda _: None)


def test_a_broken_memory_is_said_and_a_lost_one_too(
    whole_log: Path, user_directories: Path
) -> None:
    state = user_directories / "xdg_state_home" / "audit-console"
    state.mkdir(parents=True)
    (state / "witness.json").write_text("{", encoding="utf-8")
    broken = run_here("verify", str(whole_log))
    assert broken.returncode == 4
    assert "what this console remembers cannot be read" in spoken_line(broken)
    shutil.rmtree(state)
    state.write_text("a file in the way")
    lost = run_here("verify", str(whole_log))
    assert lost.returncode in {3, 4}
    assert "audit-console: " in lost.stderr
