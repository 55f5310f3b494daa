"""A copy of what goes: one packed file, read back before anything is deleted."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

from audit_console.core.retention import PrunePlan
from audit_console.errors import PruneRefused
from audit_console.writer.files import sync_folder, sync_to_disk
from audit_console.writer.pruning.archive_files import open_plain

if sys.version_info >= (3, 14):  # pragma: no cover - each Python takes one of the two
    from compression import zstd
else:  # pragma: no cover
    from backports import zstd


def open_packed(path: Path) -> BinaryIO:
    """Open the text of a closed file, however it is packed."""
    return cast("BinaryIO", zstd.open(path)) if path.suffix == ".zst" else open_plain(path)


def keep_in(folder: Path, plan: PrunePlan, lines: Iterable[bytes]) -> Mapping[str, str | int]:
    """Write what goes to a new file in a folder, and read it back.

    Returns:
        what the prune record says of it: `name`, `sha256` of the file, `events`.

    Raises:
        PruneRefused: the file cannot be written, or holds something else afterwards.
    """
    chain = plan.chain.replace("/", "_").replace(".", "_")
    path = folder / f"{chain}.{plan.pruned_from:012d}.jsonl.zst"
    try:
        written = _write(path, lines)
        read_back = _read(path)
        with path.open("rb") as stored:
            sha256 = hashlib.file_digest(stored, "sha256").hexdigest()
    except OSError as error:
        raise PruneRefused(
            f"{path}: no copy of what goes: {error.strerror or error}; nothing is deleted",
            hint="name a folder that can be written",
        ) from None
    if (plan.events, written) != read_back:
        raise PruneRefused(
            f"{path}: the copy does not hold what goes; nothing is deleted", hint="check the disk"
        )
    return {"name": path.name, "sha256": sha256, "events": plan.events}


def _write(path: Path, lines: Iterable[bytes]) -> str:
    """Write lines to a file and give the hash of their text; one of an earlier try is replaced."""
    digest = hashlib.sha256()
    part = path.with_suffix(".part")
    with part.open("wb") as stored:
        with zstd.ZstdFile(stored, "wb") as packed:
            for line in lines:
                digest.update(line + b"\n")
                packed.write(line + b"\n")
        stored.flush()
        sync_to_disk(stored.fileno())
    part.replace(path)
    sync_folder(path.parent)
    return digest.hexdigest()


def _read(path: Path) -> tuple[int, str]:
    """Give the number of lines and the hash of the text."""
    digest, events = hashlib.sha256(), 0
    with closing(open_packed(path)) as text:
        for line in text:
            digest.update(line)
            events += 1
    return events, digest.hexdigest()
