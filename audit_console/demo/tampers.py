"""What was done to the file after it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.findings import Code
from audit_console.demo.break_in import INTRUDER_ADDRESS, STOLEN_KEY
from audit_console.demo.everyday import VICTIM
from audit_console.demo.log import sealed_demo

FILE_NAME = "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Tamper:
    """One change made to the file.

    `change` turns the intruder's line of the given `event_type` into what stands
    in the file afterwards; None takes the line away. `code` is what a
    verification says about it.
    """

    what: str
    why: str
    code: Code
    event_type: str
    change: Callable[[str], str | None]

    def concerns(self, line: str) -> bool:
        """Tell whether this is the line that was tampered with."""
        return (
            f'"event_type":"{self.event_type}"' in line
            and f'"ip_address":"{INTRUDER_ADDRESS}"' in line
        )


TAMPERS: dict[str, Tamper] = {
    "edited": Tamper(
        what=f"the user of the nightly secret access was changed from {VICTIM} to svc-backup",
        why="to make the theft of the payment database's secret look like a backup",
        code=Code.EVENT_HASH_MISMATCH,
        event_type="secret_access",
        change=lambda line: line.replace(f'"user_id":"{VICTIM}"', '"user_id":"svc-backup"'),
    ),
    "removed": Tamper(
        what=f"the event that created the API key {STOLEN_KEY} was taken out",
        why="to hide the key with which the intruder came back",
        code=Code.GAP,
        event_type="api_key_create",
        change=lambda _line: None,
    ),
}


def write_demo(folder: Path) -> Path:
    """Write the tampered log into `folder` and return the file."""
    path = folder / FILE_NAME
    text = "".join(f"{line}\n" for line in _lines())
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def tampered_events() -> Iterator[AuditEvent]:
    """Give the events of the tampered log."""
    events = map(decode_line, _lines())
    return (event for event in events if isinstance(event, AuditEvent))


def _lines() -> Iterator[str]:
    lines = (_tampered(sealed.line) for sealed in sealed_demo())
    return (line for line in lines if line is not None)


def _tampered(line: str) -> str | None:
    for tamper in TAMPERS.values():
        if tamper.concerns(line):
            return tamper.change(line)
    return line
