"""What the program's exit codes mean, with the screen and without it."""

from __future__ import annotations

import signal
from enum import IntEnum
from typing import TYPE_CHECKING

from audit_console.errors import AuditConsoleError, NotAsSigned, PrefixBroken, UsageError

if TYPE_CHECKING:  # Polars comes with it, and `--help` must answer at once
    from audit_console.integrity.verification import Verification


class ExitCode(IntEnum):
    """Exit codes of every command."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INCOMPLETE = 3
    ERROR = 4
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


CODES_IN_HELP = """\
exit codes:
  0    PASS: every event was checked and holds
  1    FAIL: at least one fault
  2    the command line is wrong
  3    INCOMPLETE: no fault found, but the question is not answered
  4    the log could not be looked at
  130  interrupted
"""

CODES_OF_SIGNALS = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
"""What the program ends with when it is ended from outside."""


def code_of_verification(verification: Verification, *, allow_unanchored: bool = False) -> ExitCode:
    """Give the code of a verdict; a missing checkpoint alone can be allowed."""
    from audit_console.core.findings import EXIT_CODES
    from audit_console.reports.model import only_unanchored

    if allow_unanchored and only_unanchored(verification):
        return ExitCode.PASS
    return ExitCode(EXIT_CODES[verification.verdict])


def code_of_error(error: AuditConsoleError) -> ExitCode:
    """Give the code of an error: a wrong request, a fault, or a log not to be looked at."""
    if isinstance(error, PrefixBroken | NotAsSigned):
        return ExitCode.FAIL
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.ERROR
