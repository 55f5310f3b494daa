"""What tells a file from itself at another time."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace

from audit_console.sources.archive.files import ArchiveFile

_SAMPLE = 64 << 10
_SAMPLES = 8


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a file from itself at another time, without reading it whole."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    samples: str

    @classmethod
    def of(cls, file: ArchiveFile, size: int | None = None) -> Fingerprint:
        """Take it of a file, or of its first bytes; raises `OSError`."""
        digest = hashlib.sha256()
        with file.path.open("rb") as stored:
            state = os.fstat(stored.fileno())
            size = state.st_size if size is None else size
            last = max(0, size - _SAMPLE)
            for number in range(_SAMPLES):
                stored.seek(last * number // (_SAMPLES - 1))
                digest.update(stored.read(min(_SAMPLE, size)))
        path = str(file.path.resolve())
        return cls(path, size, state.st_mtime_ns, state.st_ino, digest.hexdigest())

    def is_same_file(self, other: Fingerprint) -> bool:
        """Tell whether both are of one file that did not change, whatever its names."""
        return replace(self, path=other.path) == other
