"""Evidence packages made for tests, and forgers who make all hashes anew."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.evidence.case import Case
from audit_console.evidence.check import UNREADABLE, Archive, Check, Folder, Refused
from audit_console.evidence.package import Packed, write_package
from audit_console.integrity.trust import NO_TRUST, Trust
from audit_console.integrity.verifier import verify
from audit_console.reports.model import Report
from audit_console.search.found import Found
from audit_console.signing import SigningKey
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source

MADE_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

Files = dict[str, bytes]


def log_of(lines: Sequence[bytes], checkpoints: Sequence[str] = ()) -> MemorySource:
    """Hold lines as a log, in batches of a few lines."""
    return MemorySource(lines, label="audit.jsonl", batch_lines=7, checkpoints=checkpoints)


def case_of(
    source: Source,
    query: str = "",
    *,
    trust: Trust = NO_TRUST,
    key: SigningKey | None = None,
    marks: Mapping[MarkKey, Marks] = NO_MARKS,
) -> Case:
    """Verify a log, and ask for what a query keeps of it."""
    verification = verify(source, trust=trust)
    found = Found.by(query, source, verification, marks)
    report = Report(
        verification=verification,
        source_label=source.label,
        source_kind=source.kind,
        exit_code=1,
        made_at=MADE_AT,
        tool_version="1.2.3",
    )
    return Case(question=found.question, query=query, report=report, policy=trust.policy, key=key)


def packed(
    source: Source,
    query: str = "",
    *,
    trust: Trust = NO_TRUST,
    key: SigningKey | None = None,
    marks: Mapping[MarkKey, Marks] = NO_MARKS,
) -> tuple[bytes, Packed]:
    """Pack what a query keeps of a log."""
    target = io.BytesIO()
    made = write_package(target, case_of(source, query, trust=trust, key=key, marks=marks))
    return target.getvalue(), made


def files_of(package: bytes) -> Files:
    """Unpack a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unpacked(files: Files, folder: Path) -> Path:
    """Write the files of a package into a new folder."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


class InMemory:
    """The files of a package, as the script wants them."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def names(self) -> list[str]:
        return sorted(self._files)

    def open(self, name: str) -> io.BytesIO:
        return io.BytesIO(self._files[name])


def refusal(
    package: Files | Path, *, policy: str | None = None, key: str | None = None
) -> str | None:
    """Say why a package is refused, None if it holds."""
    opened: Any = InMemory(package) if isinstance(package, dict) else None
    try:
        if isinstance(package, Path):
            opened = Folder(package) if package.is_dir() else Archive(package)
        list(Check(opened, None if policy is None else policy.encode(), key).sentences())
    except Refused as refused:
        return str(refused)
    except UNREADABLE as error:
        return repr(error)
    return None


def not_vouched_for(files: Files, *, policy: str | None) -> int:
    """Count the events for which a policy that is named does not vouch."""
    opened: Any = InMemory(files)
    check = Check(opened, None if policy is None else policy.encode(), None)
    list(check.sentences())
    return check.not_vouched_for


def sentences(files: Files) -> list[str]:
    """Give what the script says of a package that holds."""
    opened: Any = InMemory(files)
    return list(Check(opened, None, None).sentences())


def manifest_of(files: Files) -> dict[str, Any]:
    """Read the manifest."""
    manifest: dict[str, Any] = json.loads(files["manifest.json"])
    return manifest


def forged(
    files: Files,
    changed: Mapping[str, bytes],
    change: Callable[[dict[str, Any]], None] | None = None,
) -> Files:
    """Change files as somebody does who makes all hashes and sizes of the package anew."""
    files = {**files, **changed}
    manifest = manifest_of(files)
    for file in manifest["files"]:
        content = files[file["name"]]
        file["bytes"], file["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    if change is not None:
        change(manifest)
    text = json.dumps(manifest).encode()
    digest = hashlib.sha256(text).hexdigest()
    files["manifest.json"] = text
    files["manifest.sha256"] = f"{digest}  manifest.json\n".encode()
    return files
