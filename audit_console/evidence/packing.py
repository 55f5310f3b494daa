"""A zip file whose bytes follow from its contents alone, sealed with its own SHA-256."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: list[PackedFile] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> PackedFile:
        """Pack a file."""
        digest, length = hashlib.sha256(), 0
        with self._archive.open(_entry(name), "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                file.write(chunk)
        packed = PackedFile(name, length, digest.hexdigest())
        self.files.append(packed)
        return packed


@contextmanager
def packing(target: BinaryIO) -> Iterator[Packer]:
    """Write a package, and end it with the SHA-256 of all that is before it.

    The hash is the comment of the zip file, which is at its end.

    Args:
        target: an empty file, open to write and to read.
    """
    with zipfile.ZipFile(target, "w") as archive:
        archive.comment = bytes(SEAL_BYTES)
        yield Packer(archive)
    left = target.seek(0, os.SEEK_END) - SEAL_BYTES
    digest = hashlib.sha256()
    target.seek(0)
    while left:
        chunk = target.read(min(CHUNK, left))
        digest.update(chunk)
        left -= len(chunk)
    target.seek(-SEAL_BYTES, os.SEEK_END)
    target.write(digest.hexdigest().encode())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
