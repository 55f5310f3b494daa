"""Data on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from audit_console.errors import AuditConsoleError


def write_stdout(chunks: Iterable[bytes]) -> None:
    """Print data. A reader that has gone away, as `head` does, is no error.

    Raises:
        AuditConsoleError: standard output cannot be written.
    """
    try:
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.flush()
    except BrokenPipeError:
        close_stdout()
    except OSError as error:
        close_stdout()
        raise AuditConsoleError(
            f"cannot write to standard output: {error.strerror}",
            hint="Write it to a file with -o",
        ) from error


def close_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not fail on it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
