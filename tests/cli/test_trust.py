"""Keys and policies: the real program on real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import run_here, run_program, spoken_line
from tests.cli.trusted import CHAIN, Keys, verdict_of, vkey_of
from tests.support.places import V1_VECTORS


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
