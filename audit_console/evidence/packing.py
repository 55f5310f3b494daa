"""A zip file whose bytes follow from its contents alone, sealed with its own SHA-256."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from audit_console.evidence.check import CHUNK, SEAL_BYTES

_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE = 0o100644 << 16


class PackedFile(NamedTuple):
    """One file of a package: its length in bytes and its hash in hex."""

    name: str
    bytes: int
    sha256: str


class Packer:
    """Packs files one after the other, each written while it is made."""

    def __init__(self, target: BinaryIO) -> None:
        """Begin a package.

        Args:
            target: an empty file, open to write and to read.
        """
        self._target = target
        self._zip = zipfile.ZipFile(target, "w")
        self.files: list[PackedFile] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> PackedFile:
        """Pack a file."""
        digest, length = hashlib.sha256(), 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                file.write(chunk)
        packed = PackedFile(name, length, digest.hexdigest())
        self.files.append(packed)
        return packed

    def seal(self) -> None:
        """End the package with the SHA-256 of all that is before it, as the zip's comment."""
        self._zip.comment = bytes(SEAL_BYTES)
        self._zip.close()
        left = self._target.seek(0, 2) - SEAL_BYTES
        digest = hashlib.sha256()
        self._target.seek(0)
        while left:
            chunk = self._target.read(min(CHUNK, left))
            digest.update(chunk)
            left -= len(chunk)
        self._target.seek(-SEAL_BYTES, 2)
        self._target.write(digest.hexdigest().encode())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
