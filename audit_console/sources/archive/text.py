"""The text of an archive file: read once from front to back, and again at any place."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader, RawIOBase
from threading import Lock
from typing import IO

from polars.exceptions import PanicException, PolarsError

from audit_console.core.findings import Code
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive.digest import Digest
from audit_console.sources.archive.parquet import MAGIC, ParquetText

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_RATIO = 200
"""How many times its stored size a compressed file may grow before it is given up as a bomb."""
RATIO_FREE_BYTES = 64 << 20
"""Bytes of text up to which the ratio is not looked at."""
MAX_TEXT_BYTES = 1 << 40
"""Bytes of text that a compressed file may hold, whatever its own size."""
_DRAIN_BYTES = 1 << 20

_DAMAGE = (
    *(EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError),
    *(PolarsError, PanicException),  # of Parquet
)

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
        """Give back the file; what a full disk did not take of a copy is missed by nobody."""
        with suppress(OSError):
            self._file.close()


Unpacked = gzip.GzipFile | zstd.ZstdFile | ParquetText


class TextReader:
    """Reads the text of a file from front to back, unpacking it where needed."""

    def __init__(self, stored: BufferedReader, name: str) -> None:
        self._name = name
        self._stored = _Counted(stored)
        self._text = _unpacked(stored, self._stored)
        self._given = 0
        self._damage: BrokenContainer | None = None

    @property
    def compressed(self) -> bool:
        """Whether the text differs from the stored bytes."""
        return self._text is not None

    @property
    def stored_bytes(self) -> int:
        """Bytes of the stored file consumed so far."""
        return self._stored.count

    def hash_stored(self) -> Callable[[], str]:
        """Hash the stored bytes; give what reads on to their end and tells the SHA-256, in hex."""
        digest = self._stored.digest = Digest()

        def sha256_to_the_end() -> str:
            while self._read_stored(_DRAIN_BYTES):
                pass
            return digest.hexdigest()

        return sha256_to_the_end

    def read(self, size: int) -> bytes:
        """Read `size` bytes of text, fewer before the end or damage; empty at the end.

        Raises:
            BrokenContainer: the compressed data is damaged, cut or a bomb from here on.
            SourceUnreadable: the file cannot be read further.
        """
        data = b"".join(self._pieces(self._text, size)) if self._text else self._read_stored(size)
        if not data and self._damage is not None:
            raise self._damage
        self._given += len(data)
        if self._text is not None:
            self._require_bounded()
        return data

    def _require_bounded(self) -> None:
        if self._given > RATIO_FREE_BYTES and self._given > MAX_RATIO * self.stored_bytes:
            reason = f"the text is over {MAX_RATIO} times the size of the file"
            raise BrokenContainer(reason, Code.OVERSIZE)
        if self._given > MAX_TEXT_BYTES:
            reason = f"the text is over {MAX_TEXT_BYTES:,} bytes"
            raise BrokenContainer(reason, Code.OVERSIZE)

    def _pieces(self, text: Unpacked, size: int) -> Iterator[bytes]:
        """Decompress piece by piece, so that what stands before damage is not lost with it."""
        while size > 0 and self._damage is None:
            try:
                piece = text.read1(size)
            except _DAMAGE as error:
                reason = f"the compressed data is damaged or cut: {error}"
                self._damage = BrokenContainer(reason, Code.MALFORMED)
                return
            except OSError as error:
                raise self._unreadable(error) from error
            if not piece:
                return
            size -= len(piece)
            yield piece

    def _read_stored(self, size: int) -> bytes:
        try:
            return self._stored.read(size)
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> SourceUnreadable:
        return SourceUnreadable(f"{self._name}: cannot read on: {error.strerror}")

    def close(self) -> None:
        """Give back the file."""
        if self._text is not None:
            self._text.close()
        self._stored.close()


class _Counted(RawIOBase):
    """Counts, and where asked hashes, the bytes that are read through it."""

    def __init__(self, stored: BufferedReader) -> None:
        self._file = stored
        self.count = 0
        self.digest: Digest | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        if self.digest is not None:
            self.digest.update(data)
        return data

    def close(self) -> None:
        if self.digest is not None:
            self.digest.close()
        self._file.close()
        super().close()


def is_packed(start: bytes) -> bool:
    """Tell by the first four bytes of a file whether its text differs from what is stored."""
    return start.startswith((_GZIP, _ZSTD, MAGIC))


def _unpacked(file: BufferedReader, stored: _Counted) -> Unpacked | None:
    magic = file.peek(4)[:4]
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=stored)
    if magic.startswith(_ZSTD):
        return zstd.ZstdFile(stored)
    if magic == MAGIC:
        return ParquetText(file, stored)
    return None
