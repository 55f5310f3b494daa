"""A compressed log on a machine without room for its text."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from audit_console.sources.archive.text import RandomAccess
from tests.support.chains import v1_chain, v1_lines
from tests.support.places import text_of

READ_WITHOUT_ROOM = """
import resource, sys
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive import open_archive

source = open_archive([sys.argv[1]], keep=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    list(source.batches())
except SourceUnreadable as error:
    print(error, "|", error.hint, "|", source.status.stopped)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_it_is_said_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl.gz"
    path.write_bytes(gzip.compress(text_of(v1_lines(v1_chain(40)))))
    ended = subprocess.run(
        [sys.executable, "-c", READ_WITHOUT_ROOM, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == (
        f"{path}: no room to unpack it: File too large | "
        "set TMPDIR to a folder with more room, or unpack the file yourself | True\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
def test_what_was_not_written_of_a_copy_is_no_error_when_it_is_given_back() -> None:
    with Path("/dev/full").open("r+b") as full:
        copy = RandomAccess(full)
        copy.append(b"held in a buffer")
        copy.close()
