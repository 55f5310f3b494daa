from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_console.core.findings import Verdict
from audit_console.errors import AuditConsoleError
from audit_console.tui.recent import (
    KEPT,
    Judged,
    Places,
    RecentSource,
    RecentSources,
    without_password,
)
from tests.support.disk import fill_disk

SOUND = Judged(Verdict.PASS, datetime(2026, 11, 23, 3, 51, 7, 5, UTC))


def placed(recent: RecentSources) -> list[Places]:
    return [one.places for one in recent.sources()]


def test_the_newest_comes_first_and_once(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "state" / "recent.json")
    recent.remember(["/a"])
    recent.remember(["/b", "/c"])
    recent.remember(["/a"])

    assert placed(recent) == [("/a",), ("/b", "/c")]


def test_the_last_verdict_on_a_source_stays_with_it(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    recent = RecentSources(path)
    recent.remember(["/a"])
    recent.remember(["/b"])
    recent.remember(["/a"], SOUND)
    recent.remember(["/a"])
    assert RecentSources(path).sources() == [RecentSource(("/a",), SOUND), RecentSource(("/b",))]

    later = Judged(Verdict.FAIL, datetime(2026, 11, 24, tzinfo=UTC))
    recent.remember(["/a"], later)
    assert recent.sources()[0].judged == later


@pytest.mark.parametrize(
    "entry",
    [
        ["/a"],  # as version 0.1 wrote it
        {"places": ["/a"], "verdict": "SOUND", "verified_at": "2026-11-23T03:51:07.000000Z"},
        {"places": ["/a"], "verdict": "PASS", "verified_at": "today"},
        {"places": ["/a"], "verdict": "PASS", "verified_at": 7},
        {"places": ["/a"], "verdict": "PASS"},
    ],
)
def test_a_verdict_without_its_time_is_none(tmp_path: Path, entry: object) -> None:
    path = tmp_path / "recent.json"
    path.write_text(json.dumps({"recent sources": [entry]}))

    assert RecentSources(path).sources() == [RecentSource(("/a",))]


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    for number in range(KEPT + 5):
        recent.remember([f"/{number}"])

    assert len(placed(recent)) == KEPT
    assert placed(recent)[0] == (f"/{KEPT + 4}",)


def test_standard_input_is_not_remembered(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember(["-"])

    assert placed(recent) == []


def test_a_file_is_found_from_any_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember(["logs/*.jsonl"])

    assert placed(recent) == [(f"{tmp_path}/logs/*.jsonl",)]


def test_one_is_forgotten(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember(["/a"])
    recent.remember(["/b"])
    recent.forget(["/b"])

    assert placed(recent) == [("/a",)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"recent sources": 3}',
        '{"recent sources": [3]}',
        "\x00",
        '{"other": []}',
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_an_empty_list(tmp_path: Path, content: str) -> None:
    path = tmp_path / "recent.json"
    path.write_text(content)

    assert placed(RecentSources(path)) == []


def test_bytes_that_are_no_text_are_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    path.write_bytes(b"\xff\xfe")

    assert placed(RecentSources(path)) == []


def test_a_full_disk_leaves_the_old_list_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "recent.json"
    recent = RecentSources(path)
    recent.remember(["/a"])
    stored = path.read_bytes()

    fill_disk(monkeypatch)
    with pytest.raises(AuditConsoleError, match="No space left"):
        recent.remember(["/b"])

    assert path.read_bytes() == stored
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "recent.json.lock"]


def test_only_the_user_reads_the_list(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    RecentSources(path).remember(["/a"])

    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("postgresql://alice:secret@db/audit", "postgresql://alice@db/audit"),
        ("postgresql://alice@db/audit?password=secret", "postgresql://alice@db/audit"),
        (
            "postgresql://db/audit?password=secret&sslmode=require",
            "postgresql://db/audit?sslmode=require",
        ),
        ("host=db user=alice password=secret dbname=a", "host=db user=alice dbname=a"),
        ("host=db PASSWORD = 'se cr\\'et' dbname=a", "host=db dbname=a"),
        ("host=db scram_client_key=secret dbname=a", "host=db dbname=a"),
        (
            "postgresql://db/audit?oauth_client_secret=secret&scram_server_key=secret",
            "postgresql://db/audit",
        ),
        ("postgresql://db/audit?p%61ssword=secret&a=b", "postgresql://db/audit?a=b"),
        ("postgresql://db/audit?a=b&%50ASSFIL%65=secret", "postgresql://db/audit?a=b"),
        ("service=audit", "service=audit"),
        ("/logs/audit.jsonl", "/logs/audit.jsonl"),
    ],
)
def test_a_password_is_never_stored(tmp_path: Path, place: str, kept: str) -> None:
    assert " ".join(without_password(place).split()) == kept
    path = tmp_path / "recent.json"
    RecentSources(path).remember([place])

    assert "secret" not in path.read_text()
    assert len(json.loads(path.read_text())["recent sources"]) == 1
