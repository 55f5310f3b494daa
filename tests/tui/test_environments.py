"""Environments: the logs that a user marks as production and the like."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.errors import UsageError
from audit_console.sources.memory import MemorySource
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.environments import COLOURS, Environment, environments_of, mark_of
from audit_console.tui.painting import ROLES, Span
from audit_console.tui.recent import RecentSources
from audit_console.tui.widgets.status_lines import SourceHeader
from tests.support.effort import UNMEASURED
from tests.tui.support import make_lines, screen_lines, until_loaded, until_shown

PRODUCTION = Environment(
    "production", ("postgresql://*@db.example.org/*", "service=prod", "/srv/audit/*"), "red"
)
STAGING = Environment("staging", ("*/audit/*", "postgresql://[::1]/*"), "yellow")


def marked(*places: str, label: str = "") -> str:
    return "".join(span.text for span in mark_of((PRODUCTION, STAGING), places, label)).strip()


def test_tables_are_read_in_their_order() -> None:
    settings = {
        "production": {"sources": list(PRODUCTION.sources), "colour": "red"},
        "staging": {"sources": list(STAGING.sources), "colour": "yellow"},
    }
    assert environments_of(settings) == (PRODUCTION, STAGING)


def test_each_colour_has_a_style() -> None:
    assert {f"in-{colour}" for colour in COLOURS} <= set(ROLES)


@pytest.mark.parametrize(
    ("name", "table", "reason"),
    [
        ("prod", "red", r"\[environments.prod\]: it is not a table"),
        ("prod", {"sources": [], "color": "red"}, "'color' is no setting"),
        ("prod", {"colour": "red"}, "sources is no list of places"),
        ("prod", {"sources": "/srv/*", "colour": "red"}, "sources is no list of places"),
        ("prod", {"sources": [""], "colour": "red"}, "sources is no list of places"),
        ("prod", {"sources": []}, "it has no colour"),
        ("prod", {"sources": [], "colour": "pink"}, "its colour is not known here"),
        ("", {"sources": [], "colour": "red"}, "a name has 1 to 16"),
        ("a" * 17, {"sources": [], "colour": "red"}, "a name has 1 to 16"),
        ("pr\x1bd", {"sources": [], "colour": "red"}, "a name has 1 to 16"),
    ],
)
def test_a_table_that_is_no_environment_is_refused(name: str, table: object, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        environments_of({name: table})


def test_the_first_environment_that_holds_a_place_marks_the_log() -> None:
    assert marked("/srv/audit/a.jsonl") == "production"
    assert marked("/home/audit/a.jsonl") == "staging"
    assert marked("/home/audit/a.jsonl", "service=prod") == "production"
    assert marked("/home/me/a.jsonl") == ""
    assert marked("-") == ""


def test_a_place_is_compared_as_recent_sources_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/audit")
    assert marked("~/a.jsonl") == "production"
    assert marked("postgresql://me:db.example.org@10.0.0.1/log") == ""
    assert marked("postgresql://me:secret@db.example.org/log") == "production"


def test_a_log_is_known_by_its_label_too() -> None:
    assert marked("host=db.example.org", label="postgresql://me@db.example.org/log") == "production"


def test_brackets_stand_for_themselves() -> None:
    assert marked("postgresql://[::1]/log") == "staging"


def make_marked_app(tmp_path: Path, *places: str) -> AuditConsoleApp:
    kept = Belongings(tmp_path, tmp_path, environments=(PRODUCTION,))
    return AuditConsoleApp(lambda _: MemorySource(make_lines(5)), places=places, kept=kept)


@UNMEASURED
@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_the_header_says_where_the_log_is_from(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_marked_app(tmp_path, "/srv/audit/a.jsonl")
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        assert "  production  " in screen_lines(app)[0]
        await pilot.press("3")
        await until_shown(pilot, "map of the chain")
        assert "  production  " in screen_lines(app)[0]


@UNMEASURED
async def test_other_logs_are_not_marked(tmp_path: Path) -> None:
    app = make_marked_app(tmp_path, "/home/me/a.jsonl")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        session = app.screen.query_one(SourceHeader).session
        assert session is not None
        assert session.mark == ()


async def test_recent_sources_are_marked_before_they_are_opened(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember(["/srv/audit/a.jsonl"])
    recent.remember(["/home/me/b.jsonl"])
    app = make_marked_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, " production  /srv/audit/a.jsonl")
        assert not any("production" in line for line in screen_lines(app) if "b.jsonl" in line)


def test_a_mark_names_the_environment_in_its_colour() -> None:
    assert STAGING.mark == (Span(" "), Span(" staging ", "in-yellow"))
