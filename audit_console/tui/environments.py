"""Which logs are of production and the like, so that every screen says so in a colour.

[environments.production]
sources = ["postgresql://*@db.example.org/*", "service=prod", "/srv/audit/*"]
colour = "red"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from audit_console.errors import UsageError
from audit_console.tui.painting import Line, Span
from audit_console.tui.recent import as_remembered

COLOURS = ("red", "yellow", "green", "blue", "purple")
MOST_CELLS = 16

_KNOWN = ("sources", "colour")


@dataclass(frozen=True, slots=True)
class Environment:
    """Logs that are marked in the same way.

    Attributes:
        name: at most `MOST_CELLS` printable characters of ASCII.
        sources: places as recent sources show them; `*` and `?` stand for anything.
        colour: one of `COLOURS`.
    """

    name: str
    sources: tuple[str, ...]
    colour: str

    @property
    def mark(self) -> Line:
        """Name it in its colour."""
        return (Span(" "), Span(f" {self.name} ", f"in-{self.colour}"))

    def holds(self, place: str) -> bool:
        """Tell whether a place is of this environment."""
        return any(fnmatchcase(place, source.replace("[", "[[]")) for source in self.sources)


def environments_of(settings: Mapping[str, object]) -> tuple[Environment, ...]:
    """Read the tables of `[environments]`, in their order.

    Raises:
        UsageError: one of them is no environment.
    """
    return tuple(_environment(name, table) for name, table in settings.items())


def mark_of(environments: Iterable[Environment], places: Iterable[str], label: str = "") -> Line:
    """Mark the log at some places by the first environment that holds one; empty without.

    Args:
        environments: the more serious before the others.
        places: what was opened.
        label: how the log is called, where that is known: another way to write its place.
    """
    written = [*map(as_remembered, places), label]
    return next((one.mark for one in environments if any(map(one.holds, written))), ())


def _environment(name: str, table: object) -> Environment:
    if not isinstance(table, dict):
        raise _wrong(name, "it is not a table", hint=f"[environments.{name}]")
    for key in table.keys() - set(_KNOWN):
        raise _wrong(name, f"{key!r} is no setting", hint=f"known: {', '.join(_KNOWN)}")
    if not (name.isascii() and name.isprintable() and name.strip() and len(name) <= MOST_CELLS):
        raise _wrong(name, f"a name has 1 to {MOST_CELLS} printable characters of ASCII")
    sources, colour = table.get("sources"), table.get("colour")
    if not isinstance(sources, list) or not all(isinstance(one, str) and one for one in sources):
        raise _wrong(name, "sources is no list of places", hint='sources = ["/srv/audit/*"]')
    if colour not in COLOURS:
        lack = "it has no colour" if colour is None else "its colour is not known here"
        raise _wrong(name, lack, hint=f"one of {', '.join(COLOURS)}")
    return Environment(name, tuple(sources), colour)


def _wrong(name: str, how: str, hint: str = "") -> UsageError:
    return UsageError(f"config.toml, [environments.{name}]: {how}", hint=hint)
