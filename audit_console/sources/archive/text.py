"""The text of an archive file: read once from front to back, and again at any place."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Callable
from io import BufferedIOBase, BufferedReader, RawIOBase
from threading import Lock
from typing import IO

from audit_console.core.findings import Code
from audit_console.errors import SourceUnreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_RATIO = 200
"""How many times its stored size a compressed file may grow before it is given up as a bomb."""
RATIO_FREE_BYTES = 64 << 20
"""Bytes of text up to which the ratio is not looked at."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class BrokenContainer(Exception):
    """A compressed file ends early, is damaged or grows beyond all bounds."""

    def __init__(self, reason: str, code: Code) -> None:
        super().__init__(reason)
        self.code = code


class RandomAccess:
    """Bytes at any place of a file, from any thread."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = Lock()

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            self._file.write(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read `length` bytes from `offset`, fewer at the end of the file."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def close(self) -> None:
        """Give back the file."""
        self._file.close()


class TextReader:
    """Reads the text of a file from front to back, decompressing it where needed."""

    def __init__(self, stored: BufferedReader, name: str) -> None:
        self._name = name
        self._stored = _Counted(stored)
        self._text = _text(stored.peek(4)[:4], self._stored)
        self._given = 0

    @property
    def compressed(self) -> bool:
        """Whether the text differs from the stored bytes."""
        return self._text is not self._stored

    @property
    def stored_bytes(self) -> int:
        """Bytes of the stored file consumed so far."""
        return self._stored.count

    def hash_stored(self) -> Callable[[], str]:
        """Hash the stored bytes from now on; give what tells the SHA-256 so far, in hex."""
        self._stored.digest = hashlib.sha256()
        return self._stored.digest.hexdigest

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes of text; empty at the end.

        Raises:
            BrokenContainer: the compressed data is damaged, cut or a bomb.
            SourceUnreadable: the file cannot be read further.
        """
        try:
            data = self._text.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
            reason = f"the compressed data is damaged or cut: {error}"
            raise BrokenContainer(reason, Code.MALFORMED) from error
        except OSError as error:
            raise SourceUnreadable(f"{self._name}: cannot read on: {error.strerror}") from error
        self._given += len(data)
        if self._given > RATIO_FREE_BYTES and self._given > MAX_RATIO * self.stored_bytes:
            reason = f"the text is over {MAX_RATIO} times the size of the file"
            raise BrokenContainer(reason, Code.OVERSIZE)
        return data

    def close(self) -> None:
        """Give back the file."""
        self._text.close()
        self._stored.close()


class _Counted(RawIOBase):
    """Counts, and where asked hashes, the bytes that are read through it."""

    def __init__(self, stored: BufferedReader) -> None:
        self._file = stored
        self.count = 0
        self.digest: hashlib._Hash | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        if self.digest is not None:
            self.digest.update(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _text(magic: bytes, stored: _Counted) -> RawIOBase | BufferedIOBase:
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=stored)
    if magic.startswith(_ZSTD):
        return zstd.ZstdFile(stored)
    return stored
