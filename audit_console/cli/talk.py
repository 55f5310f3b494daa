"""What the program says to people, on standard error."""

from __future__ import annotations

import sys
from contextlib import suppress

from audit_console.errors import AuditConsoleError

PROGRAM = "audit-console"


def say(text: str) -> None:
    """Print one line on standard error, under the program's name."""
    from audit_console.core.safe_text import safe_text

    with suppress(OSError):  # nobody listens
        sys.stderr.write(f"{PROGRAM}: {safe_text(text)}\n")
        sys.stderr.flush()


def say_error(error: AuditConsoleError) -> None:
    """Say what is wrong and what to do about it."""
    hint = error.hint[:1].upper() + error.hint[1:]
    say(f"{_sentence(str(error))} {_sentence(hint)}".strip())


def _sentence(text: str) -> str:
    return f"{text}." if text and not text.endswith((".", "!", "?")) else text
