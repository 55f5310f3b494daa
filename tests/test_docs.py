"""Documents are executed: what they show is what the program does."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit_console.core.findings import CODES, EXIT_CODES, Code, FindingClass
from audit_console.core.query import parse
from audit_console.core.query.fields import FIELD_NAMES
from audit_console.core.query.stages import NAMES as STAGE_NAMES
from audit_console.core.timespan import Anchor
from audit_console.writer.orchestrator import OrchestratorEvents
from tests.cli.program import run_here
from tests.support.places import V1_VECTORS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
QUERY = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
WRITER = (ROOT / "docs" / "writer.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(
    r"^```python\n(.*?)^```\n```text\n(.*?)^```$", WRITER, re.MULTILINE | re.DOTALL
)
APPLICATIONS = re.findall(r"^```python\n(import .*?)^```$", README, re.MULTILINE | re.DOTALL)
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]

SESSIONS = re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    (command, output)
    for session in SESSIONS
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
]


def _undated(report: str) -> str:
    return re.sub(r"^(  made +)\S+", r"\1(now)", report, flags=re.MULTILINE)


def test_the_readme_shows_help_and_verification() -> None:
    shown = [command for command, _ in COMMANDS]
    assert "audit-console --help" in shown
    assert any(command.startswith("audit-console verify ") for command in shown)


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[shown for shown, _ in COMMANDS])
def test_a_command_prints_what_the_readme_shows(command: str, output: str, demo_log: Path) -> None:
    programs = str(Path(sys.executable).parent)
    environment = os.environ | {"COLUMNS": "80", "PATH": f"{programs}:{os.environ['PATH']}"}
    completed = subprocess.run(
        ["bash", "-c", command],
        cwd=demo_log.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert _undated(completed.stdout) == _undated(output), completed.stderr


def test_the_install_commands_name_what_the_project_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = re.findall(r"^python3 -m venv \.venv && (.*)$", README, re.MULTILINE)
    assert commands == [
        ".venv/bin/pip install . && .venv/bin/audit-console demo",
        ".venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ]
    assert "audit-console" in project["scripts"]
    assert any(need.startswith("pytest>") for need in project["optional-dependencies"]["test"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_a_heading_find_it(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)", text):
        shown = (document.parent / target).read_text(encoding="utf-8") if target else text
        headings = re.findall(r"^#+ (.*)$", shown, re.MULTILINE)
        names = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
        assert anchor in names, target


def test_the_format_document_has_every_finding_code() -> None:
    rows = re.findall(r"^\| ([A-Z_]+) \| (.+?) \| (\d) \| (.+?) \|$", FORMAT, re.MULTILINE)
    assert [code for code, *_ in rows] == [code.value for code in Code]
    for code, finding_class, severity, meaning in rows:
        expected = CODES[Code(code)]
        assert FindingClass(finding_class.split()[0]) is expected.default_class, code
        assert (int(severity), meaning.replace("`", "")) == (expected.severity, expected.meaning), (
            code
        )


def test_the_format_document_has_every_verdict() -> None:
    rows = re.findall(r"^\| ([A-Z]+) \| (\d) \| .+ \|$", FORMAT, re.MULTILINE)
    assert {name: int(code) for name, code in rows} == {
        verdict.value: code for verdict, code in EXIT_CODES.items()
    }


def _anchor() -> Anchor:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return Anchor(now, end=now)


def test_the_document_of_queries_has_every_field_and_stage() -> None:
    fields, stages = (_first_column(QUERY, title) for title in ("Fields", "Stages"))
    named = {name.partition(".")[0] for name in fields}
    assert named == set(FIELD_NAMES)
    assert {stage.split()[0] for stage in stages} == set(STAGE_NAMES)


def test_every_query_that_a_document_shows_can_be_read() -> None:
    (shown,) = re.findall(r"^```query\n(.*?)^```$", QUERY, re.MULTILINE | re.DOTALL)
    terms = [*_first_column(QUERY, "Values"), *_first_column(QUERY, "Times")]
    stages = [f"| {stage}" for stage in _first_column(QUERY, "Stages")]
    for text in (*shown.splitlines(), *terms, *stages):
        parse(text.replace(r"\|", "|"), _anchor())


def _first_column(document: str, title: str) -> list[str]:
    """Give what stands in code in the first column of the table of a section."""
    section = document.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \| ", section, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`(.+?)`", row)]


def test_the_format_document_has_every_key_of_a_verification(tmp_path: Path) -> None:
    (shown,) = re.findall(
        r'^```json\n({"schema":"audit-console/verification/1".*?)^```$',
        FORMAT,
        re.MULTILINE | re.DOTALL,
    )
    folder = V1_VECTORS.parent
    edited = tmp_path / "edited.jsonl"
    edited.write_bytes(V1_VECTORS.read_bytes().replace(b'"success"', b'"failure"', 1))
    for arguments in ((str(folder), "--policy", str(folder / "policy.txt")), (str(edited),)):
        printed = run_here("verify", *arguments, "--format", "json").stdout
        _require_same_keys(json.loads(shown), json.loads(printed))


def _require_same_keys(shown: dict[str, Any], printed: dict[str, Any]) -> None:
    assert shown.keys() == printed.keys()
    for key in shown.keys() - {"counts", "cosigned"}:
        for one, other in zip(_objects_in(shown[key]), _objects_in(printed[key]), strict=False):
            _require_same_keys(one, other)


def _objects_in(value: object) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict)]


def test_the_application_writes_two_logs_of_which_none_contradicts_the_other(
    database: str, tmp_path: Path
) -> None:
    (application,) = APPLICATIONS
    environment = os.environ | {"AUDIT_DSN": database, "XDG_STATE_HOME": str(tmp_path / "state")}
    verify = ("-m", "audit_console", "verify", "--allow-unanchored")
    for arguments in (("-c", application), (*verify, "shop.jsonl"), (*verify, database)):
        subprocess.run([sys.executable, *arguments], cwd=tmp_path, env=environment, check=True)


@pytest.mark.parametrize(("program", "output"), PROGRAMS)
def test_an_example_of_the_writer_prints_what_is_shown(
    program: str, output: str, tmp_path: Path
) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (completed.stdout, completed.stderr) == (output, "")


def test_the_writers_document_has_every_method_that_logs() -> None:
    rows = re.findall(r"^\| `(log_\w+)\((.*?)\)` \|", WRITER, re.MULTILINE)
    methods = {name for name in vars(OrchestratorEvents) if name.startswith("log_")}
    assert {name for name, _ in rows} == methods - {"log_event"}
    for name, parameters in rows:
        known = inspect.signature(getattr(OrchestratorEvents, name)).parameters
        assert {one.removesuffix("=…") for one in parameters.split(", ")} <= set(known)
