"""Files that are no log yet: what they are, and what makes a log of them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Foreign(NamedTuple):
    """What a file is instead of a log, and what to do."""

    what: str
    hint: str


_ONE_OBJECT_PER_LINE = "open a log of one JSON object per line"
_STARTS = {
    b"\xfd7zXZ\x00": Foreign("packed with xz", "unpack it first: xz -dk FILE"),
    b"BZh": Foreign("packed with bzip2", "unpack it first: bzip2 -dk FILE"),
    b"\x04\x22\x4d\x18": Foreign("packed with lz4", "unpack it first: lz4 -d FILE"),
    b"7z\xbc\xaf\x27\x1c": Foreign("a 7z archive", "unpack it first, and open the log in it"),
    b"\xff\xfe": Foreign("text in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE"),
    b"\xfe\xff": Foreign("text in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE"),
}
_ZIP_MAGIC, _TAR_MAGIC = b"PK\x03\x04", b"ustar"
_ZIP = Foreign("a ZIP archive", "unpack it first, and open the log in it")
_TAR = Foreign("a tar archive", "unpack it first, and open the logs in it")
_HEADER_BYTES = 257 + len(_TAR_MAGIC)
_BINARY = Foreign(
    "a binary file", f"{_ONE_OBJECT_PER_LINE}, as .jsonl, .log, .gz, .zst or .parquet"
)

_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:\{|\]|$)")
_PRETTY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*$")


def archive(start: bytes) -> Foreign | None:
    """Tell whether a file is an archive, in which lines of a log may stand as they are.

    A header of either kind holds zero bytes, and no line of JSON does: text of an event
    cannot make an archive of a log.
    """
    header = start[:_HEADER_BYTES]
    if b"\x00" not in header:
        return None
    if header.startswith(_ZIP_MAGIC):
        return _ZIP
    return _TAR if header.endswith(_TAR_MAGIC) else None


def without_event(start: bytes) -> Foreign | None:
    """Tell what a file is that begins like this and without an event, if it is no text."""
    found = next((found for magic, found in _STARTS.items() if start.startswith(magic)), None)
    return found or (_BINARY if b"\x00" in start else None)


def hint_for(line: bytes) -> str:
    """Say what to do with text without an event, by its first line."""
    if _ARRAY.match(line):
        return f"{_ONE_OBJECT_PER_LINE}; of an array make one with jq -c '.[]' FILE"
    if _PRETTY.match(line):
        return f"{_ONE_OBJECT_PER_LINE}; of indented JSON make one with jq -c . FILE"
    return f"{_ONE_OBJECT_PER_LINE} with the fields of an audit event"
