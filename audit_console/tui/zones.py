"""Time zones that times are shown in: UTC first, and any other by its full name."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from audit_console.errors import UsageError

LOCALTIME = Path("/etc/localtime")

_UTC_NAMES = {"", "utc", "z", "etc/utc", "zulu"}
_NAMELESS = {"localtime", "posixrules", "Factory"}
"""Files among the zones whose names do not tell which zone they are."""


def zone_choices(localtime: Path = LOCALTIME) -> tuple[tzinfo, ...]:
    """Give UTC, and the zone of this machine where it has a name.

    Args:
        localtime: link to the file of the machine's zone, used unless `TZ` is set.
    """
    name = os.environ.get("TZ")
    local = _zone(_linked_name(localtime) if name is None else name.removeprefix(":"))
    return (UTC,) if local in {None, UTC} else (UTC, local)


def parse_zone(text: str) -> tzinfo:
    """Read the name of a zone, in any spelling of its letters, or a city's alone.

    Raises:
        UsageError: there is no such zone, or there are several.
    """
    zone = _zone(text.strip())
    if zone is not None:
        return zone
    known = _known_zones()
    if not known:
        hint = "Install tzdata, or stay with UTC"
        raise UsageError("this machine knows no zones but UTC", hint=hint)
    named = known.get(_folded(text)) or _city(_folded(text), known)
    if named is None:
        raise UsageError(f"no zone {text.strip()[:40]}", hint=_suggestion(_folded(text), known))
    return ZoneInfo(named)


def zone_label(zone: tzinfo, at: datetime | None = None) -> str:
    """Name a zone, and how far it is from UTC at a time: `Europe/Berlin CET +01:00`."""
    if zone is UTC or at is None:
        return str(zone)
    try:
        local = at.astimezone(zone)
    except OverflowError:
        return str(zone)
    offset = local.isoformat()[len(local.replace(tzinfo=None).isoformat()) :]
    letters = local.tzname() or ""
    return " ".join([str(zone), *([letters] if letters.isalpha() else []), offset])


def _zone(name: str | None) -> tzinfo | None:
    """Give the zone of exactly this name."""
    if name is None or name.lower() in _UTC_NAMES:
        return None if name is None else UTC
    try:
        return None if name in _NAMELESS else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _linked_name(localtime: Path) -> str | None:
    _, found, name = os.path.realpath(localtime).partition("/zoneinfo/")
    return re.sub(r"^(?:posix|right)/", "", name) if found else None


@lru_cache(maxsize=1)
def _known_zones() -> dict[str, str]:
    return {_folded(name): name for name in sorted(available_timezones() - _NAMELESS)}


def _folded(text: str) -> str:
    return re.sub(r"\s+", "_", text.strip().lower())


def _city(text: str, known: dict[str, str]) -> str | None:
    """Find the one zone that ends in this name."""
    named = [name for folded, name in known.items() if folded.endswith(f"/{text}")]
    return named[0] if len(named) == 1 else None


def _suggestion(text: str, known: dict[str, str]) -> str:
    ends = [folded for folded in known if folded.endswith(f"/{text}")]
    near = ends or get_close_matches(text, known, n=3) or _near_cities(text, known)
    names = ", ".join(known[folded] for folded in near[:3])
    return f"Did you mean {names} ?" if names else "A zone is UTC, Europe/Berlin, Asia/Tokyo"


def _near_cities(text: str, known: dict[str, str]) -> list[str]:
    cities = {folded.rpartition("/")[2]: folded for folded in known}
    return [cities[city] for city in get_close_matches(text, cities, n=3)]
