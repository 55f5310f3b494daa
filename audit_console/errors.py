"""Every exception that this package raises on purpose.

    AuditConsoleError            has .hint: what the reader can do about it
    ├── UsageError               the request itself is wrong                  exit 2
    │   ├── QueryError           a query cannot be read; has .column and .suggestion
    │   ├── PolicyError          a trust policy cannot be read; has .line
    │   └── KeyFileError         a key file cannot be used, or is open to others
    ├── SourceError              could not look at the log                    exit 4
    │   ├── SourceNotFound       nothing there
    │   ├── SourceUnreadable     there, but not to be read: permission, I/O, a broken container
    │   │   └── SourceUnreached  it cannot be reached now: asked again, it may be
    │   ├── NotAnAuditLog        read, but no line of it is an audit event
    │   └── SourceChanged        the bytes are no longer those that were read
    ├── NotAsSigned              the log is not the one that was signed       exit 1
    ├── WriterError              an event could not be stored                 exit 4
    │   ├── EventRefused         it cannot be stored as it is: too large, a bad address
    │   ├── SinkUnavailable      the store does not take it now: full, locked, unreachable
    │   └── ChainBroken          the store's last event does not verify, nothing is put behind it
    ├── PruneRefused             retention deletes nothing, for the reason told   exit 4
    │   └── PrefixBroken         what is to be deleted does not verify            exit 1
    └── MigrationError           a database cannot be brought to the schema   exit 4

Tampering is a finding, not an exception; a line that cannot be read is a value
(`core.codec.Malformed`).
"""

from __future__ import annotations


class AuditConsoleError(Exception):
    """Base of all errors shown to the user as one line, followed by `hint`."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(AuditConsoleError):
    """The request is wrong: an unknown option, a value out of range."""


class QueryError(UsageError):
    """A query cannot be read. `column` counts characters from 1; `suggestion` may be empty.

    `is_open` says that what begins at the column has no end, so that all behind it is in it.
    """

    def __init__(
        self, column: int, message: str, suggestion: str = "", *, is_open: bool = False
    ) -> None:
        super().__init__(f"column {column}: {message}", hint=suggestion)
        self.column = column
        self.message = message
        self.suggestion = suggestion
        self.is_open = is_open


class PolicyError(UsageError):
    """A trust policy cannot be read. `line` counts from 1."""

    def __init__(self, line: int, message: str, *, hint: str = "") -> None:
        super().__init__(f"line {line}: {message}", hint=hint)
        self.line = line


class KeyFileError(UsageError):
    """A key file is missing, unsafe or not one; never says what is in it."""


class SourceError(AuditConsoleError):
    """The log could not be looked at."""


class SourceNotFound(SourceError):
    """There is nothing at the given place."""


class SourceUnreadable(SourceError):
    """The log is there but cannot be read."""


class SourceUnreached(SourceUnreadable):
    """The log cannot be reached now: the connection was lost, or there is none."""


class NotAnAuditLog(SourceError):
    """The bytes were read and hold no audit event."""


class SourceChanged(SourceError):
    """The log's bytes are no longer those that were read before."""


class NotAsSigned(AuditConsoleError):
    """A checkpoint signs other events than the log has, more of them, or is signed wrongly."""


class WriterError(AuditConsoleError):
    """An event could not be stored."""


class EventRefused(WriterError):
    """The event cannot be stored as it is, however often it is tried."""


class SinkUnavailable(WriterError):
    """The store does not take events now; nothing was stored, a later try may go well.

    Of a connection that was lost while it committed nobody knows whether anything was stored.
    """


class ChainBroken(WriterError):
    """The last event of the store does not verify; a chain is never begun anew behind it."""


class PruneRefused(AuditConsoleError):
    """Retention does not delete what it was asked to; nothing is changed."""


class PrefixBroken(PruneRefused):
    """The events that were to be deleted do not verify: they are evidence."""


class MigrationError(AuditConsoleError):
    """A database could not be brought to the schema of the log; it is as it was."""
