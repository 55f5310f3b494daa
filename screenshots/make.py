"""Draw every picture from the demo log: `python screenshots/make.py [--png FOLDER] [NAME…]`.

The pictures come from the real program, driven by keys. Nothing on a screen depends on a
clock or on this machine, so the same code draws the same files. `--png` renders them with
`rsvg-convert`, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ.pop("NO_COLOR", None)
sys.path.insert(0, str(Path(__file__).parents[1]))

from textual.pilot import Pilot
from textual.widgets import Input

from audit_console.cli.opening import open_source
from audit_console.core.retention import RetentionPolicy
from audit_console.demo import FILE_NAME, write_demo
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.pruning import Pruning

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 3, 51, tzinfo=UTC)
"""The clock, by which retention counts its days."""
SIZES = ((80, 24), (120, 40), (200, 60))
RECENT = [
    {
        "places": ["/var/log/orchestrator/audit.jsonl"],
        "verdict": "FAIL",
        "verified_at": "2026-11-23T03:51:00.000000Z",
    },
    {
        "places": ["/srv/evidence/2026-11/*.jsonl.zst"],
        "verdict": "INCOMPLETE",
        "verified_at": "2026-11-22T16:08:00.000000Z",
    },
    {
        "places": ["/srv/evidence/2026-10"],
        "verdict": "PASS",
        "verified_at": "2026-11-02T09:30:00.000000Z",
    },
]
TO_THE_EDITED_EVENT = ("i", "enter")
LOOKS = 3
"""How often in a row a screen must look the same before it is drawn."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen, and the keys that lead to it."""

    name: str
    shows: str
    keys: tuple[str, ...] = ()
    opens_demo: bool = True
    light_too: bool = False


PICTURES = (
    Picture("sources", "Choose a log", opens_demo=False, light_too=True),
    Picture(
        "investigate",
        "The event that was edited, and the gap behind it",
        TO_THE_EDITED_EVENT,
        light_too=True,
    ),
    Picture(
        "burst",
        "The time of the burst: facets, timeline and events",
        ("a", "escape", "t", "n", "enter", "escape"),
        light_too=True,
    ),
    Picture("query", "A query with its preview", ("slash", *"result:failure ")),
    Picture(
        "review",
        "A standing review, its rows above the threshold marked",
        ("V", "down", "down", "enter"),
    ),
    Picture("card", "What the log says of an address", (*TO_THE_EDITED_EVENT, "dollar_sign", "p")),
    Picture("detail", "Every field of that event", (*TO_THE_EDITED_EVENT, "enter")),
    Picture(
        "integrity",
        "Is the log whole: map of the chain, findings in words, what stays open",
        ("3",),
        light_too=True,
    ),
    Picture(
        "retention",
        "What thirty days of retention would delete, and what stops it",
        ("4",),
        light_too=True,
    ),
    Picture("jump", "Go to a time, a row or an event id", ("colon",)),
    Picture("palette", "Every action by name", ("ctrl+p",)),
    Picture("help", "The keys of what has the focus", ("question_mark",)),
)


async def _draw(picture: Picture, size: tuple[int, int], *, light: bool) -> str:
    app = AuditConsoleApp(
        lambda places: open_source(places, keep=True),
        places=[FILE_NAME] if picture.opens_demo else [],
        kept=Belongings(Path(), Path()),
        pruning=Pruning(policy=RetentionPolicy(days=30), clock=lambda: NOW),
    )
    async with app.run_test(size=size) as pilot:
        while picture.opens_demo and app.verification is None:
            await pilot.pause(0.01)
        if light:
            await pilot.press("ctrl+t")
        for key in picture.keys:
            await _settle(pilot)
            await pilot.press(key)
        return _offline(await _settle(pilot))


async def _settle(pilot: Pilot[None]) -> str:
    """Wait until the screen stays as it is, and give it as SVG."""
    looks: list[str] = []
    while len(looks) < LOOKS or len(set(looks[-LOOKS:])) > 1:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.05)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        looks.append(pilot.app.export_screenshot())
    return looks[-1]


def _offline(svg: str) -> str:
    """Drop the web fonts: a picture of an offline program loads nothing."""
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def _path(picture: Picture, size: tuple[int, int], *, light: bool) -> Path:
    theme = "light" if light else "dark"
    return FOLDER / f"{picture.name}-{theme}-{size[0]}x{size[1]}.svg"


def _draw_all(names: Sequence[str]) -> list[Path]:
    drawn = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_demo(Path())
        for picture in PICTURES:
            if names and picture.name not in names:
                continue
            for light in (False, True) if picture.light_too else (False,):
                for size in SIZES:
                    Path("recent.json").write_text(json.dumps({"recent sources": RECENT}), "utf-8")
                    path = _path(picture, size, light=light)
                    path.write_text(asyncio.run(_draw(picture, size, light=light)), "utf-8")
                    drawn.append(path)
                    print(path.name)
    return drawn


def _index() -> str:
    lines = ["# Screenshots", "", "Drawn by `python screenshots/make.py` from the demo log.", ""]
    for picture in PICTURES:
        lines += [f"## {picture.shows}", ""]
        for light in (True, False) if picture.light_too else (False,):
            links = [_path(picture, size, light=light).name for size in SIZES]
            lines += [" · ".join(f"[{name}]({name})" for name in links), ""]
        lines += [f"![{picture.shows}]({_path(picture, SIZES[1], light=False).name})", ""]
    return "\n".join(lines)


def _render(pictures: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        target = folder / f"{picture.stem}.png"
        subprocess.run(["rsvg-convert", "-o", target, picture], check=True)


def main() -> None:
    """Draw the pictures asked for, all without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="draw these screens alone")
    parser.add_argument("--png", type=Path, metavar="FOLDER", help="also render them there")
    arguments = parser.parse_args()
    drawn = _draw_all(arguments.names)
    (FOLDER / "README.md").write_text(_index(), "utf-8")
    if arguments.png:
        _render(drawn, arguments.png)


if __name__ == "__main__":
    main()
