from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from audit_console.errors import UsageError
from audit_console.tui import zones
from audit_console.tui.widgets.event_table import time_title
from audit_console.tui.zones import parse_zone, zone_choices, zone_label

WINTER = datetime(2026, 11, 23, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["UTC", "utc", "Z", " Etc/UTC ", ""])
def test_utc_has_many_names(text: str) -> None:
    assert parse_zone(text) is UTC


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("tokyo", "Asia/Tokyo"),
        ("New York", "America/New_York"),
        ("america/argentina/buenos aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_a_zone_by_its_name_or_city(text: str, name: str) -> None:
    assert parse_zone(text) == ZoneInfo(name)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Europe/Berln", "Did you mean Europe/Berlin"),
        ("Berln", "Did you mean Europe/Berlin"),
        ("Europe", "Did you mean Europe/"),
        ("xyzzy", "A zone is UTC, Europe/Berlin, Asia/Tokyo"),
        ("localtime", "Did you mean"),
        ("../../etc/passwd", "A zone is UTC"),
        ("/etc/localtime", "A zone is UTC"),
        ("a\0b", "A zone is UTC"),
        ("+25:00:99", "A zone is UTC"),
        ("x" * 10_000, "A zone is UTC"),
    ],
)
def test_what_is_no_zone_is_a_clear_error(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="no zone") as refused:
        parse_zone(text)

    assert hint in refused.value.hint
    assert len(str(refused.value)) < 60


def test_a_machine_without_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "_known_zones", dict)
    with pytest.raises(UsageError, match="knows no zones but UTC"):
        parse_zone("Europe/Berln")

    assert parse_zone("utc") is UTC


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berlin", (UTC, ZoneInfo("Europe/Berlin"))),
        (":Asia/Tokyo", (UTC, ZoneInfo("Asia/Tokyo"))),
        ("UTC", (UTC,)),
        ("", (UTC,)),
        ("CET-1CEST,M3.5.0,M10.5.0/3", (UTC,)),
        ("/etc/passwd", (UTC,)),
    ],
)
def test_the_zone_of_the_machine_is_a_choice(
    name: str, expected: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", name)

    assert zone_choices() == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/usr/share/zoneinfo/Europe/Berlin", (UTC, ZoneInfo("Europe/Berlin"))),
        ("/nowhere/zoneinfo/posix/Asia/Tokyo", (UTC, ZoneInfo("Asia/Tokyo"))),
        ("/usr/share/zoneinfo/Etc/UTC", (UTC,)),
        ("/nowhere/zoneinfo/../../x", (UTC,)),
        ("/nowhere", (UTC,)),
    ],
)
def test_the_zone_of_the_machine_is_where_its_link_leads(
    target: str, expected: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    link = tmp_path / "localtime"
    link.symlink_to(target)

    assert zone_choices(link) == expected
    assert zone_choices(tmp_path / "missing") == (UTC,)


def test_a_zone_is_named_with_its_distance_from_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert zone_label(UTC, WINTER) == "UTC"
    assert zone_label(berlin) == "Europe/Berlin"
    assert zone_label(berlin, WINTER) == "Europe/Berlin CET +01:00"
    assert zone_label(berlin, SUMMER) == "Europe/Berlin CEST +02:00"
    assert zone_label(ZoneInfo("America/Sao_Paulo"), WINTER) == "America/Sao_Paulo -03:00"
    assert zone_label(berlin, datetime.max.replace(tzinfo=UTC)) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "width", "title"),
    [
        ("UTC", 14, "time (UTC) ▲"),
        ("Europe/Berlin", 26, "time (Europe/Berlin) ▲"),
        ("Europe/Berlin", 16, "Europe/Berlin ▲"),
        ("America/New_York", 14, "New_York ▲"),
        ("America/Argentina/ComodRivadavia", 14, "ComodRivadav…▲"),
    ],
)
def test_zone_and_order_stand_above_the_times_at_every_width(
    zone: str, width: int, title: str
) -> None:
    assert time_title(zone, "▲", width) == title
