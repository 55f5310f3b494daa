"""Seals over the lines of weak logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import run_here, spoken_line
from tests.cli.trusted import SEALED, make_keys, orchestrated, verdict_of
from tests.support.chains import orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED
from tests.support.places import V1_VECTORS, text_of


def unhashed_lines(count: int) -> list[bytes]:
    entries = [
        one | {"event_hash": None, "previous_hash": None} for one in orchestrator_chain(count)
    ]
    return [line + b"\n" for line in orchestrator_lines(entries)]


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
    log.write_bytes(b"".join(unhashed_lines(20)))
    assert run_here("seal", str(log), "--key", keys.log, "--cosign", keys.console).returncode == 0
    assert verdict_of(str(log), "--policy", keys.policy) == (0, {})
    refused = run_here("seal", str(V1_VECTORS), "--key", keys.log)
    assert refused.returncode == 2
    assert "checkpoint create" in spoken_line(refused)


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
