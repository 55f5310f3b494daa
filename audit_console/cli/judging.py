"""Verifies a log for the screen, as `verify` does without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

from audit_console.cli import trusting
from audit_console.cli.talk import say_error
from audit_console.errors import AuditConsoleError
from audit_console.integrity.trust import Trust
from audit_console.integrity.verification import Progress, Verification
from audit_console.sources.protocol import Source


class TrustingJudge:
    """Believes a policy and what this console saw, and remembers what it sees."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._complaints: list[AuditConsoleError] = []

    def __call__(
        self, source: Source, stop: Event, on_progress: Callable[[Progress], None]
    ) -> Verification:
        """Verify a log; what was remembered meanwhile counts.

        Raises:
            AuditConsoleError: the log or the memory cannot be looked at.
        """
        from audit_console.integrity.verifier import verify

        trust = replace(self._trust, remembered=trusting.memory().all())
        verification = verify(source, trust=trust, roots=False, stop=stop, on_progress=on_progress)
        try:
            trusting.memory().take_in(verification, datetime.now(UTC))
        except AuditConsoleError as error:
            self._complaints.append(error)
        return verification

    def say_complaints(self) -> None:
        """Say, once the screen is gone, why something could not be remembered."""
        for error in self._complaints:
            say_error(error)
