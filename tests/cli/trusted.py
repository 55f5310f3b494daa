"""Keys, policies and the script for tests of commands that sign and check."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cli.program import run_here
from tests.support.chains import orchestrator_chain, orchestrator_lines
from tests.support.places import text_of

CHAIN = "audit.example.org/test"
SEALED = "audit.example.org/sealed"


@dataclass
class Keys:
    """Key files of a log and of a console, and a policy that trusts both."""

    log: str
    console: str
    policy: str


def vkey_of(*arguments: str) -> str:
    completed = run_here("keys", *arguments)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


def make_keys(folder: Path, chain: str = CHAIN) -> Keys:
    log, console = folder / "keys" / "log.key", folder / "keys" / "console.key"
    log_vkey = vkey_of("new", chain, "--log", "-o", str(log))
    console_vkey = vkey_of("new", "console.example.org/me", "-o", str(console))
    policy = folder / "keys" / "policy.txt"
    policy.write_text(f"log {log_vkey}\nwitness me {console_vkey}\nquorum me\n", encoding="utf-8")
    return Keys(str(log), str(console), str(policy))


def run_script(script: Path, proof: Path, *vkeys: str) -> subprocess.CompletedProcess[str]:
    """Run the script on a Python that knows nothing of this project."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(proof), *vkeys],
        capture_output=True,
        text=True,
        check=False,
    )


def verdict_of(*arguments: str) -> tuple[int, dict[str, int]]:
    completed = run_here("verify", *arguments, "--format", "json")
    assert completed.stdout, completed.stderr
    document = json.loads(completed.stdout)
    assert document["exit_code"] == completed.returncode
    return completed.returncode, document["counts"]


def orchestrated(folder: Path) -> Path:
    path = folder / "orchestrated" / "audit.log"
    path.parent.mkdir()
    lines = orchestrator_lines(orchestrator_chain(20))
    path.write_bytes(text_of(lines))
    return path
