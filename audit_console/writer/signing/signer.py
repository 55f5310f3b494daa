"""Signs how far a log goes, every so many events, every so many seconds, and at its close."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit_console.core.notes import KeyType
from audit_console.errors import KeyFileError, UsageError
from audit_console.writer.archive import ArchiveSink
from audit_console.writer.arguments import require_kind
from audit_console.writer.forking import renew_in_child
from audit_console.writer.signing.archive import SignedArchive
from audit_console.writer.signing.log import NOTHING, SignedStore, read_on
from audit_console.writer.sink import Sink

if TYPE_CHECKING:  # needs cryptography
    from audit_console.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Signing:
    """How a logger signs checkpoints of its log; at its close it signs in any case.

    Attributes:
        key: file of the log's key, made by `audit-console keys new`; its name is the chain's.
        every_events: how many events of this logger call for a checkpoint.
        every_seconds: how old an event without one may grow; None for any age.
        clock: tells seconds.

    Raises:
        UsageError: a number is not positive, or none.
    """

    key: str | Path
    every_events: int = 1_000
    every_seconds: float | None = 60.0
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        require_kind("key", self.key, str, Path)
        require_kind("every_events", self.every_events, int)
        require_kind("every_seconds", self.every_seconds, int, float, type(None))
        if self.every_events <= 0 or (self.every_seconds is not None and self.every_seconds <= 0):
            raise UsageError(
                f"signing every {self.every_events} events, every {self.every_seconds} seconds",
                hint="both are positive; every_seconds=None leaves the time out",
            )


class Signer:
    """Signs checkpoints of the log that a sink writes. Any thread may call its methods.

    Raises:
        UsageError: the sink is no archive and no PostgreSQL.
        KeyFileError: the key cannot be used, or is that of another log.
    """

    def __init__(self, signing: Signing, sink: Sink) -> None:
        self.sink = sink
        self._rule = signing
        self._store = _store_of(sink)
        self._key = _key_of(sink.chain, Path(signing.key))
        self._known = NOTHING
        self.renew()
        renew_in_child(self)

    def renew(self) -> None:
        """Begin anew in a forked child; what the parent stored is signed by the parent."""
        self._lock = threading.Lock()
        self._signing = threading.Lock()
        self._wait_for(0)

    @property
    def unsigned(self) -> int:
        """Events of this logger that no checkpoint covers."""
        return self._unsigned

    @property
    def patience(self) -> float | None:
        """Seconds after which a checkpoint is due if no more events come; None for never."""
        seconds = self._rule.every_seconds
        if seconds is None or not self._unsigned:
            return None
        return max(self._tried_at + seconds - self._rule.clock(), 0.0)

    def is_turn(self, stored: int) -> bool:
        """Count stored events, and tell one caller when it is time to sign.

        Whatever comes of it, the next turn is as many events or seconds later.
        """
        with self._lock:
            self._unsigned += stored
            is_due = self._unsigned >= self._due_at or self.patience == 0
            if is_due:
                self._wait_for(self._unsigned)
            return is_due and not self._signing.locked()

    def sign(self) -> None:
        """Sign what the log holds now, by whomever it was written.

        Raises:
            AuditConsoleError: it could not be read, does not verify, or takes no checkpoint.
        """
        with self._signing:
            covered = self._unsigned
            with self._store.opened() as log:
                known = read_on(log, self.sink.chain, self._known)
                made = self._key.sign_checkpoint(known.tree.size, known.tree.root())
                log.add_checkpoint(known.tree.size, made.note)
            self._known = known
            with self._lock:
                self._wait_for(self._unsigned - covered)

    def _wait_for(self, unsigned: int) -> None:
        self._unsigned = unsigned
        self._due_at = unsigned + self._rule.every_events
        self._tried_at = self._rule.clock()


def _store_of(sink: Sink) -> SignedStore:
    if isinstance(sink, ArchiveSink):
        return SignedArchive(sink)
    postgres = sys.modules.get("audit_console.writer.postgres")  # of whoever has such a sink
    if postgres is None or not isinstance(sink, postgres.PostgresSink):
        raise UsageError(
            f"a {type(sink).__name__} has no place for checkpoints",
            hint="sign an ArchiveSink or a PostgresSink",
        )
    from audit_console.writer.signing.postgres import SignedTable  # noqa: PLC0415 - needs psycopg

    return SignedTable(sink)


def _key_of(chain: str, path: Path) -> SigningKey:
    try:
        from audit_console.signing import load_key  # noqa: PLC0415 - needs cryptography
    except ModuleNotFoundError as error:
        raise ImportError("signing needs cryptography: pip install cryptography") from error
    key = load_key(path, KeyType.LOG)
    if key.verifier.name != chain:
        raise KeyFileError(
            f"{path} is the key of {key.verifier.name}",
            hint=f"the log is {chain}: make its key with: audit-console keys new --log",
        )
    return key
