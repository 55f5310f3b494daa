"""Proofs of events, and their script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import CHAIN, SEALED, Keys, make_keys, orchestrated, run_script, vkey_of
from tests.support.chains import orchestrator_chain
from tests.support.effort import UNMEASURED
from tests.support.scripts import NOBODYS_WORD


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
