"""Compressed archives: read like plain ones, and no worse than their damage."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from audit_console.core.findings import Code, Verdict
from audit_console.errors import NotAnAuditLog
from audit_console.sources.archive import text
from tests.support import zstandard
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED, every
from tests.support.judging import judge_archive, judge_one_by_one, verify_archive
from tests.support.places import text_of

pytestmark = UNMEASURED  # what reads files reads containers

LINES = v1_lines(v1_chain(400))
TEXT = text_of(LINES)

LINES_IN_A_BLOCK = 300
"""More lines than the 128 KiB of text that Zstandard gives whole or not at all."""

Pack = Callable[[bytes], bytes]
PACKS: dict[str, Pack] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "zst": zstandard.compress,
}


@pytest.fixture(params=PACKS)
def suffix(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def pack(suffix: str) -> Pack:
    return PACKS[suffix]


@pytest.fixture
def path(tmp_path: Path, suffix: str) -> Path:
    return tmp_path / f"audit.jsonl.{suffix}"


def test_it_reads_as_its_text_does(path: Path, pack: Pack) -> None:
    path.write_bytes(pack(TEXT))
    assert judge_archive(path) == judge_one_by_one(LINES)


def test_several_members_are_one_text(path: Path, pack: Pack) -> None:
    parts = (TEXT[:1000], TEXT[1000:50_000], b"", TEXT[50_000:])
    path.write_bytes(b"".join(map(pack, parts)))
    assert judge_archive(path) == judge_one_by_one(LINES)


def test_the_name_does_not_matter(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(pack(TEXT))
    assert judge_archive(path) == judge_one_by_one(LINES)


@pytest.mark.parametrize("part", [0.25, 0.5, 0.9, 0.999])
def test_what_stands_before_a_cut_is_read(path: Path, pack: Pack, part: float) -> None:
    lines = v1_lines(v1_chain(2_000))
    stored = pack(text_of(lines))
    path.write_bytes(stored[: int(len(stored) * part)])
    verification = verify_archive(path)
    assert verification.verdict is Verdict.FAIL
    assert verification.counts == {Code.MALFORMED: 1, Code.NO_CHECKPOINT: 1}
    assert verification.verified > len(lines) * part - LINES_IN_A_BLOCK
    (bad,) = [one for one in verification.findings if one.code is Code.MALFORMED]
    assert bad.line == verification.verified + 1
    assert "damaged or cut" in bad.message


def test_a_flipped_byte_is_no_crash_and_never_pass(path: Path, pack: Pack) -> None:
    stored = pack(TEXT[:20_000])
    for at in every(197, 0, len(stored)):
        path.write_bytes(stored[:at] + bytes([stored[at] ^ 0x10]) + stored[at + 1 :])
        try:
            verification = verify_archive(path)
        except NotAnAuditLog:
            continue
        assert verification.verdict is not Verdict.PASS
        assert verification.verified <= len(LINES)


def test_garbage_behind_it_is_a_bad_line(path: Path, pack: Pack) -> None:
    path.write_bytes(pack(TEXT) + b"garbage")
    verification = verify_archive(path)
    assert verification.counts == {Code.MALFORMED: 1, Code.NO_CHECKPOINT: 1}
    assert verification.verified == len(LINES)


def test_the_stored_file_is_hashed_to_its_end_whatever_is_wrong_with_it(
    path: Path, pack: Pack
) -> None:
    for stored in (pack(TEXT), pack(TEXT)[:-500], pack(TEXT) + b"garbage" * 10**5, TEXT):
        path.write_bytes(stored)
        verification = verify_archive(path)
        (file,) = verification.status.files
        assert file.sha256 == hashlib.sha256(stored).hexdigest()
        assert verification.status.bytes_read == verification.status.bytes_total == len(stored)


def test_nothing_readable_is_no_audit_log(path: Path, pack: Pack) -> None:
    path.write_bytes(pack(TEXT)[:15])
    with pytest.raises(NotAnAuditLog) as caught:
        verify_archive(path)
    assert caught.value.hint


@pytest.mark.parametrize("filling", ["\\n", "x"])
def test_a_bomb_is_given_up_in_bounded_memory(tmp_path: Path, filling: str) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb") as bomb:
        bomb.write(LINES[0] + b"\n")
        chunk = filling.encode().decode("unicode_escape").encode() * (1 << 20)
        for _ in range(256):
            bomb.write(chunk)
    program = """
import resource, sys
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive, text
text.RATIO_FREE_BYTES = 24 << 20
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = open_archive([sys.argv[1]], keep=False)
verification = verify(source)
source.close()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 1024, *sorted(verification.counts), verification.verified)
"""
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    megabytes, *told = run.stdout.split()
    assert told == ["NO_CHECKPOINT", "OVERSIZE", "1"]
    assert int(megabytes) < 500


def test_the_text_of_a_compressed_file_is_bounded_whatever_its_size(
    path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(pack(TEXT))
    monkeypatch.setattr(text, "MAX_TEXT_BYTES", 2_500)
    with path.open("rb") as stored, closing(text.TextReader(stored, path.name)) as reader:
        assert reader.read(1_000) + reader.read(1_000) == TEXT[:2_000]
        with pytest.raises(text.BrokenContainer) as caught:
            reader.read(1_000)
    assert caught.value.code is Code.OVERSIZE
