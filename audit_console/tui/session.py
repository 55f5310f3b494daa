"""What is known of the log on the screen: one immutable value, replaced as the load goes on."""

from __future__ import annotations

from dataclasses import dataclass

from audit_console.core.chain_map import ChainMap
from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Verification
from audit_console.sources.protocol import NOTHING_NEW, News, Source, Status

CANNOT_BE_LOOKED_AT = (AuditConsoleError, OSError)
"""What may be raised by anything that is asked of a source."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open source, how far it was read and what the check says so far.

    `places` is what was opened.
    `faults` counts findings of class F while the load runs, `maps` show how far the
    chains were checked. `error` is why the load broke off, and `news`
    what was written since it ended.
    """

    source: Source
    status: Status
    places: tuple[str, ...] = ()
    faults: int = 0
    maps: tuple[ChainMap, ...] = ()
    verification: Verification | None = None
    news: News = NOTHING_NEW
    error: AuditConsoleError | None = None

    @property
    def loading(self) -> bool:
        """Whether events are still being read."""
        return self.verification is None and self.error is None

    @property
    def partial(self) -> bool:
        """Whether every number is a part, because reading ended early."""
        return self.status.stopped or self.error is not None

    @property
    def fraction(self) -> float | None:
        """How much was read, 0 to 1; None when the whole is not known."""
        if not self.status.bytes_total:
            return None
        return min(1.0, self.status.bytes_read / self.status.bytes_total)

    def file_name(self, index: int) -> str:
        """Name the file with this index; empty where the source has none."""
        files = self.status.files
        return files[index].name if 0 <= index < len(files) else ""
