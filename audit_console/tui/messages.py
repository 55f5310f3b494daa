"""What the load says to the app. `generation` names the load; an old one is not listened to."""

from __future__ import annotations

from textual.message import Message

from audit_console.core.chain_map import ChainMap
from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Progress, Verification
from audit_console.sources.protocol import Source


class LoadMessage(Message):
    """Base of what a load says."""

    def __init__(self, generation: int) -> None:
        super().__init__()
        self.generation = generation


class SourceOpened(LoadMessage):
    """What is there can be read; reading begins, and tells whether it is a log."""

    def __init__(self, generation: int, source: Source) -> None:
        super().__init__(generation)
        self.source = source


class LoadProgressed(LoadMessage):
    """More was read. `maps` are those of the time of `progress`."""

    def __init__(self, generation: int, progress: Progress, maps: tuple[ChainMap, ...]) -> None:
        super().__init__(generation)
        self.progress = progress
        self.maps = maps


class LoadFinished(LoadMessage):
    """Reading ended, at the end of the log or where it was stopped."""

    def __init__(self, generation: int, verification: Verification) -> None:
        super().__init__(generation)
        self.verification = verification


class LoadFailed(LoadMessage):
    """The log could not be opened, or not be read to its end."""

    def __init__(self, generation: int, error: AuditConsoleError) -> None:
        super().__init__(generation)
        self.error = error


class LoadCrashed(LoadMessage):
    """The load met an error that this program did not foresee."""

    def __init__(self, generation: int, error: Exception) -> None:
        super().__init__(generation)
        self.error = error
