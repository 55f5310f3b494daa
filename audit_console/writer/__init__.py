"""What an application embeds to write an audit log.

    from audit_console.writer import ArchiveSink, AuditLogger

    with AuditLogger(ArchiveSink("audit.jsonl", chain="audit.example.org/app")) as log:
        log.log_auth_attempt("alice", success=False, ip_address="10.0.0.7")

The standard library is all that it needs, but for `PostgresSink` and `Signing`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from audit_console.writer.archive import ArchiveSink
from audit_console.writer.logger import AuditLogger
from audit_console.writer.rotation import Rotation
from audit_console.writer.signing.signer import Signing
from audit_console.writer.sink import Sink

if TYPE_CHECKING:  # so that an application's checker knows them, though they come late
    from audit_console.writer.postgres import PostgresSink as PostgresSink
    from audit_console.writer.retention import RetentionManager as RetentionManager

__all__ = ["ArchiveSink", "AuditLogger", "Rotation", "Signing", "Sink"]


def __getattr__(name: str) -> Any:
    """Import what few need when it is first asked for, `PostgresSink` with more than Python."""
    if name == "RetentionManager":
        return import_module("audit_console.writer.retention").RetentionManager
    if name != "PostgresSink":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return import_module("audit_console.writer.postgres").PostgresSink
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        raise ImportError(
            "PostgresSink needs psycopg: pip install 'psycopg[binary,pool]'"
        ) from error
